#include "iot/device_hub.hpp"

#include "iot/private_database.hpp"
#include "ounce_iot_text.hpp"

namespace ounce::iot {
namespace {

constexpr store::Migration kMigrations[] = {{1, text::iot_sql}};

}  // namespace

Result<std::unique_ptr<DeviceHub>> DeviceHub::open(std::filesystem::path const& path, Clock const& clock,
                                                   Listener listener) {
    TRY_STATUS(make_private_database(path));
    TRY(auto ledger, store::Ledger::open(path, kMigrations));
    return std::unique_ptr<DeviceHub>(new DeviceHub(std::move(ledger), clock, std::move(listener)));
}

}  // namespace ounce::iot
