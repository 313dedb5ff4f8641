#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "hub/config.hpp"
#include "hub/data_folder.hpp"
#include "iot/device_hub.hpp"
#include "iot/telemetry_log.hpp"
#include "project/vision.hpp"
#include "registry/storage.hpp"

namespace ounce::hub {

/// What a hub keeps: each domain with its database. Opening them brings their schemas up to date and refuses
/// those of a newer program; it takes no ports.
struct Domains {
    /// `changed` hears of every change of a device or twin, on the ledger's thread. `clock` and `metrics` are
    /// borrowed. A training that waits goes on.
    /// Errors: as store::Ledger::open, naming the file.
    static Result<Domains> open(DataFolder const& data, Config const& config, Clock const& clock,
                                Metrics& metrics, iot::DeviceHub::Listener changed);

    std::unique_ptr<iot::DeviceHub> devices;
    std::unique_ptr<iot::TelemetryLog> telemetry;
    registry::Storage registry;               // with blobs of its own
    std::unique_ptr<project::Vision> vision;  // with the blobs right under blobs/
};

}  // namespace ounce::hub
