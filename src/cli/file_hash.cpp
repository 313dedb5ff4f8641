#include "cli/file_hash.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/bytes.hpp"
#include "crypto/sha256.hpp"

namespace ounce::cli {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

}  // namespace

Result<HashedFile> hash_file(std::filesystem::path const& path) {
    std::error_code error;
    auto const status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) return fail(Code::NotFound, "{}: is not there", path.string());
    if (!std::filesystem::is_regular_file(status))
        return fail(Code::InvalidArgument, "{}: is no regular file", path.string());
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Code::PermissionDenied, "{}: cannot be opened", path.string());
    HashedFile hashed;
    crypto::Sha256Stream stream;
    std::string piece(kPieceBytes, '\0');
    while (file) {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        auto const got = static_cast<std::size_t>(file.gcount());
        stream.add(as_bytes(std::string_view(piece).substr(0, got)));
        hashed.bytes += got;
    }
    if (file.bad()) return fail(Code::DataLoss, "{}: cannot be read to its end", path.string());
    hashed.sha256 = to_hex(stream.finish());
    return hashed;
}

}  // namespace ounce::cli
