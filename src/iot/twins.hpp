#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "iot/identities.hpp"
#include "iot/twin.hpp"
#include "iot/work.hpp"

namespace ounce::iot {

// Twins in the database (iothub-service-rest-amqp.md D5): verbs to be run by DeviceHub::run().

/// A twin with the identity it belongs to.
struct Twin {
    Identity identity;
    std::string device_etag;   // the etag of its device's identity (of itself, if it is a device)
    std::int64_t version = 1;  // counts changes of tags and desired properties
    Json tags = Json::object();
    TwinSection desired;
    TwinSection reported;
    Json configurations = Json::object();  // what deployments reached it: id -> {"status"}
};

/// Errors: NotFound ("DeviceNotFound", "ModuleNotFound").
Result<Twin> get_twin(Work& work, Name const& name);

/// Twins in the order of their names, at most `count`, those behind `after`: of devices, or of modules.
/// A step of a query: see query.hpp.
Result<std::vector<Twin>> list_twins(Work& work, bool modules, Name const& after, int count);

/// The body of a PATCH or PUT: `{"tags": …, "properties": {"desired": …}}`; either may be absent; null means
/// to empty it. Other members that a twin has are passed over, as people send back what they read.
struct TwinUpdate {
    std::optional<Json> tags;
    std::optional<Json> desired;
};
/// Errors: InvalidArgument.
Result<TwinUpdate> parse_twin_update(Json const& body);

/// Merges the update into the twin (PATCH). Tells DesiredChanged if it has desired properties.
/// Errors: NotFound; Aborted ("PreconditionFailed"); InvalidArgument as patch_section.
Result<Twin> patch_twin(Work& work, Name const& name, TwinUpdate const& update, Precondition const& if_match);
/// Replaces tags and desired properties by those of the update (PUT); absent means empty.
Result<Twin> replace_twin(Work& work, Name const& name, TwinUpdate const& update,
                          Precondition const& if_match);

/// The client's own patch of its reported properties; gives their new version.
/// Errors: NotFound; InvalidArgument as patch_section.
Result<std::int64_t> patch_reported(Work& work, Name const& name, Json const& patch);

/// As its client reads it (B4): {"desired":{…,"$version":n},"reported":{…,"$version":n}}.
Json twin_for_client(Twin const& twin);
/// As the service side reads it (D5).
Json twin_to_json(Twin const& twin, Presence const& presence);

}  // namespace ounce::iot
