#include "cli/files_below.hpp"

#include <algorithm>
#include <system_error>

namespace ounce::cli {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> files_below(fs::path const& folder,
                                          std::function<bool(fs::path const&)> const& wanted) {
    std::vector<fs::path> found;
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(folder, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (entry->path().filename().string().starts_with('.')) {
            entry.disable_recursion_pending();
            continue;
        }
        std::error_code unknown;  // a file that goes meanwhile is no file
        if (entry->is_regular_file(unknown) && wanted(entry->path())) found.push_back(entry->path());
    }
    if (error)
        return fail(Code::PermissionDenied, "{}: cannot be walked: {}", folder.string(), error.message());
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace ounce::cli
