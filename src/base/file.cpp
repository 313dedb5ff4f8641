#include "base/file.hpp"

#include "base/descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace ounce {
namespace {

Code code_of(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            return Code::NotFound;
        case EACCES:
        case EPERM:
        case EROFS:
            return Code::PermissionDenied;
        case ENOSPC:
        case EDQUOT:
        case EMFILE:
        case ENFILE:
            return Code::ResourceExhausted;
        case EISDIR:
        case ENAMETOOLONG:
        case ELOOP:
            return Code::InvalidArgument;
        case EEXIST:
            return Code::AlreadyExists;
        default:
            return Code::DataLoss;
    }
}

/// 0, or errno.
int write_all(int descriptor, ByteView content) {
    std::size_t done = 0;
    while (done < content.size()) {
        auto const count = ::write(descriptor, content.data() + done, content.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        done += static_cast<std::size_t>(count);
    }
    return 0;
}

}  // namespace

tl::unexpected<Error> system_failure(std::filesystem::path const& path, char const* doing, int error) {
    return fail(code_of(error), "{}: cannot {}: {}", path.string(), doing,
                std::generic_category().message(error));
}

Status sync_folder(std::filesystem::path const& folder) {
    Descriptor const descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.valid()) return system_failure(folder, "open", errno);
    if (::fsync(descriptor.number()) != 0 && errno != EINVAL) return system_failure(folder, "sync", errno);
    return {};
}

Result<Bytes> read_file(std::filesystem::path const& path, std::uint64_t bytes_max) {
    // O_NONBLOCK: opening a FIFO that nobody writes must not hang; fstat then refuses it.
    Descriptor const descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!descriptor.valid()) return system_failure(path, "open", errno);
    struct stat status{};
    if (::fstat(descriptor.number(), &status) != 0) return system_failure(path, "read", errno);
    if (!S_ISREG(status.st_mode)) return fail(Code::InvalidArgument, "{}: not a regular file", path.string());
    auto const size = static_cast<std::uint64_t>(status.st_size);
    if (size > bytes_max)
        return fail(Code::ResourceExhausted, "{}: {} bytes, more than the {} that are read at most",
                    path.string(), size, bytes_max);
    Bytes content(size);
    std::size_t done = 0;
    while (done < content.size()) {
        auto const count = ::read(descriptor.number(), content.data() + done, content.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(path, "read", errno);
        if (count == 0) break;  // shorter than it said: someone truncated it meanwhile
        done += static_cast<std::size_t>(count);
    }
    content.resize(done);
    return content;
}

namespace {

/// The process's umask, asked for once: asking sets it for a moment, and another thread may be making a file.
mode_t file_mask() {
    static mode_t const mask = [] {
        auto const found = ::umask(0);
        ::umask(found);
        return found;
    }();
    return mask;
}

/// Replaces `path` by a new file of `mode` less the umask.
Status replace_file(std::filesystem::path const& path, ByteView content, mode_t mode) {
    auto const folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    auto pattern = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
    {
        Descriptor const descriptor(::mkostemp(pattern.data(), O_CLOEXEC));
        if (!descriptor.valid()) return system_failure(path, "create", errno);
        auto const give_up = [&](char const* doing, int error) {
            ::unlink(pattern.c_str());
            return system_failure(path, doing, error);
        };
        if (auto const error = write_all(descriptor.number(), content); error != 0)
            return give_up("write", error);
        if (::fchmod(descriptor.number(), mode & ~file_mask()) != 0) return give_up("set the mode of", errno);
        if (::fsync(descriptor.number()) != 0) return give_up("sync", errno);
    }
    if (::rename(pattern.c_str(), path.c_str()) != 0) {
        auto const error = errno;
        ::unlink(pattern.c_str());
        return system_failure(path, "replace", error);
    }
    return sync_folder(folder);
}

}  // namespace

Status write_file(std::filesystem::path const& path, ByteView content) {
    return replace_file(path, content, 0666);
}

Status write_private_file(std::filesystem::path const& path, ByteView content) {
    return replace_file(path, content, 0600);
}

Status create_private_file(std::filesystem::path const& path, ByteView content) {
    auto const folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    {
        Descriptor const descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!descriptor.valid()) return system_failure(path, "create", errno);
        auto error = write_all(descriptor.number(), content);
        if (error == 0 && ::fsync(descriptor.number()) != 0) error = errno;
        if (error != 0) {
            ::unlink(path.c_str());
            return system_failure(path, "write", error);
        }
    }
    return sync_folder(folder);
}

Status make_folder(std::filesystem::path const& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return system_failure(path, "make the folder", error.value());
    return {};
}

Result<TemporaryFolder> TemporaryFolder::create() {
    std::error_code error;
    auto const base = std::filesystem::temp_directory_path(error);
    if (error)
        return fail(Code::Unavailable, "no folder for temporary files: {}; set TMPDIR", error.message());
    auto pattern = (base / "ounce-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return system_failure(base, "make a folder in", errno);
    return TemporaryFolder(pattern);
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
}

TemporaryFolder::~TemporaryFolder() {
    if (path_.empty()) return;
    std::error_code ignored;  // nothing to be done about it in a destructor
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace ounce
