#pragma once

#include <map>
#include <optional>
#include <string>

#include "iot/work.hpp"

namespace ounce::iot {

/// What a deployment wants of one edge device: the desired properties of its modules, by their names
/// (iothub-service-rest-amqp.md D7, applyConfigurationContent). A value.
struct DeviceContent {
    std::map<std::string, Json> modules;
    std::optional<Json> device;  // of the device's own twin
};

/// Reads the content object. Of each module it holds "properties.desired", the whole section, and dotted
/// paths below it ("properties.desired.modules.x"), which are laid over it in their order.
/// Errors: InvalidArgument, naming the module: content of another kind, a module without any desired
/// properties, a path that is none.
Result<DeviceContent> parse_device_content(Json const& body);

/// Makes `device` what the content says: modules that its $edgeAgent is to run and that the content speaks of
/// are made if they are missing (managed by "IotEdge"), modules managed so that are no longer spoken of are
/// removed, and the desired properties of the listed ones are replaced. All of it or nothing.
/// Errors: NotFound ("DeviceNotFound"); InvalidArgument if it is no edge device, for names that are none, or
/// as replace_section; ResourceExhausted ("TooManyModulesOnDevice").
Status apply_device_content(Work& work, std::string const& device, DeviceContent const& content);

}  // namespace ounce::iot
