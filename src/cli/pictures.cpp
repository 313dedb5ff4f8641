#include "cli/pictures.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "cli/files_below.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

bool is_picture_name(fs::path const& path) {
    static constexpr std::array<std::string_view, 6> kEndings{".jpg", ".jpeg", ".png",
                                                              ".bmp", ".gif",  ".webp"};
    auto ending = path.extension().string();
    for (auto& c : ending)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

}  // namespace

Result<std::vector<fs::path>> find_pictures(std::vector<fs::path> const& list) {
    std::vector<fs::path> found;
    for (auto const& path : list) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            found.push_back(path);
            continue;
        }
        TRY(auto const below, files_below(path, is_picture_name));
        if (below.empty())
            return fail(Code::NotFound, "{}: no pictures there (.jpg .jpeg .png .bmp .gif .webp)",
                        path.string());
        found.insert(found.end(), below.begin(), below.end());
    }
    return found;
}

}  // namespace ounce::cli
