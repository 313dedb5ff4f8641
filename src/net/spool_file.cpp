#include "net/spool_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace ounce::net {
namespace {

tl::unexpected<Error> disk_failed(std::filesystem::path const& folder) {
    int const why = errno;
    if (why == ENOSPC || why == EDQUOT)
        return fail(Code::ResourceExhausted, "the hub's disk is full: nothing was stored");
    return fail(Code::Unavailable, "{}: {}", folder.string(), std::generic_category().message(why));
}

}  // namespace

Result<SpoolFile> SpoolFile::create(std::filesystem::path const& folder) {
    std::string name = (folder / "body-XXXXXX").string();
    int const file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file < 0) return disk_failed(folder);
    return SpoolFile(file, name);
}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      path_(std::exchange(other.path_, {})),
      size_(std::exchange(other.size_, 0)) {}

SpoolFile::~SpoolFile() {
    if (file_ >= 0) ::close(file_);
    if (!path_.empty()) ::unlink(path_.c_str());
}

Status SpoolFile::append(ByteView bytes) {
    while (!bytes.empty()) {
        auto const written = ::write(file_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return disk_failed(path_.parent_path());
        size_ += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

SpooledBody SpoolFile::finish() {
    ::close(std::exchange(file_, -1));
    return {std::exchange(path_, {}), size_};
}

Result<FileReader> FileReader::open(FileBody const& body) {
    int const file = ::open(body.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return fail(Code::NotFound, "{}: {}", body.path.string(), std::generic_category().message(errno));
    FileReader reader(file, body.offset, 0);
    struct stat facts{};
    if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))
        return fail(Code::NotFound, "{}: not a regular file", body.path.string());
    auto const size = static_cast<std::uint64_t>(facts.st_size);
    auto const rest = size - std::min(size, body.offset);
    reader.left_ = body.length.value_or(rest);
    if (body.offset > size || reader.left_ > rest)
        return fail(Code::DataLoss, "{}: has {} bytes, too few for {} at {}", body.path.string(), size,
                    reader.left_, body.offset);
    return reader;
}

FileReader::FileReader(FileReader&& other) noexcept
    : file_(std::exchange(other.file_, -1)), offset_(other.offset_), left_(other.left_) {}

FileReader::~FileReader() {
    if (file_ >= 0) ::close(file_);
}

Result<std::string> FileReader::read(std::size_t bytes_max) {
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, left_)), '\0');
    std::size_t filled = 0;
    while (filled < piece.size()) {
        auto const got = ::pread(file_, piece.data() + filled, piece.size() - filled,
                                 static_cast<off_t>(offset_ + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return fail(Code::DataLoss, "a file ended {} bytes early while it was sent", left_ - filled);
        filled += static_cast<std::size_t>(got);
    }
    offset_ += filled;
    left_ -= filled;
    return piece;
}

}  // namespace ounce::net
