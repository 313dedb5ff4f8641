#include "trap/camera.hpp"

#include <fmt/format.h>

#include <vector>

namespace ounce::trap {
namespace {

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool is_dcim(std::string_view name) {
    constexpr std::string_view kDcim = "DCIM";
    if (name.size() != kDcim.size()) return false;
    for (std::size_t i = 0; i < kDcim.size(); ++i)
        if (upper(name[i]) != kDcim[i]) return false;
    return true;
}

/// A folder as cameras make inside DCIM (DCF 2.0 section 3.2.2): 100 to 999 and five letters.
bool is_card_folder(std::string_view name) {
    if (name.size() != 8 || name[0] < '1' || name[0] > '9') return false;
    for (std::size_t i = 1; i < 8; ++i) {
        bool const number = name[i] >= '0' && name[i] <= '9';
        bool const letter = (upper(name[i]) >= 'A' && upper(name[i]) <= 'Z') || name[i] == '_';
        if (i < 3 ? !number : !(number || letter)) return false;
    }
    return true;
}

std::string folder_of_camera(std::string_view path) {
    std::vector<std::string_view> folders;
    for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
        folders.push_back(path.substr(0, slash));
        path.remove_prefix(slash + 1);
    }
    std::string above;
    for (auto const folder : folders) {
        if (is_dcim(folder)) return above;
        above += (above.empty() ? "" : "/") + std::string(folder);
    }
    if (folders.empty() || is_card_folder(folders.front())) return "";
    return std::string(folders.front());
}

std::string joined(std::string_view make, std::string_view model, std::string_view serial) {
    // Many makers repeat themselves: make "RECONYX", model "RECONYX HC500".
    std::string name(model.starts_with(make) ? "" : make);
    for (auto const part : {model, serial})
        if (!part.empty()) name += (name.empty() ? "" : " ") + std::string(part);
    return name;
}

}  // namespace

CameraIdentity identify_camera(std::string_view relative_path, vision::Exif const& exif,
                               std::string_view root_name) {
    if (!exif.serial.empty())
        return {fmt::format("serial\x1f{}\x1f{}\x1f{}", exif.make, exif.model, exif.serial),
                joined(exif.make, exif.model, exif.serial), true};
    auto const folder = folder_of_camera(relative_path);
    return {"folder\x1f" + folder, folder.empty() ? std::string(root_name) : folder, false};
}

}  // namespace ounce::trap
