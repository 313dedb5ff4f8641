#pragma once

#include <string>

#include "base/json.hpp"
#include "crypto/keyring.hpp"
#include "hub/config.hpp"
#include "hub/data_folder.hpp"

namespace ounce::hub {

/// What `init` tells whoever ran it: the addresses, the keys and how each kind of client comes to trust the
/// hub. The one place where keys are shown. The same keys, folder and config give the same text.

/// {"host", "hosts", "ports": {"https", "mqtt"}, "endpoint", "data", "ca", "caSha256", "policies": {name:
/// connection string}, "trainingKey", "predictionKey", "trust": {client: line}}. `ca_sha256` is the
/// fingerprint of ca.pem.
OrderedJson init_report(DataFolder const& data, Config const& config, crypto::Keyring const& keyring,
                        std::string const& ca_sha256);

/// The same for a person.
std::string init_text(OrderedJson const& report);

}  // namespace ounce::hub
