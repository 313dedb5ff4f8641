#include "trap/picture_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.hpp"

namespace ounce::trap {
namespace {

/// EXIF must lie in the first 64 KiB segment of a JPEG; a few others may come before it.
constexpr std::size_t kStartBytes = std::size_t{192} << 10;

}  // namespace

Result<Bytes> read_start(std::filesystem::path const& path, std::size_t bytes_max) {
    // Not blocking: what was a file during the walk may be a pipe by now.
    int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0) {
        auto const code = errno == ENOENT   ? Code::NotFound
                          : errno == EACCES ? Code::PermissionDenied
                                            : Code::DataLoss;
        return fail(code, "{}", std::strerror(errno));
    }
    struct stat info{};
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
        ::close(file);
        return fail(Code::InvalidArgument, "not a regular file");
    }
    Bytes bytes(std::min(bytes_max, static_cast<std::size_t>(info.st_size)));
    std::size_t have = 0;
    while (have < bytes.size()) {
        auto const got = ::read(file, bytes.data() + have, bytes.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            auto const number = errno;
            ::close(file);
            return fail(Code::DataLoss, "{}", std::strerror(number));
        }
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    ::close(file);
    bytes.resize(have);
    return bytes;
}

Result<PictureHead> read_head(std::filesystem::path const& folder, std::string const& relative_path,
                              std::int64_t modified_ms) {
    TRY(auto bytes, read_start(folder / relative_path, kStartBytes));
    bool whole = bytes.size() < kStartBytes;
    auto header = vision::read_header(bytes);
    bool const may_lie_behind = !header || header->format != vision::Format::Jpeg;
    PictureHead head;
    if (header) head.exif = vision::read_exif(bytes);
    if (!whole && may_lie_behind && !head.exif.taken) {
        TRY(bytes, read_file(folder / relative_path, kPictureBytesMax));
        header = vision::read_header(bytes);
        if (header) head.exif = vision::read_exif(bytes);
    }
    if (!header) return fail(std::move(header).error());
    head.format = header->format;
    auto const slash = relative_path.rfind('/');
    auto const name = std::string_view(relative_path).substr(slash == std::string::npos ? 0 : slash + 1);
    if (head.exif.taken) {
        head.time = *head.exif.taken;
        head.time_source = TimeSource::Exif;
    } else if (auto const named = find_time_in_name(name)) {
        head.time = *named;
        head.time_source = TimeSource::FileName;
    } else {
        head.time = from_ms(modified_ms);
        head.time_source = TimeSource::FileTime;
    }
    return head;
}

}  // namespace ounce::trap
