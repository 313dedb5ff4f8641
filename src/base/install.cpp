#include "base/install.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace ounce {
namespace {

namespace fs = std::filesystem;

fs::path environment_path(char const* name) {
    char const* const value = std::getenv(name);
    return value == nullptr ? fs::path() : fs::path(value);
}

}  // namespace

Result<fs::path> find_shared_file(fs::path const& name) {
    std::vector<fs::path> places;
    if (auto const set = environment_path("OUNCE_SHARE"); !set.empty()) places.push_back(set);
    std::error_code error;
    if (auto const program = fs::read_symlink("/proc/self/exe", error); !error)
        places.push_back(program.parent_path().parent_path() / "share" / "ounce");
    places.emplace_back("/usr/local/share/ounce");
    places.emplace_back("/usr/share/ounce");
    std::string looked;
    for (auto const& place : places) {
        if (auto path = place / name; fs::exists(path, error)) return path;
        looked += (looked.empty() ? "" : ", ") + place.string();
    }
    return fail(Code::NotFound, "{} is not installed (looked in {}); run 'make', or set OUNCE_SHARE",
                name.string(), looked);
}

fs::path cache_folder() {
    if (auto set = environment_path("OUNCE_CACHE"); !set.empty()) return set;
    if (auto const set = environment_path("XDG_CACHE_HOME"); !set.empty()) return set / "ounce";
    if (auto const home = environment_path("HOME"); !home.empty()) return home / ".cache" / "ounce";
    std::error_code error;
    return fs::temp_directory_path(error) / "ounce-cache";
}

}  // namespace ounce
