#include "iot/identity_row.hpp"

#include "crypto/base64.hpp"
#include "iot/twin.hpp"

namespace ounce::iot {
namespace {

/// .NET ticks of 1970: generations look as the vendor's do.
constexpr std::int64_t kTicksOf1970 = 621'355'968'000'000'000;

Bytes to_bytes(crypto::Secret const& key) {
    return {key.bytes().begin(), key.bytes().end()};
}

Status insert_twin(Work& work, std::int64_t identity) {
    auto const desired = new_section(SectionKind::Desired, work.now);
    auto const reported = new_section(SectionKind::Reported, work.now);
    return work.database.run(
        "INSERT INTO twin(identity, version, tags, desired_version, desired, desired_metadata, "
        "reported_version, reported, reported_metadata, configurations) "
        "VALUES(?, 1, '{}', ?, '{}', ?, ?, '{}', ?, '{}')",
        identity, desired.version, dump_json(desired.metadata), reported.version,
        dump_json(reported.metadata));
}

}  // namespace

IdentityRow read_identity(store::Statement const& row) {
    IdentityRow read;
    read.id = row.integer(0);
    auto& identity = read.identity;
    identity.name = {.device = row.text(1), .module = row.text(2)};
    identity.generation = row.text(3);
    read.revision = row.integer(4);
    identity.etag = revision_etag(read.revision);
    identity.status = row.integer(5) != 0 ? DeviceStatus::Disabled : DeviceStatus::Enabled;
    identity.status_reason = row.text(6);
    identity.status_changed = from_microseconds(row.integer(7));
    identity.authentication = {.type = static_cast<AuthenticationType>(row.integer(8)),
                               .primary_key = crypto::Secret(row.bytes(9)),
                               .secondary_key = crypto::Secret(row.bytes(10)),
                               .primary_thumbprint = row.text(11),
                               .secondary_thumbprint = row.text(12)};
    identity.edge = row.integer(13) != 0;
    identity.scope = row.text(14);
    identity.parent = row.text(15);
    identity.managed_by = row.text(16);
    identity.feeds = static_cast<std::uint8_t>(row.integer(17));
    return read;
}

Result<std::optional<IdentityRow>> find_identity(Work& work, Name const& name) {
    static auto const sql =
        fmt::format("SELECT {} FROM identity WHERE device = ? AND module = ?", kIdentityColumns);
    TRY(auto row, work.database.query(sql, name.device, name.module));
    TRY(auto const found, row.step());
    if (!found) return std::optional<IdentityRow>();
    return std::optional(read_identity(row));
}

Result<IdentityRow> need_identity(Work& work, Name const& name) {
    TRY(auto row, find_identity(work, name));
    if (row) return std::move(*row);
    if (!name.module.empty()) {
        TRY(auto const device, find_identity(work, {.device = name.device, .module = ""}));
        if (device)
            return fail_as(Code::NotFound, "ModuleNotFound", "there is no module '{}' of device '{}'",
                           name.module, name.device);
    }
    return fail_as(Code::NotFound, "DeviceNotFound", "there is no device '{}'", name.device);
}

Result<std::int64_t> insert_identity(Work& work, Identity& identity) {
    TRY(auto const revision, next_number(work, "revision"));
    TRY(auto const generation,
        next_number(work, "generation", to_microseconds(work.now) * 10 + kTicksOf1970));
    identity.generation = fmt::format("{}", generation);
    identity.etag = revision_etag(revision);
    if (identity.edge) identity.scope = edge_scope(identity.name.device, identity.generation);
    auto const& authentication = identity.authentication;
    TRY_STATUS(work.database.run(
        "INSERT INTO identity(device, module, generation, revision, disabled, status_reason, status_changed, "
        "authentication, primary_key, secondary_key, primary_thumbprint, secondary_thumbprint, edge, scope, "
        "parent, managed_by) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        identity.name.device, identity.name.module, identity.generation, revision,
        identity.status == DeviceStatus::Disabled, identity.status_reason,
        to_microseconds(identity.status_changed), static_cast<int>(authentication.type),
        to_bytes(authentication.primary_key), to_bytes(authentication.secondary_key),
        authentication.primary_thumbprint, authentication.secondary_thumbprint, identity.edge, identity.scope,
        identity.parent, identity.managed_by));
    auto const id = work.database.last_id();
    TRY_STATUS(insert_twin(work, id));
    return id;
}

Result<std::int64_t> next_number(Work& work, std::string_view counter, std::int64_t at_least) {
    return work.database.count(
        "INSERT INTO counter(name, value) VALUES(?1, ?2) "
        "ON CONFLICT(name) DO UPDATE SET value = max(value + 1, ?2) RETURNING value",
        counter, at_least);
}

std::string revision_etag(std::int64_t revision) {
    return crypto::to_base64(as_bytes(fmt::format("{}", revision)));
}

}  // namespace ounce::iot
