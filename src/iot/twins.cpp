#include "iot/twins.hpp"

#include <utility>

#include "iot/identity_row.hpp"
#include "iot/twin_row.hpp"

namespace ounce::iot {
namespace {

tl::unexpected<Error> wrong(std::string_view what) {
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "{}", what);
}

Result<TwinSection> read_section(store::Statement const& row, int column) {
    TwinSection section;
    section.version = row.integer(column);
    TRY(section.values, parse_json(row.text(column + 1)));
    TRY(section.metadata, parse_json(row.text(column + 2)));
    return section;
}

Result<std::string> device_etag_of(Work& work, Identity const& identity) {
    if (identity.name.module.empty()) return identity.etag;
    TRY(auto const device, need_identity(work, {.device = identity.name.device, .module = ""}));
    return device.identity.etag;
}

enum class How { Merge, Replace };

/// The one way in which the service side changes a twin.
Result<Twin> change_twin(Work& work, Name const& name, TwinUpdate const& update, Precondition const& if_match,
                         How how) {
    TRY(auto row, need_twin(work, name));
    auto& twin = row.twin;
    TRY_STATUS(if_match.check(twin_etag(twin.version)));
    if (update.tags || how == How::Replace) {
        auto const tags = update.tags.value_or(Json());
        TRY(twin.tags,
            how == How::Merge || tags.is_null() ? patch_tags(twin.tags, tags) : replace_tags(tags));
    }
    if (update.desired || how == How::Replace) {
        auto const desired = update.desired.value_or(Json());
        TRY(auto changed, how == How::Merge || desired.is_null()
                              ? patch_section(twin.desired, desired, SectionKind::Desired, work.now)
                              : replace_section(twin.desired, desired, SectionKind::Desired, work.now));
        twin.desired = std::move(changed.section);
        work.changes.emplace_back(
            DesiredChanged{.who = name, .version = twin.desired.version, .patch = std::move(changed.pushed)});
    }
    ++twin.version;  // one edit, whatever it touches
    TRY_STATUS(save_desired(work, row));
    return std::move(row.twin);
}

}  // namespace

Result<TwinRow> need_twin(Work& work, Name const& name) {
    TRY(auto found, need_identity(work, name));
    TRY(auto columns,
        work.database.query(
            "SELECT version, tags, desired_version, desired, desired_metadata, reported_version, "
            "reported, reported_metadata, configurations FROM twin WHERE identity = ?",
            found.id));
    TRY(auto const there, columns.step());
    if (!there) return fail(Code::DataLoss, "the twin of {} is missing in the database", describe(name));
    TwinRow row;
    row.id = found.id;
    row.twin.version = columns.integer(0);
    TRY(row.twin.tags, parse_json(columns.text(1)));
    TRY(row.twin.desired, read_section(columns, 2));
    TRY(row.twin.reported, read_section(columns, 5));
    TRY(row.twin.configurations, parse_json(columns.text(8)));
    TRY(row.twin.device_etag, device_etag_of(work, found.identity));
    row.twin.identity = std::move(found.identity);
    return row;
}

Status save_desired(Work& work, TwinRow const& row) {
    auto const& twin = row.twin;
    return work.database.run(
        "UPDATE twin SET version = ?, tags = ?, desired_version = ?, desired = ?, desired_metadata = ?, "
        "configurations = ? WHERE identity = ?",
        twin.version, dump_json(twin.tags), twin.desired.version, dump_json(twin.desired.values),
        dump_json(twin.desired.metadata), dump_json(twin.configurations), row.id);
}

Status put_desired(Work& work, TwinRow& row, Json const& values) {
    TRY(auto changed, replace_section(row.twin.desired, values, SectionKind::Desired, work.now));
    row.twin.desired = std::move(changed.section);
    ++row.twin.version;
    TRY_STATUS(save_desired(work, row));
    work.changes.emplace_back(DesiredChanged{.who = row.twin.identity.name,
                                             .version = row.twin.desired.version,
                                             .patch = std::move(changed.pushed)});
    return {};
}

Result<Twin> get_twin(Work& work, Name const& name) {
    TRY(auto row, need_twin(work, name));
    return std::move(row.twin);
}

Result<std::vector<Twin>> list_twins(Work& work, bool modules, Name const& after, int count) {
    std::vector<Name> names;
    {
        TRY(auto rows,
            work.database.query("SELECT device, module FROM identity WHERE (device, module) > (?, ?) "
                                "AND (module <> '') = ? ORDER BY device, module LIMIT ?",
                                after.device, after.module, modules, count));
        for (;;) {
            TRY(auto const more, rows.step());
            if (!more) break;
            names.push_back({.device = rows.text(0), .module = rows.text(1)});
        }
    }
    std::vector<Twin> twins;
    for (auto const& name : names) {
        TRY(auto row, need_twin(work, name));
        twins.push_back(std::move(row.twin));
    }
    return twins;
}

Result<TwinUpdate> parse_twin_update(Json const& body) {
    if (!body.is_object()) return wrong("a twin must be a JSON object");
    TwinUpdate update;
    if (auto const tags = body.find("tags"); tags != body.end()) update.tags = *tags;
    auto const properties = body.find("properties");
    if (properties == body.end() || properties->is_null()) return update;
    if (!properties->is_object()) return wrong("'properties' must be a JSON object");
    if (auto const desired = properties->find("desired"); desired != properties->end())
        update.desired = *desired;
    return update;
}

Result<Twin> patch_twin(Work& work, Name const& name, TwinUpdate const& update,
                        Precondition const& if_match) {
    return change_twin(work, name, update, if_match, How::Merge);
}

Result<Twin> replace_twin(Work& work, Name const& name, TwinUpdate const& update,
                          Precondition const& if_match) {
    return change_twin(work, name, update, if_match, How::Replace);
}

Result<std::int64_t> patch_reported(Work& work, Name const& name, Json const& patch) {
    TRY(auto const row, need_twin(work, name));
    if (patch.is_null()) return wrong("reported properties must be a JSON object");
    TRY(auto const changed, patch_section(row.twin.reported, patch, SectionKind::Reported, work.now));
    auto const& reported = changed.section;
    TRY_STATUS(work.database.run(
        "UPDATE twin SET reported_version = ?, reported = ?, reported_metadata = ? WHERE identity = ?",
        reported.version, dump_json(reported.values), dump_json(reported.metadata), row.id));
    return reported.version;
}

Json twin_for_client(Twin const& twin) {
    return {{"desired", section_without_metadata(twin.desired)},
            {"reported", section_without_metadata(twin.reported)}};
}

Json twin_to_json(Twin const& twin, Presence const& presence) {
    auto const& identity = twin.identity;
    auto json = identity_to_json(identity, presence);
    // What a twin shows of its identity: all but the keys, under names of its own.
    Json const authentication = std::exchange(json["authentication"], nullptr);
    json.erase("authentication");
    json.erase("generationId");
    json.erase("managedBy");
    json.erase("connectionStateUpdatedTime");
    json.erase("statusReason");
    json.erase("statusUpdatedTime");
    json["etag"] = twin_etag(twin.version);
    json["deviceEtag"] = twin.device_etag;
    json["status"] = to_string(identity.status);
    json["statusUpdateTime"] = wire_time(identity.status_changed);
    json["authenticationType"] = authentication["type"];
    json["x509Thumbprint"] = authentication["x509Thumbprint"];
    json["modelId"] = "";
    json["version"] = twin.version;
    json["tags"] = twin.tags;
    json["properties"] = {{"desired", section_with_metadata(twin.desired)},
                          {"reported", section_with_metadata(twin.reported)}};
    json["configurations"] = twin.configurations;
    if (identity.name.module.empty()) return json;
    json["capabilities"] = {{"iotEdge", false}};
    json["parentScopes"] = Json::array();
    return json;
}

}  // namespace ounce::iot
