#include "iot/identities.hpp"

#include <algorithm>
#include <utility>

#include "crypto/secret.hpp"
#include "iot/identity_row.hpp"

namespace ounce::iot {
namespace {

constexpr std::size_t kMadeKeyBytes = 32;
constexpr int kNestingMax = 5;  // edge devices above each other
constexpr std::string_view kEdgeModules[] = {"$edgeAgent", "$edgeHub"};
constexpr std::string_view kEdgeManager = "IotEdge";

tl::unexpected<Error> bad_scope(std::string_view why) {
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "deviceScope, parentScopes: {}", why);
}

/// Keys that are missing are taken from `present`, or made.
Status complete_keys(Authentication& wanted, Authentication const& present) {
    if (wanted.type != AuthenticationType::Sas) return {};
    for (auto const& [key, old] : {std::pair(&wanted.primary_key, &present.primary_key),
                                   std::pair(&wanted.secondary_key, &present.secondary_key)}) {
        if (!key->bytes().empty()) continue;
        if (old->bytes().empty()) {
            TRY(*key, crypto::Secret::random(kMadeKeyBytes));
        } else {
            *key = *old;
        }
    }
    return {};
}

bool same(crypto::Secret const& a, crypto::Secret const& b) {
    return crypto::equal_in_constant_time(a.bytes(), b.bytes());
}

bool same(Authentication const& a, Authentication const& b) {
    return a.type == b.type && same(a.primary_key, b.primary_key) && same(a.secondary_key, b.secondary_key) &&
           a.primary_thumbprint == b.primary_thumbprint && a.secondary_thumbprint == b.secondary_thumbprint;
}

/// The scope that `request` wants above `identity`; none: unchanged.
Result<std::optional<std::string>> wanted_parent(Identity const& identity, IdentityRequest const& request) {
    if (identity.edge) {
        if (request.scope && !request.scope->empty() && *request.scope != identity.scope)
            return bad_scope("an edge device has a scope of its own; name the one above it in parentScopes");
        return request.parent;
    }
    bool const both = request.parent && !request.parent->empty() && request.scope && !request.scope->empty();
    if (both && *request.parent != *request.scope) return bad_scope("they name different parents");
    return request.parent && !(request.parent->empty() && request.scope) ? request.parent : request.scope;
}

/// Whether `parent` is the scope of an edge device that does not lie below `identity`.
Status check_parent(Work& work, Identity const& identity, std::string const& parent) {
    auto scope = parent;
    for (int level = 0; !scope.empty(); ++level) {
        if (identity.edge && scope == identity.scope) return bad_scope("the device would lie below itself");
        if (level == kNestingMax) return bad_scope("more than 5 edge devices above each other");
        TRY(auto row, work.database.query("SELECT parent FROM identity WHERE edge = 1 AND scope = ?", scope));
        TRY(auto const found, row.step());
        if (!found) return bad_scope("there is no edge device with that scope");
        scope = row.text(0);
    }
    return {};
}

Status apply_parent(Work& work, Identity& identity, IdentityRequest const& request) {
    TRY(auto const parent, wanted_parent(identity, request));
    if (!parent) return {};
    TRY_STATUS(check_parent(work, identity, *parent));
    identity.parent = *parent;
    if (!identity.edge) identity.scope = *parent;
    return {};
}

Status insert_edge_modules(Work& work, Identity const& device) {
    for (auto const module : kEdgeModules) {
        Identity identity;
        identity.name = {.device = device.name.device, .module = std::string(module)};
        identity.managed_by = kEdgeManager;
        TRY(auto const there, find_identity(work, identity.name));
        if (there) continue;  // somebody made it before the device was to be an edge device
        TRY_STATUS(complete_keys(identity.authentication, {}));
        TRY_STATUS(insert_identity(work, identity));
    }
    return {};
}

Status check_room_for_module(Work& work, Name const& name) {
    if (name.module.empty()) return {};
    TRY_STATUS(need_identity(work, {.device = name.device, .module = ""}));
    TRY(auto const modules,
        work.database.count("SELECT count(*) FROM identity WHERE device = ? AND module <> ''", name.device));
    if (modules >= kModulesMax)
        return fail_as(Code::ResourceExhausted, "TooManyModulesOnDevice",
                       "device '{}' has {} modules, and may have no more", name.device, modules);
    return {};
}

Status save_identity(Work& work, IdentityRow& row) {
    TRY(row.revision, next_number(work, "revision"));
    auto& identity = row.identity;
    identity.etag = revision_etag(row.revision);
    auto const& authentication = identity.authentication;
    auto const bytes = [](crypto::Secret const& key) {
        return Bytes(key.bytes().begin(), key.bytes().end());
    };
    return work.database.run(
        "UPDATE identity SET revision = ?, disabled = ?, status_reason = ?, status_changed = ?, "
        "authentication = ?, primary_key = ?, secondary_key = ?, primary_thumbprint = ?, "
        "secondary_thumbprint = ?, edge = ?, scope = ?, parent = ?, managed_by = ? WHERE id = ?",
        row.revision, identity.status == DeviceStatus::Disabled, identity.status_reason,
        to_microseconds(identity.status_changed), static_cast<int>(authentication.type),
        bytes(authentication.primary_key), bytes(authentication.secondary_key),
        authentication.primary_thumbprint, authentication.secondary_thumbprint, identity.edge, identity.scope,
        identity.parent, identity.managed_by, row.id);
}

Result<std::vector<Identity>> collect(store::Statement rows) {
    std::vector<Identity> identities;
    for (;;) {
        TRY(auto const more, rows.step());
        if (!more) return identities;
        identities.push_back(read_identity(rows).identity);
    }
}

}  // namespace

Result<Identity> create_identity(Work& work, IdentityRequest const& request) {
    auto const& name = request.name;
    TRY_STATUS(check_room_for_module(work, name));
    TRY(auto const there, find_identity(work, name));
    if (there)
        return fail_as(Code::AlreadyExists,
                       name.module.empty() ? "DeviceAlreadyExists" : "ModuleAlreadyExistsOnDevice",
                       "there is a {} already", describe(name));
    Identity identity;
    identity.name = name;
    identity.status = request.status.value_or(DeviceStatus::Enabled);
    identity.status_reason = request.status_reason.value_or("");
    identity.authentication = request.authentication.value_or(Authentication{});
    TRY_STATUS(complete_keys(identity.authentication, {}));
    identity.managed_by = name.module.empty() ? "" : request.managed_by.value_or("");
    identity.edge = name.module.empty() && request.edge.value_or(false);
    if (name.module.empty()) TRY_STATUS(apply_parent(work, identity, request));
    TRY_STATUS(insert_identity(work, identity));
    if (identity.edge) TRY_STATUS(insert_edge_modules(work, identity));
    return identity;
}

Result<Identity> update_identity(Work& work, IdentityRequest const& request, Precondition const& if_match) {
    TRY(auto row, need_identity(work, request.name));
    auto& identity = row.identity;
    TRY_STATUS(if_match.check(identity.etag));
    bool const was_enabled = identity.status == DeviceStatus::Enabled;
    auto const old_authentication = identity.authentication;

    if (request.status && *request.status != identity.status) {
        identity.status = *request.status;
        identity.status_changed = work.now;
    }
    if (request.status_reason) identity.status_reason = *request.status_reason;
    if (request.authentication) {
        identity.authentication = *request.authentication;
        TRY_STATUS(complete_keys(identity.authentication, old_authentication));
    }
    if (!identity.name.module.empty()) {
        if (request.managed_by) identity.managed_by = *request.managed_by;
    } else {
        if (identity.edge && request.edge == false)
            return fail_as(Code::FailedPrecondition, "InvalidOperation",
                           "device '{}' is an edge device; to make it an ordinary one, delete it first",
                           identity.name.device);
        bool const becomes_edge = !identity.edge && request.edge.value_or(false);
        if (becomes_edge) {
            identity.edge = true;
            identity.scope = edge_scope(identity.name.device, identity.generation);
            TRY_STATUS(insert_edge_modules(work, identity));
        }
        TRY_STATUS(apply_parent(work, identity, request));
    }
    TRY_STATUS(save_identity(work, row));
    bool const disabled_now = was_enabled && identity.status == DeviceStatus::Disabled;
    if (disabled_now || !same(identity.authentication, old_authentication))
        work.changes.emplace_back(AccessRevoked{.who = identity.name, .removed = false});
    return identity;
}

Result<Identity> put_identity(Work& work, IdentityRequest const& request, Precondition const& if_match) {
    return if_match.given() ? update_identity(work, request, if_match) : create_identity(work, request);
}

Status delete_identity(Work& work, Name const& name, Precondition const& if_match) {
    TRY(auto const row, need_identity(work, name));
    TRY_STATUS(if_match.check(row.identity.etag));
    if (name.module.empty())
        TRY_STATUS(work.database.run("DELETE FROM identity WHERE device = ?", name.device));
    else
        TRY_STATUS(work.database.run("DELETE FROM identity WHERE id = ?", row.id));
    if (row.identity.edge) {
        // Its children stay, with nobody above them.
        TRY(auto const revision, next_number(work, "revision"));
        TRY_STATUS(work.database.run(
            "UPDATE identity SET parent = '', scope = CASE WHEN edge THEN scope ELSE '' END, revision = ? "
            "WHERE parent = ?",
            revision, row.identity.scope));
    }
    work.changes.emplace_back(AccessRevoked{.who = name, .removed = true});
    return {};
}

Result<Identity> get_identity(Work& work, Name const& name) {
    TRY(auto row, need_identity(work, name));
    return std::move(row.identity);
}

Result<std::vector<Identity>> list_devices(Work& work, int top, std::string_view after) {
    static auto const sql = fmt::format(
        "SELECT {} FROM identity WHERE module = '' AND device > ? ORDER BY device LIMIT ?", kIdentityColumns);
    TRY(auto rows, work.database.query(sql, after, std::clamp(top, 1, kListedDevicesMax)));
    return collect(std::move(rows));
}

Result<std::vector<Identity>> list_modules(Work& work, std::string const& device) {
    static auto const sql = fmt::format(
        "SELECT {} FROM identity WHERE device = ? AND module <> '' ORDER BY module", kIdentityColumns);
    TRY_STATUS(need_identity(work, {.device = device, .module = ""}));
    TRY(auto rows, work.database.query(sql, device));
    return collect(std::move(rows));
}

Result<DeviceCounts> count_devices(Work& work) {
    TRY(auto row,
        work.database.query(
            "SELECT count(*), count(*) FILTER (WHERE disabled = 0) FROM identity WHERE module = ''"));
    TRY_STATUS(row.step());
    return DeviceCounts{.total = row.integer(0), .enabled = row.integer(1)};
}

Status keep_feeds(Work& work, Name const& name, std::uint8_t feeds) {
    return work.database.run("UPDATE identity SET feeds = ? WHERE device = ? AND module = ?", feeds,
                             name.device, name.module);
}

}  // namespace ounce::iot
