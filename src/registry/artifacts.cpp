#include "registry/artifacts.hpp"

#include <fcntl.h>

#include <map>
#include <system_error>

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "crypto/sha256.hpp"

namespace ounce::registry {
namespace {

using store::Database;

constexpr std::size_t kSweepBatch = 500;
constexpr std::size_t kNameBytesMax = 256;  // of an origin, a container, a block

Status check_name(std::string_view name, std::string_view what) {
    TRY_STATUS(check_model_path(name));
    if (name.size() <= kNameBytesMax && name.find('/') == std::string_view::npos) return {};
    return fail(Code::InvalidArgument, "a {} is one name of at most {} bytes", what, kNameBytesMax);
}

Status check_place(ArtifactPlace const& place) {
    TRY_STATUS(check_name(place.origin, "origin"));
    TRY_STATUS(check_name(place.container, "container"));
    return check_model_path(place.path);
}

void discard(std::filesystem::path const& file) {
    std::error_code ignored;  // the sweep finds what stays
    std::filesystem::remove(file, ignored);
}

struct Block {
    std::string file;
    std::uint64_t size = 0;
};

Result<std::map<std::string, Block>> load_blocks(Database& database, ArtifactPlace const& place) {
    TRY(auto rows,
        database.query("SELECT name, file, size FROM block WHERE origin = ? AND container = ? AND path = ?",
                       place.origin, place.container, place.path));
    std::map<std::string, Block> blocks;
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) return blocks;
        blocks.emplace(rows.text(0), Block{rows.text(1), static_cast<std::uint64_t>(rows.integer(2))});
    }
}

/// Of a list of blocks, so that the same list is known again.
std::string digest_of(std::vector<std::string> const& names) {
    std::string text;
    for (auto const& name : names) text += fmt::format("{}:{}", name.size(), name);
    return crypto::sha256_hex(as_bytes(text));
}

Status append_file(store::BlobWriter& writer, std::filesystem::path const& path) {
    Descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return system_failure(path, "open", errno);
    Bytes buffer(1 << 18);
    for (;;) {
        auto const count = ::read(file.number(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(path, "read", errno);
        if (count == 0) return {};
        TRY_STATUS(writer.write(ByteView(buffer).first(static_cast<std::size_t>(count))));
    }
}

Status insert_artifact(Database& database, store::BlobStore const& blobs, ArtifactPlace const& place,
                       Blob const& blob, std::string_view blocks, Time now) {
    TRY(auto const waiting, database.count("SELECT count(*) FROM artifact"));
    if (waiting >= static_cast<std::int64_t>(kArtifactsMax))
        return fail(Code::ResourceExhausted,
                    "{} files wait to be registered already; those of yesterday go away by themselves",
                    waiting);
    TRY_STATUS(keep_blob(database, blobs, blob));
    // Not an upsert: the triggers count rows that come and go.
    TRY_STATUS(database.run("DELETE FROM artifact WHERE origin = ? AND container = ? AND path = ?",
                            place.origin, place.container, place.path));
    return database.run(
        "INSERT INTO artifact(origin, container, path, digest, added_us, blocks) VALUES(?, ?, ?, ?, ?, ?)",
        place.origin, place.container, place.path, blob.digest, to_microseconds(now), blocks);
}

Result<std::vector<std::string>> take_texts(store::Statement statement) {
    std::vector<std::string> texts;
    for (;;) {
        TRY(auto const row, statement.step());
        if (!row) return texts;
        texts.push_back(statement.text(0));
    }
}

}  // namespace

Status Artifacts::keep(ArtifactPlace const& place, Blob const& blob, std::string_view blocks) const {
    TRY_STATUS(storage_->ledger().run([&](Database& database) {
        return insert_artifact(database, storage_->blobs(), place, blob, blocks, storage_->now());
    }));
    return storage_->collect_garbage();
}

Result<Blob> Artifacts::put(ArtifactPlace const& place, std::filesystem::path const& file) const {
    if (auto const good = check_place(place); !good) {
        discard(file);
        return fail(good.error());
    }
    TRY(auto blob, storage_->take(file));
    TRY_STATUS(keep(place, blob, ""));
    return blob;
}

Status Artifacts::put_block(ArtifactPlace const& place, std::string_view name,
                            std::filesystem::path const& file) const {
    auto const take = [&]() -> Result<Block> {
        TRY_STATUS(check_place(place));
        if (name.empty() || name.size() > kNameBytesMax)
            return fail(Code::InvalidArgument, "a block's id has 1 to {} bytes", kNameBytesMax);
        Descriptor const open_file(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (!open_file.valid()) return system_failure(file, "open", errno);
        if (::fdatasync(open_file.number()) != 0) return system_failure(file, "sync", errno);
        std::error_code error;
        Block block{.file = {}, .size = std::filesystem::file_size(file, error)};
        if (error) return system_failure(file, "measure", error.value());
        TRY(block.file, Storage::make_id());
        std::filesystem::rename(file, storage_->uploads() / block.file, error);
        if (error) return system_failure(file, "move", error.value());
        return block;
    };
    auto const block = take();
    if (!block) {
        discard(file);
        return fail(block.error());
    }
    auto const replaced = storage_->ledger().run([&](Database& database) -> Result<std::vector<std::string>> {
        TRY(auto const count,
            database.count("SELECT count(*) FROM block WHERE origin = ? AND container = ? AND path = ?",
                           place.origin, place.container, place.path));
        if (count >= static_cast<std::int64_t>(kBlocksMax))
            return fail(Code::ResourceExhausted, "a file has at most {} blocks", kBlocksMax);
        TRY(auto statement,
            database.query("DELETE FROM block WHERE origin = ? AND container = ? AND path = ? AND name = ?"
                           " RETURNING file",
                           place.origin, place.container, place.path, name));
        TRY(auto files, take_texts(std::move(statement)));
        TRY_STATUS(
            database.run("INSERT INTO block(file, origin, container, path, name, size, added_us) VALUES(?, "
                         "?, ?, ?, ?, ?, ?)",
                         block->file, place.origin, place.container, place.path, name, block->size,
                         to_microseconds(storage_->now())));
        return files;
    });
    if (!replaced) {
        discard(storage_->uploads() / block->file);
        return fail(replaced.error());
    }
    for (auto const& old : *replaced) discard(storage_->uploads() / old);
    return {};
}

Result<Blob> Artifacts::join_blocks(ArtifactPlace const& place, std::vector<std::string> const& names) const {
    TRY_STATUS(check_place(place));
    auto joined = join(place, names);
    if (joined || joined.error().code != Code::InvalidArgument) return joined;
    // Asked again, because the answer was lost or took too long: the blocks are used up.
    return storage_->ledger().run([&](Database& database) -> Result<Blob> {
        TRY(auto row, database.query("SELECT digest FROM artifact WHERE origin = ? AND container = ?"
                                     " AND path = ? AND blocks = ?",
                                     place.origin, place.container, place.path, digest_of(names)));
        TRY(auto const there, row.step());
        if (!there) return fail(joined.error());
        return get_blob(database, row.text(0));
    });
}

Result<Blob> Artifacts::join(ArtifactPlace const& place, std::vector<std::string> const& names) const {
    TRY(auto const blocks,
        storage_->ledger().run([&](Database& database) { return load_blocks(database, place); }));
    TRY(auto writer, storage_->blobs().create(kFileBytesMax));
    for (auto const& name : names) {
        auto const found = blocks.find(name);
        if (found == blocks.end())
            return fail_as(Code::InvalidArgument, "InvalidBlockList",
                           "a block of the list has not come: '{}'", name);
        auto const before = writer.size();
        auto const read = append_file(writer, storage_->uploads() / found->second.file);
        if (!read && read.error().code != Code::NotFound) return fail(read.error());
        if (writer.size() - before != found->second.size)
            return fail_as(Code::InvalidArgument, "InvalidBlockList",
                           "the block '{}' was lost; send it again", name);
    }
    auto const size = writer.size();
    TRY(auto digest, writer.finish());
    Blob blob{.digest = std::move(digest), .size = size};
    TRY_STATUS(keep(place, blob, digest_of(names)));
    TRY(auto const files, storage_->ledger().run([&](Database& database) -> Result<std::vector<std::string>> {
        TRY(auto statement, database.query("DELETE FROM block WHERE origin = ? AND container = ? AND path = ?"
                                           " RETURNING file",
                                           place.origin, place.container, place.path));
        return take_texts(std::move(statement));
    }));
    for (auto const& file : files) discard(storage_->uploads() / file);
    return blob;
}

Result<Blob> Artifacts::get(ArtifactPlace const& place) const {
    return storage_->ledger().run([&](Database& database) -> Result<Blob> {
        TRY(auto row,
            database.query("SELECT digest FROM artifact WHERE origin = ? AND container = ? AND path = ?",
                           place.origin, place.container, place.path));
        TRY(auto const there, row.step());
        if (!there)
            return fail_as(Code::NotFound, "BlobNotFound", "there is no file '{}/{}/{}'", place.origin,
                           place.container, place.path);
        return get_blob(database, row.text(0));
    });
}

Result<std::vector<Artifact>> Artifacts::list(ArtifactPlace const& place) const {
    auto folder = place.path;
    while (folder.ends_with('/')) folder.pop_back();
    return storage_->ledger().run([&](Database& database) -> Result<std::vector<Artifact>> {
        // '0' follows '/': the range is everything inside the folder, and nothing of "folder2".
        TRY(auto rows, database.query("SELECT path, digest, size FROM artifact JOIN blob USING(digest)"
                                      " WHERE origin = ?1 AND container = ?2 AND (?3 = '' OR path = ?3"
                                      " OR (path > ?3 || '/' AND path < ?3 || '0')) ORDER BY path LIMIT ?4",
                                      place.origin, place.container, folder, kModelFilesMax + 1));
        std::vector<Artifact> artifacts;
        for (;;) {
            TRY(auto const row, rows.step());
            if (!row) return artifacts;
            artifacts.push_back(
                {.path = rows.text(0),
                 .blob = {.digest = rows.text(1), .size = static_cast<std::uint64_t>(rows.integer(2))}});
        }
    });
}

Status Artifacts::remove(ArtifactPlace const& place) const {
    TRY_STATUS(storage_->ledger().run([&](Database& database) -> Status {
        return database.run("DELETE FROM artifact WHERE origin = ? AND container = ? AND path = ?",
                            place.origin, place.container, place.path);
    }));
    return storage_->collect_garbage();
}

Status Artifacts::rename(ArtifactPlace const& place, std::string_view path) const {
    TRY_STATUS(check_model_path(path));
    TRY_STATUS(storage_->ledger().run([&](Database& database) -> Status {
        TRY_STATUS(database.run("DELETE FROM artifact WHERE origin = ? AND container = ? AND path = ?",
                                place.origin, place.container, path));
        TRY_STATUS(
            database.run("UPDATE artifact SET path = ? WHERE origin = ? AND container = ? AND path = ?", path,
                         place.origin, place.container, place.path));
        if (database.changes() == 0) return fail(Code::NotFound, "there is no file '{}'", place.path);
        return {};
    }));
    return storage_->collect_garbage();
}

Result<Asset> Artifacts::add_asset(std::string name, ArtifactPlace prefix) const {
    while (prefix.path.ends_with('/')) prefix.path.pop_back();
    TRY_STATUS(check_place(prefix));
    if (name.size() > kModelTextBytesMax)
        return fail(Code::ResourceExhausted, "the asset's name is too long");
    TRY(auto id, Storage::make_id());
    Asset asset{.id = std::move(id),
                .name = std::move(name),
                .origin = std::move(prefix.origin),
                .container = std::move(prefix.container),
                .prefix = std::move(prefix.path)};
    TRY_STATUS(storage_->ledger().run([&](Database& database) -> Status {
        TRY(auto const count, database.count("SELECT count(*) FROM asset"));
        if (count >= static_cast<std::int64_t>(kAssetsMax))
            return fail(Code::ResourceExhausted,
                        "{} assets wait to be registered already; those of yesterday go away by themselves",
                        count);
        return database.run(
            "INSERT INTO asset(id, name, origin, container, prefix, added_us) VALUES(?, ?, ?, ?, ?, ?)",
            asset.id, asset.name, asset.origin, asset.container, asset.prefix,
            to_microseconds(storage_->now()));
    }));
    return asset;
}

Result<Asset> Artifacts::get_asset(std::string_view id) const {
    return storage_->ledger().run([&](Database& database) -> Result<Asset> {
        TRY(auto row,
            database.query("SELECT id, name, origin, container, prefix FROM asset WHERE id = ?", id));
        TRY(auto const there, row.step());
        if (!there)
            return fail_as(Code::NotFound, "AssetNotFound", "there is no asset '{}'; a new upload makes one",
                           id);
        return Asset{.id = row.text(0),
                     .name = row.text(1),
                     .origin = row.text(2),
                     .container = row.text(3),
                     .prefix = row.text(4)};
    });
}

Result<std::size_t> Artifacts::sweep(Time before) const {
    std::size_t total = 0;
    for (;;) {
        TRY(auto const files,
            storage_->ledger().run([&](Database& database) -> Result<std::vector<std::string>> {
                auto const time = to_microseconds(before);
                TRY_STATUS(database.run("DELETE FROM asset WHERE added_us < ?", time));
                TRY(auto statement,
                    database.query("DELETE FROM block WHERE file IN"
                                   " (SELECT file FROM block WHERE added_us < ? LIMIT ?) RETURNING file",
                                   time, kSweepBatch));
                return take_texts(std::move(statement));
            }));
        for (auto const& file : files) discard(storage_->uploads() / file);
        TRY(auto const gone, storage_->ledger().run([&](Database& database) -> Result<std::int64_t> {
            TRY_STATUS(
                database.run("DELETE FROM artifact WHERE (origin, container, path) IN"
                             " (SELECT origin, container, path FROM artifact WHERE added_us < ? LIMIT ?)",
                             to_microseconds(before), kSweepBatch));
            return database.changes();
        }));
        total += files.size() + static_cast<std::size_t>(gone);
        if (files.size() < kSweepBatch && gone < static_cast<std::int64_t>(kSweepBatch)) return total;
    }
}

ModelFiles model_files_of(std::string_view prefix, std::vector<Artifact> const& artifacts) {
    auto const slash = prefix.rfind('/');
    auto const last = slash == std::string_view::npos ? prefix : prefix.substr(slash + 1);
    ModelFiles model;
    for (auto const& artifact : artifacts) {
        auto const alone = artifact.path == prefix;
        if (!alone) model.root = std::string(last);
        model.files.push_back({.path = alone ? std::string(last) : artifact.path.substr(prefix.size() + 1),
                               .digest = artifact.blob.digest,
                               .size = artifact.blob.size});
    }
    return model;
}

}  // namespace ounce::registry
