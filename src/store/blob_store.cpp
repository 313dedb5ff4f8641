#include "store/blob_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "crypto/sha256.hpp"

namespace ounce::store {
namespace {

std::filesystem::path place_of(std::filesystem::path const& folder, std::string_view digest) {
    return folder / digest.substr(0, 2) / digest;
}

/// Gives the synced file at `from` its name. A blob that is there already is the same blob.
Status settle(std::filesystem::path const& from, std::filesystem::path const& folder,
              std::string const& digest) {
    auto const place = place_of(folder, digest);
    TRY_STATUS(make_folder(place.parent_path()));
    if (::rename(from.c_str(), place.c_str()) != 0) return system_failure(place, "name", errno);
    TRY_STATUS(sync_folder(place.parent_path()));
    return sync_folder(folder);
}

}  // namespace

struct BlobWriter::State {
    std::filesystem::path path;
    std::filesystem::path folder;
    Descriptor file;
    crypto::Sha256Stream digest;
    std::uint64_t size = 0;
    std::uint64_t bytes_max = 0;

    State(std::filesystem::path tmp_path, std::filesystem::path blobs, Descriptor descriptor,
          std::uint64_t max)
        : path(std::move(tmp_path)), folder(std::move(blobs)), file(std::move(descriptor)), bytes_max(max) {}
    State(State const&) = delete;
    State& operator=(State const&) = delete;
    ~State() {
        if (!path.empty()) ::unlink(path.c_str());
    }
};

BlobWriter::BlobWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlobWriter::BlobWriter(BlobWriter&&) noexcept = default;
BlobWriter& BlobWriter::operator=(BlobWriter&&) noexcept = default;
BlobWriter::~BlobWriter() = default;

std::uint64_t BlobWriter::size() const {
    return state_->size;
}
std::filesystem::path const& BlobWriter::path() const {
    return state_->path;
}

Status BlobWriter::write(ByteView bytes) {
    if (bytes.size() > state_->bytes_max - state_->size)
        return fail(Code::ResourceExhausted, "more than the {} bytes that are taken at most",
                    state_->bytes_max);
    state_->digest.add(bytes);
    state_->size += bytes.size();
    while (!bytes.empty()) {
        auto const count = ::write(state_->file.number(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(state_->path, "write", errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<std::string> BlobWriter::finish() {
    if (::fsync(state_->file.number()) != 0) return system_failure(state_->path, "sync", errno);
    auto digest = to_hex(state_->digest.finish());
    TRY_STATUS(settle(state_->path, state_->folder, digest));
    state_->path.clear();
    return digest;
}

Result<BlobStore> BlobStore::open(std::filesystem::path const& folder) {
    auto const tmp = folder / "tmp";
    TRY_STATUS(make_folder(tmp));
    std::error_code error;
    for (auto const& left : std::filesystem::directory_iterator(tmp, error))
        std::filesystem::remove_all(left.path(), error);
    if (error) return system_failure(tmp, "clear", error.value());
    return BlobStore(folder, tmp);
}

Result<BlobWriter> BlobStore::create(std::uint64_t bytes_max) const {
    auto pattern = (tmp_ / "blob.XXXXXX").string();
    Descriptor file(::mkostemp(pattern.data(), O_CLOEXEC));
    if (!file.valid()) return system_failure(tmp_, "create a file in", errno);
    return BlobWriter(std::make_unique<BlobWriter::State>(pattern, folder_, std::move(file), bytes_max));
}

Result<std::string> BlobStore::put(ByteView bytes) const {
    TRY(auto writer, create(bytes.size()));
    TRY_STATUS(writer.write(bytes));
    return writer.finish();
}

Result<std::string> BlobStore::adopt(std::filesystem::path const& file) const {
    Descriptor const descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!descriptor.valid()) return system_failure(file, "open", errno);
    crypto::Sha256Stream stream;
    Bytes buffer(1 << 18);
    for (;;) {
        auto const count = ::read(descriptor.number(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(file, "read", errno);
        if (count == 0) break;
        stream.add(ByteView(buffer).first(static_cast<std::size_t>(count)));
    }
    if (::fsync(descriptor.number()) != 0) return system_failure(file, "sync", errno);
    auto digest = to_hex(stream.finish());
    TRY_STATUS(settle(file, folder_, digest));
    return digest;
}

Result<std::filesystem::path> BlobStore::find(std::string_view digest) const {
    if (!is_hex(digest, 64)) return fail(Code::InvalidArgument, "a blob's name is 64 hexadecimal digits");
    auto place = place_of(folder_, digest);
    if (::access(place.c_str(), F_OK) != 0) return fail(Code::NotFound, "there is no blob {}", digest);
    return place;
}

Result<Bytes> BlobStore::read(std::string_view digest, std::uint64_t bytes_max) const {
    TRY(auto const place, find(digest));
    return read_file(place, bytes_max);
}

Status BlobStore::remove(std::string_view digest) const {
    if (!is_hex(digest, 64)) return fail(Code::InvalidArgument, "a blob's name is 64 hexadecimal digits");
    auto const place = place_of(folder_, digest);
    if (::unlink(place.c_str()) != 0 && errno != ENOENT) return system_failure(place, "remove", errno);
    return {};
}

}  // namespace ounce::store
