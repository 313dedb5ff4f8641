#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "crypto/keyring.hpp"
#include "iot/identity.hpp"
#include "iot/work.hpp"

namespace ounce::iot {

/// A caller that may act as a device or module.
struct DeviceCaller {
    Identity identity;   // as whom it acts
    Time expires{};      // when its token ends: its connection must close then (A5)
    std::string policy;  // the policy whose key signed; empty: its own, or its device's
};

/// Whether the bearer of `token` ("SharedAccessSignature sr=…", an HTTP Authorization header or an MQTT
/// password) may act as `name` (iothub-auth-mqtt-http.md A1, A2): signed by a policy with DeviceConnect, or
/// by a key of the identity that its resource names, which must be `name` or the device of that module; not
/// expired; and neither the identity nor its device disabled. To be run by DeviceHub::run().
///
/// Errors: Unauthenticated ("IotHubUnauthorized") for each of these, with the same words for an unknown
/// device and a wrong key, so that nobody learns which devices there are.
Result<DeviceCaller> authenticate_device(Work& work, crypto::Keyring const& keyring, std::string_view token,
                                         Name const& name);

/// The identity of that name, if it may send: neither it nor its device is disabled. For callers whose
/// credential says nothing of that, as a policy's.
/// Errors: NotFound ("DeviceNotFound", "ModuleNotFound"); Unauthenticated ("IotHubUnauthorized").
Result<Identity> need_enabled(Work& work, Name const& name);

}  // namespace ounce::iot
