#include "hub/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "base/file.hpp"

namespace ounce::hub {
namespace {

/// The process id that the holder of a lock wrote into it, in words; nothing if it cannot be read.
std::string holder_of(int file) {
    std::array<char, 16> text{};
    auto const count = ::pread(file, text.data(), text.size(), 0);
    std::string digits(text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count)));
    digits.resize(std::min(digits.size(), digits.find_first_not_of("0123456789")));
    return digits.empty() ? "" : fmt::format(" (process {})", digits);
}

}  // namespace

DataFolder::DataFolder(std::filesystem::path const& root) {
    std::error_code error;
    root_ = std::filesystem::absolute(root, error).lexically_normal();
    if (error) root_ = root;
    if (!root_.has_filename()) root_ = root_.parent_path();  // "data/" is "data"
}

std::filesystem::path DataFolder::database(std::string_view name) const {
    return root_ / fmt::format("{}.db", name);
}

Status make_private_folder(std::filesystem::path const& path) {
    if (path.has_parent_path()) TRY_STATUS(make_folder(path.parent_path()));
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return make_folder(path);
    return system_failure(path, "make the folder", errno);
}

Status make_empty_folder(std::filesystem::path const& path) {
    TRY_STATUS(make_private_folder(path));
    std::error_code error;
    for (auto const& entry : std::filesystem::directory_iterator(path, error)) {
        std::filesystem::remove_all(entry.path(), error);
        if (error) return system_failure(entry.path(), "remove", error.value());
    }
    if (error) return system_failure(path, "list", error.value());
    return {};
}

Result<FolderLock> FolderLock::take(std::filesystem::path const& path) {
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) return system_failure(path, "open", errno);
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return system_failure(path, "lock", errno);
        return fail(Code::Unavailable, "{}: another ounce-hub{} works on this folder; stop it first",
                    path.parent_path().string(), holder_of(file.number()));
    }
    auto const own = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file.number(), 0) != 0 || ::pwrite(file.number(), own.data(), own.size(), 0) < 0)
        return system_failure(path, "write", errno);
    return FolderLock(std::move(file));
}

Result<FolderLock> FolderLock::wait_for(std::filesystem::path const& folder) {
    Descriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file.valid()) return system_failure(folder, "open", errno);
    while (::flock(file.number(), LOCK_EX) != 0)
        if (errno != EINTR) return system_failure(folder, "lock", errno);
    return FolderLock(std::move(file));
}

}  // namespace ounce::hub
