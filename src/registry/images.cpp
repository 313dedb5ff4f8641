#include "registry/images.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "crypto/sha256.hpp"

namespace ounce::registry {
namespace {

using store::Database;

constexpr std::size_t kPageMax = 1'000;
constexpr std::size_t kSweepBatch = 500;
constexpr std::chrono::hours kLookKeepsFresh{1};  // no need to write down each look

tl::unexpected<Error> unknown_blob(std::string_view hex) {
    return fail_as(Code::NotFound, "BLOB_UNKNOWN", "there is no blob {} in this repository", to_digest(hex));
}
tl::unexpected<Error> unknown_manifest(std::string_view reference) {
    return fail_as(Code::NotFound, "MANIFEST_UNKNOWN", "there is no manifest '{}' in this repository",
                   reference);
}

bool is_digest(std::string_view reference) {
    return reference.find(':') != std::string_view::npos;
}

/// The row of the manifest that a tag or a digest names.
Result<std::int64_t> find_manifest(Database& database, std::string_view repository,
                                   std::string_view reference) {
    std::int64_t row = 0;
    if (is_digest(reference)) {
        TRY(auto const hex, parse_digest(reference));
        TRY(row,
            database.count("SELECT id FROM manifest WHERE repository = ? AND digest = ?", repository, hex));
    } else {
        TRY(row, database.count("SELECT manifest FROM image_tag WHERE repository = ? AND name = ?",
                                repository, reference));
    }
    if (row == 0) return unknown_manifest(reference);
    return row;
}

Status check_part(Database& database, std::string_view repository, ManifestPart const& part) {
    if (!part.needed) return {};
    if (part.manifest) {
        TRY(auto const there,
            database.count("SELECT count(*) FROM manifest WHERE repository = ? AND digest = ?", repository,
                           part.digest));
        if (there) return {};
    }
    TRY(auto row, database.query("SELECT size FROM repository_blob JOIN blob USING(digest)"
                                 " WHERE repository = ? AND digest = ?",
                                 repository, part.digest));
    TRY(auto const there, row.step());
    if (there && static_cast<std::uint64_t>(row.integer(0)) == part.size) return {};
    if (there)
        return fail_as(Code::InvalidArgument, "SIZE_INVALID", "the blob {} has {} bytes, not {}",
                       to_digest(part.digest), row.integer(0), part.size);
    return fail_as(Code::NotFound, "MANIFEST_BLOB_UNKNOWN",
                   "the manifest names {}, which is not in this repository: push it first",
                   to_digest(part.digest));
}

Status check_room(Database& database, std::string_view table, std::string_view repository, std::size_t most) {
    TRY(auto const count,
        database.count(fmt::format("SELECT count(*) FROM {} WHERE repository = ?", table), repository));
    if (count < static_cast<std::int64_t>(most)) return {};
    return fail_as(Code::ResourceExhausted, "DENIED", "this repository is full: {} entries", count);
}

Result<std::int64_t> insert_manifest(Database& database, std::string_view repository, std::string const& hex,
                                     Manifest const& manifest, ByteView content, Time now) {
    TRY(auto const same,
        database.count("SELECT id FROM manifest WHERE repository = ? AND digest = ?", repository, hex));
    if (same) return same;
    TRY_STATUS(check_room(database, "manifest", repository, kManifestsMax));
    TRY_STATUS(database.run(
        "INSERT INTO manifest(repository, digest, media_type, content, subject, artifact_type, annotations,"
        " added_us) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        repository, hex, manifest.media_type, Bytes(content.begin(), content.end()), manifest.subject,
        manifest.artifact_type, dump_json(manifest.annotations), to_microseconds(now)));
    auto const row = database.last_id();
    std::set<std::string_view> once;
    for (auto const& part : manifest.parts)
        if (once.insert(part.digest).second)
            TRY_STATUS(
                database.run("INSERT INTO manifest_part(manifest, digest) VALUES(?, ?)", row, part.digest));
    return row;
}

Result<std::vector<std::string>> read_names(store::Statement statement) {
    std::vector<std::string> names;
    for (;;) {
        TRY(auto const row, statement.step());
        if (!row) return names;
        names.push_back(statement.text(0));
    }
}

Status insert_blob(Database& database, store::BlobStore const& blobs, std::string_view repository,
                   Blob const& blob, Time now) {
    TRY_STATUS(keep_blob(database, blobs, blob));
    return database.run(
        "INSERT INTO repository_blob(repository, digest, added_us) VALUES(?, ?, ?)"
        " ON CONFLICT DO UPDATE SET added_us = excluded.added_us",
        repository, blob.digest, to_microseconds(now));
}

constexpr std::string_view kUnnamed =
    "NOT EXISTS(SELECT 1 FROM manifest JOIN manifest_part ON manifest_part.manifest = manifest.id"
    " WHERE manifest.repository = repository_blob.repository"
    " AND manifest_part.digest = repository_blob.digest)";

}  // namespace

Result<Blob> Images::get_blob(std::string_view repository, std::string_view hex) const {
    TRY_STATUS(check_repository(repository));
    return storage_->ledger().run([&](Database& database) -> Result<Blob> {
        Blob blob{.digest = std::string(hex), .size = 0};
        std::int64_t added = 0;
        {
            TRY(auto row, database.query("SELECT size, added_us FROM repository_blob JOIN blob USING(digest)"
                                         " WHERE repository = ? AND digest = ?",
                                         repository, hex));
            TRY(auto const there, row.step());
            if (!there) return unknown_blob(hex);
            blob.size = static_cast<std::uint64_t>(row.integer(0));
            added = row.integer(1);
        }
        if (from_microseconds(added) + kLookKeepsFresh < storage_->now())
            TRY_STATUS(database.run(
                fmt::format(
                    "UPDATE repository_blob SET added_us = ? WHERE repository = ? AND digest = ? AND {}",
                    kUnnamed),
                to_microseconds(storage_->now()), repository, hex));
        return blob;
    });
}

Result<Blob> Images::mount(std::string_view repository, std::string_view from, std::string_view hex) const {
    TRY_STATUS(check_repository(repository));
    return storage_->ledger().run([&](Database& database) -> Result<Blob> {
        TRY(auto row, database.query("SELECT size FROM repository_blob JOIN blob USING(digest)"
                                     " WHERE digest = ?1 AND (?2 = '' OR repository = ?2) LIMIT 1",
                                     hex, from));
        TRY(auto const there, row.step());
        if (!there) return unknown_blob(hex);
        Blob blob{.digest = std::string(hex), .size = static_cast<std::uint64_t>(row.integer(0))};
        TRY_STATUS(insert_blob(database, storage_->blobs(), repository, blob, storage_->now()));
        return blob;
    });
}

Status Images::remove_blob(std::string_view repository, std::string_view hex) const {
    TRY_STATUS(storage_->ledger().run([&](Database& database) -> Status {
        TRY(auto const there, database.count("SELECT count(*) FROM repository_blob WHERE repository = ?"
                                             " AND digest = ?",
                                             repository, hex));
        if (!there) return unknown_blob(hex);
        TRY_STATUS(database.run(
            fmt::format("DELETE FROM repository_blob WHERE repository = ? AND digest = ? AND {}", kUnnamed),
            repository, hex));
        if (database.changes() == 0)
            return fail_as(Code::FailedPrecondition, "DENIED",
                           "a manifest names the blob: delete that first");
        return {};
    }));
    return storage_->collect_garbage();
}

Result<StoredManifest> Images::get_manifest(std::string_view repository, std::string_view reference) const {
    TRY_STATUS(check_repository(repository));
    return storage_->ledger().run([&](Database& database) -> Result<StoredManifest> {
        TRY(auto const id, find_manifest(database, repository, reference));
        TRY(auto row, database.query("SELECT digest, media_type, content FROM manifest WHERE id = ?", id));
        TRY(auto const there, row.step());
        if (!there) return unknown_manifest(reference);
        return StoredManifest{.digest = row.text(0), .media_type = row.text(1), .content = row.bytes(2)};
    });
}

Result<Images::Put> Images::put_manifest(std::string_view repository, std::string_view reference,
                                         std::string_view media_type, ByteView content) const {
    TRY_STATUS(check_repository(repository));
    auto const hex = crypto::sha256_hex(content);
    if (is_digest(reference)) {
        TRY(auto const wanted, parse_digest(reference));
        if (wanted != hex)
            return fail_as(Code::InvalidArgument, "DIGEST_INVALID", "the manifest's digest is {}",
                           to_digest(hex));
    } else {
        TRY_STATUS(check_tag(reference));
    }
    TRY(auto const manifest, parse_manifest(media_type, content));
    TRY_STATUS(storage_->ledger().run([&](Database& database) -> Status {
        for (auto const& part : manifest.parts) TRY_STATUS(check_part(database, repository, part));
        TRY(auto const row, insert_manifest(database, repository, hex, manifest, content, storage_->now()));
        if (is_digest(reference)) return {};
        TRY_STATUS(check_room(database, "image_tag", repository, kTagsMax));
        return database.run(
            "INSERT INTO image_tag(repository, name, manifest) VALUES(?, ?, ?)"
            " ON CONFLICT DO UPDATE SET manifest = excluded.manifest",
            repository, reference, row);
    }));
    return Put{.digest = hex, .subject = manifest.subject};
}

Status Images::remove_manifest(std::string_view repository, std::string_view reference) const {
    TRY_STATUS(check_repository(repository));
    return storage_->ledger().run([&](Database& database) -> Status {
        TRY(auto const row, find_manifest(database, repository, reference));
        if (!is_digest(reference))
            return database.run("DELETE FROM image_tag WHERE repository = ? AND name = ?", repository,
                                reference);
        TRY(auto const hex, parse_digest(reference));
        TRY(auto const whole, database.count("SELECT count(*) FROM manifest_part JOIN manifest"
                                             " ON manifest.id = manifest_part.manifest"
                                             " WHERE manifest_part.digest = ? AND manifest.repository = ?",
                                             hex, repository));
        if (whole)
            return fail_as(Code::FailedPrecondition, "DENIED",
                           "the manifest is a part of an index: delete that first");
        return database.run("DELETE FROM manifest WHERE id = ?", row);
    });
}

Result<std::vector<std::string>> Images::tags(std::string_view repository, std::string_view last,
                                              std::size_t count) const {
    TRY_STATUS(check_repository(repository));
    return storage_->ledger().run([&](Database& database) -> Result<std::vector<std::string>> {
        TRY(auto const there, database.count("SELECT count(*) FROM (SELECT 1 FROM manifest"
                                             " WHERE repository = ? LIMIT 1)",
                                             repository));
        if (!there) return fail_as(Code::NotFound, "NAME_UNKNOWN", "there is no repository '{}'", repository);
        TRY(auto rows, database.query("SELECT name FROM image_tag WHERE repository = ? AND name > ?"
                                      " ORDER BY name LIMIT ?",
                                      repository, last, std::min(count, kPageMax) + 1));
        return read_names(std::move(rows));
    });
}

Result<std::vector<std::string>> Images::repositories(std::string_view last, std::size_t count) const {
    return storage_->ledger().run([&](Database& database) -> Result<std::vector<std::string>> {
        TRY(auto rows, database.query("SELECT DISTINCT repository FROM manifest WHERE repository > ?"
                                      " ORDER BY repository LIMIT ?",
                                      last, std::min(count, kPageMax) + 1));
        return read_names(std::move(rows));
    });
}

Result<std::vector<Referrer>> Images::referrers(std::string_view repository, std::string_view hex,
                                                std::string_view artifact_type) const {
    TRY_STATUS(check_repository(repository));
    return storage_->ledger().run([&](Database& database) -> Result<std::vector<Referrer>> {
        TRY(auto rows,
            database.query(
                "SELECT digest, media_type, length(content), artifact_type, annotations FROM manifest"
                " WHERE repository = ?1 AND subject = ?2 AND subject <> ''"
                " AND (?3 = '' OR artifact_type = ?3) ORDER BY id LIMIT ?4",
                repository, hex, artifact_type, kReferrersMax));
        std::vector<Referrer> referrers;
        for (;;) {
            TRY(auto const row, rows.step());
            if (!row) return referrers;
            Referrer referrer{.digest = rows.text(0),
                              .media_type = rows.text(1),
                              .size = static_cast<std::uint64_t>(rows.integer(2)),
                              .artifact_type = rows.text(3),
                              .annotations = {}};
            TRY(referrer.annotations, parse_json(rows.text(4)));
            referrers.push_back(std::move(referrer));
        }
    });
}

Result<std::size_t> Images::sweep(Time before) const {
    std::size_t total = 0;
    for (;;) {
        TRY(auto const gone, storage_->ledger().run([&](Database& database) -> Result<std::int64_t> {
            TRY_STATUS(database.run(
                fmt::format(
                    "DELETE FROM repository_blob WHERE (repository, digest) IN (SELECT repository, digest"
                    " FROM repository_blob WHERE added_us < ? AND {} LIMIT ?)",
                    kUnnamed),
                to_microseconds(before), kSweepBatch));
            return database.changes();
        }));
        total += static_cast<std::size_t>(gone);
        if (gone < static_cast<std::int64_t>(kSweepBatch)) return total;
    }
}

}  // namespace ounce::registry
