#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "iot/identity.hpp"
#include "iot/precondition.hpp"
#include "iot/work.hpp"

namespace ounce::iot {

// The registry of devices and modules (iothub-service-rest-amqp.md D2 to D4): verbs to be run by
// DeviceHub::run(), each inside its transaction.

inline constexpr int kModulesMax = 50;          // of one device
inline constexpr int kListedDevicesMax = 1000;  // in one answer
inline constexpr std::size_t kBulkMax = 100;    // changes in one request

/// Makes a device or module with a new twin. An edge device gets the modules $edgeAgent and $edgeHub too.
/// Errors: AlreadyExists ("DeviceAlreadyExists", "ModuleAlreadyExistsOnDevice"); NotFound ("DeviceNotFound")
/// for a module of no device; ResourceExhausted ("TooManyModulesOnDevice"); InvalidArgument for a scope of no
/// edge device.
Result<Identity> create_identity(Work& work, IdentityRequest const& request);

/// Changes what the request states and keeps the rest. Tells AccessRevoked if it lost its right to be
/// connected. Errors: NotFound ("DeviceNotFound", "ModuleNotFound"); Aborted ("PreconditionFailed");
/// InvalidArgument; FailedPrecondition to make an edge device an ordinary one.
Result<Identity> update_identity(Work& work, IdentityRequest const& request, Precondition const& if_match);

/// What PUT means: creates without If-Match, updates with it.
Result<Identity> put_identity(Work& work, IdentityRequest const& request, Precondition const& if_match);

/// Removes it, its modules, its twin. Errors: as update_identity.
Status delete_identity(Work& work, Name const& name, Precondition const& if_match);

/// Errors: NotFound ("DeviceNotFound", "ModuleNotFound").
Result<Identity> get_identity(Work& work, Name const& name);

/// Devices by id, at most `top` (1 to kListedDevicesMax), those after the id `after`.
Result<std::vector<Identity>> list_devices(Work& work, int top, std::string_view after = {});
/// Errors: NotFound ("DeviceNotFound").
Result<std::vector<Identity>> list_modules(Work& work, std::string const& device);

struct DeviceCounts {
    std::int64_t total = 0;
    std::int64_t enabled = 0;
};
Result<DeviceCounts> count_devices(Work& work);

enum class BulkMode { Create, Update, UpdateIfMatch, Delete, DeleteIfMatch };
struct BulkItem {
    BulkMode mode = BulkMode::Create;
    IdentityRequest request;
    std::string etag;  // with the ...IfMatch modes
};
struct BulkError {
    Name name;
    Error error;
};
/// Reads the body of POST /devices. Errors: InvalidArgument, naming the item.
Result<std::vector<BulkItem>> parse_bulk(Json const& body);
/// Does each item on its own; gives those that failed. The others are done.
Result<std::vector<BulkError>> change_identities(Work& work, std::vector<BulkItem> const& items);

/// Remembers what a client is subscribed to, for its next connection (A4: clean session 0). Bits of
/// wire::Feeds. Nothing happens if the identity is gone.
Status keep_feeds(Work& work, Name const& name, std::uint8_t feeds);

}  // namespace ounce::iot
