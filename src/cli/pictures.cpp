#include "cli/pictures.hpp"

#include <algorithm>
#include <array>
#include <string>

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

Result<std::vector<fs::path>> pictures_below(fs::path const& folder) {
    std::vector<fs::path> found;
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(folder, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (entry->path().filename().string().starts_with('.')) {
            entry.disable_recursion_pending();
            continue;
        }
        std::error_code unknown;  // a file that goes meanwhile is no file
        if (entry->is_regular_file(unknown) && is_picture_name(entry->path())) found.push_back(entry->path());
    }
    if (error)
        return fail(Code::PermissionDenied, "{}: cannot be walked: {}", folder.string(), error.message());
    std::sort(found.begin(), found.end());
    return found;
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
        TRY(auto const below, pictures_below(path));
        if (below.empty())
            return fail(Code::NotFound, "{}: no pictures there (.jpg .jpeg .png .bmp .gif .webp)",
                        path.string());
        found.insert(found.end(), below.begin(), below.end());
    }
    return found;
}

}  // namespace ounce::cli
