#include "registry/uploads.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "registry/manifest.hpp"

namespace ounce::registry {
namespace {

using store::Database;

constexpr std::size_t kSweepBatch = 500;

void discard(std::filesystem::path const& file) {
    std::error_code ignored;  // the sweep finds what stays
    std::filesystem::remove(file, ignored);
}

tl::unexpected<Error> unknown_upload() {
    return fail_as(Code::NotFound, "BLOB_UPLOAD_UNKNOWN",
                   "there is no such upload here, or no more: start a new one");
}

/// The claim on an upload: whoever has it is the only one to write to its file.
Result<Upload> claim(Database& database, std::string_view repository, std::string_view id, Time now) {
    TRY(auto row,
        database.query("SELECT offset, busy FROM upload WHERE id = ? AND repository = ?", id, repository));
    TRY(auto const there, row.step());
    if (!there) return unknown_upload();
    if (row.integer(1) != 0)
        return fail_as(Code::Aborted, "BLOB_UPLOAD_INVALID", "another piece of this upload is being written");
    Upload upload{.id = std::string(id), .offset = static_cast<std::uint64_t>(row.integer(0))};
    TRY_STATUS(
        database.run("UPDATE upload SET busy = 1, touched_us = ? WHERE id = ?", to_microseconds(now), id));
    return upload;
}

/// Copies all of `from` to `to` from `offset` on, and syncs. What a failed attempt left behind there is
/// written over. Returns the bytes copied.
Result<std::uint64_t> append_file(std::filesystem::path const& from, std::filesystem::path const& to,
                                  std::uint64_t offset) {
    Descriptor const source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source.valid()) return system_failure(from, "open", errno);
    Descriptor const target(::open(to.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!target.valid()) return system_failure(to, "open", errno);
    std::uint64_t copied = 0;
    Bytes buffer(1 << 18);
    for (;;) {
        auto const count = ::read(source.number(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(from, "read", errno);
        if (count == 0) break;
        for (ByteView rest = ByteView(buffer).first(static_cast<std::size_t>(count)); !rest.empty();) {
            auto const written =
                ::pwrite(target.number(), rest.data(), rest.size(), static_cast<off_t>(offset + copied));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return system_failure(to, "write", errno);
            copied += static_cast<std::uint64_t>(written);
            rest = rest.subspan(static_cast<std::size_t>(written));
        }
    }
    if (::fdatasync(target.number()) != 0) return system_failure(to, "sync", errno);
    return copied;
}

/// Makes `piece` the beginning of the upload without copying it.
Result<std::uint64_t> begin_file(std::filesystem::path const& piece, std::filesystem::path const& to) {
    {
        Descriptor const file(::open(piece.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file.valid()) return system_failure(piece, "open", errno);
        if (::fdatasync(file.number()) != 0) return system_failure(piece, "sync", errno);
    }
    std::error_code error;
    auto const size = std::filesystem::file_size(piece, error);
    if (error) return system_failure(piece, "measure", error.value());
    std::filesystem::rename(piece, to, error);
    if (error) return system_failure(piece, "move", error.value());
    TRY_STATUS(sync_folder(to.parent_path()));
    return size;
}

}  // namespace

Result<Upload> Uploads::start(std::string_view repository) const {
    TRY_STATUS(check_repository(repository));
    TRY(auto id, Storage::make_id());
    return storage_->ledger().run([&](Database& database) -> Result<Upload> {
        TRY(auto const open, database.count("SELECT count(*) FROM upload"));
        if (open >= static_cast<std::int64_t>(kUploadsMax))
            return fail_as(Code::ResourceExhausted, "TOOMANYREQUESTS",
                           "{} uploads are open already; those of yesterday go away by themselves", open);
        TRY_STATUS(database.run("INSERT INTO upload(id, repository, touched_us) VALUES(?, ?, ?)", id,
                                repository, to_microseconds(storage_->now())));
        return Upload{.id = id, .offset = 0};
    });
}

Result<Upload> Uploads::get(std::string_view repository, std::string_view id) const {
    return storage_->ledger().run([&](Database& database) -> Result<Upload> {
        TRY(auto row,
            database.query("SELECT offset FROM upload WHERE id = ? AND repository = ?", id, repository));
        TRY(auto const there, row.step());
        if (!there) return unknown_upload();
        return Upload{.id = std::string(id), .offset = static_cast<std::uint64_t>(row.integer(0))};
    });
}

Status Uploads::release(std::string_view id, std::uint64_t offset) const {
    return storage_->ledger().run([&](Database& database) -> Status {
        return database.run("UPDATE upload SET busy = 0, offset = ? WHERE id = ?", offset, id);
    });
}

Result<Upload> Uploads::append(std::string_view repository, std::string_view id,
                               std::optional<std::uint64_t> first, std::filesystem::path const& piece) const {
    auto const claimed = storage_->ledger().run(
        [&](Database& database) { return claim(database, repository, id, storage_->now()); });
    if (!claimed) {
        discard(piece);
        return claimed;
    }
    auto const write = [&]() -> Result<std::uint64_t> {
        if (first && *first != claimed->offset)
            return fail_as(Code::FailedPrecondition, "BLOB_UPLOAD_INVALID",
                           "the next byte of this upload is {}, not {}", claimed->offset, *first);
        std::error_code error;
        auto const size = std::filesystem::file_size(piece, error);
        if (error) return system_failure(piece, "measure", error.value());
        if (size > kFileBytesMax - claimed->offset)
            return fail_as(Code::ResourceExhausted, "SIZE_INVALID", "a layer has at most {} bytes",
                           kFileBytesMax);
        auto const target = storage_->uploads() / claimed->id;
        if (claimed->offset == 0) return begin_file(piece, target);
        return append_file(piece, target, claimed->offset);
    };
    auto const written = write();
    discard(piece);
    TRY_STATUS(release(id, claimed->offset + (written ? *written : 0)));
    if (!written) return fail(written.error());
    return Upload{.id = claimed->id, .offset = claimed->offset + *written};
}

Result<Blob> Uploads::settle(std::string_view repository, std::string_view id, Blob blob,
                             std::string_view hex) const {
    auto const right = blob.digest == hex;
    TRY_STATUS(storage_->ledger().run([&](Database& database) -> Status {
        TRY_STATUS(database.run("DELETE FROM upload WHERE id = ?", id));
        if (!right) {
            TRY_STATUS(remove_strays(database, storage_->blobs(), {&blob.digest, 1}));
            return {};
        }
        TRY_STATUS(keep_blob(database, storage_->blobs(), blob));
        return database.run(
            "INSERT INTO repository_blob(repository, digest, added_us) VALUES(?, ?, ?)"
            " ON CONFLICT DO UPDATE SET added_us = excluded.added_us",
            repository, blob.digest, to_microseconds(storage_->now()));
    }));
    if (!right)
        return fail_as(Code::InvalidArgument, "DIGEST_INVALID",
                       "what came has the digest {}: it was damaged on its way, send it again",
                       to_digest(blob.digest));
    return blob;
}

Result<Blob> Uploads::finish(std::string_view repository, std::string_view id, std::string_view hex) const {
    TRY(auto const upload, storage_->ledger().run([&](Database& database) {
        return claim(database, repository, id, storage_->now());
    }));
    auto const take = [&]() -> Result<Blob> {
        auto const file = storage_->uploads() / upload.id;
        {
            Descriptor const open_file(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
            if (!open_file.valid()) return system_failure(file, "open", errno);
            if (::ftruncate(open_file.number(), static_cast<off_t>(upload.offset)) != 0)
                return system_failure(file, "cut", errno);
        }
        return storage_->take(file);
    };
    auto blob = take();
    if (!blob) {
        // Its bytes may be gone with the attempt: the sender starts anew.
        static_cast<void>(cancel(repository, id));
        return fail(std::move(blob).error());
    }
    auto settled = settle(repository, id, std::move(*blob), hex);
    // Kept, it would answer that it is busy: its bytes are a blob already, or gone.
    if (!settled) static_cast<void>(cancel(repository, id));
    return settled;
}

Result<Blob> Uploads::put(std::string_view repository, std::filesystem::path const& file,
                          std::string_view hex) const {
    if (auto const good = check_repository(repository); !good) {
        discard(file);
        return fail(good.error());
    }
    TRY(auto blob, storage_->take(file));
    return settle(repository, "", std::move(blob), hex);
}

Status Uploads::cancel(std::string_view repository, std::string_view id) const {
    TRY_STATUS(storage_->ledger().run([&](Database& database) -> Status {
        TRY_STATUS(database.run("DELETE FROM upload WHERE id = ? AND repository = ?", id, repository));
        if (database.changes() == 0) return unknown_upload();
        return {};
    }));
    discard(storage_->uploads() / id);
    return {};
}

Result<std::size_t> Uploads::sweep(Time before) const {
    std::size_t total = 0;
    for (;;) {
        TRY(auto const ids,
            storage_->ledger().run([&](Database& database) -> Result<std::vector<std::string>> {
                TRY(auto rows, database.query("DELETE FROM upload WHERE id IN (SELECT id FROM upload"
                                              " WHERE touched_us < ? LIMIT ?) RETURNING id",
                                              to_microseconds(before), kSweepBatch));
                std::vector<std::string> gone;
                for (;;) {
                    TRY(auto const row, rows.step());
                    if (!row) return gone;
                    gone.push_back(rows.text(0));
                }
            }));
        for (auto const& id : ids) discard(storage_->uploads() / id);
        total += ids.size();
        if (ids.size() < kSweepBatch) return total;
    }
}

}  // namespace ounce::registry
