#include "hub/domains.hpp"

#include <utility>

namespace ounce::hub {
namespace {

iot::TelemetryLog::Options telemetry_options(Config const& config) {
    iot::TelemetryLog::Options options;
    options.keep_for = std::chrono::hours(config.telemetry.keep_hours);
    options.keep_bytes = static_cast<std::uint64_t>(config.telemetry.keep_bytes);
    return options;
}

}  // namespace

Result<Domains> Domains::open(DataFolder const& data, Config const& config, Clock const& clock,
                              iot::DeviceHub::Listener changed) {
    TRY(auto blobs, store::BlobStore::open(data.blobs()));
    TRY(auto devices, iot::DeviceHub::open(data.database("iot"), clock, std::move(changed)));
    TRY(auto telemetry,
        iot::TelemetryLog::open(data.database("telemetry"), clock, telemetry_options(config)));
    TRY(auto registry, registry::Storage::open(data.root(), clock));
    return Domains{std::move(blobs), std::move(devices), std::move(telemetry), std::move(registry)};
}

}  // namespace ounce::hub
