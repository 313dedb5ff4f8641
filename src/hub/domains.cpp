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

project::Vision::Options vision_options(DataFolder const& data) {
    project::Vision::Options options;
    options.database = data.database("vision");
    options.training.cache = data.cache() / "train";
    options.training.program_version = OUNCE_VERSION;
    return options;
}

}  // namespace

Result<Domains> Domains::open(DataFolder const& data, Config const& config, Clock const& clock,
                              Metrics& metrics, iot::DeviceHub::Listener changed) {
    TRY(auto blobs, store::BlobStore::open(data.blobs()));
    TRY(auto devices, iot::DeviceHub::open(data.database("iot"), clock, std::move(changed)));
    TRY(auto telemetry,
        iot::TelemetryLog::open(data.database("telemetry"), clock, telemetry_options(config)));
    TRY(auto registry, registry::Storage::open(data.root(), clock));
    TRY(auto vision, project::Vision::open(vision_options(data), std::move(blobs), clock, metrics));
    return Domains{std::move(devices), std::move(telemetry), std::move(registry), std::move(vision)};
}

}  // namespace ounce::hub
