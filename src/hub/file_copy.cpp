#include "hub/file_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "crypto/sha256.hpp"

namespace ounce::hub {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

/// Reads `file` to its end; what each piece is for is said by `take`.
template <class Take>
Status read_pieces(std::filesystem::path const& file, std::stop_token const& stop, Take take) {
    Descriptor const descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!descriptor.valid()) return system_failure(file, "open", errno);
    Bytes buffer(kPieceBytes);
    for (;;) {
        if (stop.stop_requested()) return fail(Code::Cancelled, "stopped");
        auto const count = ::read(descriptor.number(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(file, "read", errno);
        if (count == 0) return {};
        TRY_STATUS(take(ByteView(buffer).first(static_cast<std::size_t>(count))));
    }
}

Status write_all(Descriptor const& file, std::filesystem::path const& path, ByteView bytes) {
    while (!bytes.empty()) {
        auto const count = ::write(file.number(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(path, "write", errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

}  // namespace

Result<std::string> digest_of(std::filesystem::path const& file, std::stop_token const& stop) {
    crypto::Sha256Stream digest;
    TRY_STATUS(read_pieces(file, stop, [&](ByteView piece) {
        digest.add(piece);
        return Status();
    }));
    return to_hex(digest.finish());
}

Result<std::string> copy_file(std::filesystem::path const& from, std::filesystem::path const& to,
                              std::stop_token const& stop) {
    Descriptor const copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!copy.valid()) return system_failure(to, "create", errno);
    crypto::Sha256Stream digest;
    TRY_STATUS(read_pieces(from, stop, [&](ByteView piece) {
        digest.add(piece);
        return write_all(copy, to, piece);
    }));
    if (::fsync(copy.number()) != 0) return system_failure(to, "sync", errno);
    return to_hex(digest.finish());
}

}  // namespace ounce::hub
