#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "iot/identity.hpp"
#include "store/database.hpp"

namespace ounce::iot {

/// The desired properties of an identity changed. `patch` is what its client is told (B4): a merge patch that
/// holds the new "$version", with null for each key that went.
struct DesiredChanged {
    Name who;
    std::int64_t version = 0;
    Json patch;
};

/// An identity was removed, disabled, or got other keys: its connection must close. For a device this goes
/// for all its modules as well.
struct AccessRevoked {
    Name who;
    bool removed = false;  // there is nothing left to come back to
};

/// What the rest of the hub must hear of once it is on disk.
using Change = std::variant<DesiredChanged, AccessRevoked>;

/// What the verbs of this domain work with: the database inside a transaction, the time that they take for
/// now, and the list on which they put what is to be told after the commit. See DeviceHub::run().
struct Work {
    store::Database& database;
    Time now;
    std::vector<Change> changes;
};

}  // namespace ounce::iot
