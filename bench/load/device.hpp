#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "load/mqtt_client.hpp"
#include "load/poller.hpp"

namespace ounce::load {

/// One of the pretended devices.
struct Device {
    std::string name;
    std::string topic;
    Account account;
    std::optional<MqttClient> client;  // none before it is connected, and after the connection was lost
};

/// How devices say who they are.
struct Credentials {
    /// A file with a line "NAME<tab>KEY" for each device, keys in base64: user name and SAS token as IoT
    /// devices make them, for `hub_name`. Empty: the devices are called `prefix`0, `prefix`1, … instead.
    std::filesystem::path devices_file;
    std::string hub_name;
    std::string prefix = "load-";
    std::string user_name, password;  // for the latter; may be empty
};

/// The first `count` devices; "{device}" in `topic` becomes each one's name.
/// Errors: as read_file; InvalidArgument for a file with too few lines or broken ones.
Result<std::vector<Device>> make_devices(Credentials const& credentials, std::string_view topic,
                                         std::size_t count);

/// Connects all, at most `at_once` on their way at a time, and gives them to `poller` by their places.
/// Errors: the first device's that cannot; DeadlineExceeded if nothing moves for 10 seconds.
Status connect_all(Target const& target, std::span<Device> devices, std::size_t at_once, Poller& poller);

}  // namespace ounce::load
