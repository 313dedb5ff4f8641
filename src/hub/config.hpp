#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "hub/data_folder.hpp"

namespace ounce::hub {

/// How a hub runs: hub.toml as a plain struct. What a file leaves out has the value written here. The tables
/// of the file are the structs, its keys the members; `ounce-hub config` prints all of them with what they
/// mean.
struct Config {
    struct Listen {
        std::string address = "::";  // "::" is every address, IPv4 as well
        std::int64_t https_port = 443;
        std::int64_t mqtt_port = 8883;
    } listen;
    struct Telemetry {
        std::int64_t keep_hours = 7 * 24;
        std::int64_t keep_bytes = 8'000'000'000;
    } telemetry;
    struct Limits {
        std::int64_t connections = 20'000;
        std::int64_t connections_per_address = 10'000;
        std::int64_t connects_per_second_per_address = 200;
    } limits;
    struct Workers {
        std::int64_t threads = 8;
        std::int64_t queue = 2'000;
    } workers;
    struct Metrics {
        bool open = false;
    } metrics;
    struct Log {
        std::string level = "info";
    } log;
};

/// Reads the text of a hub.toml.
/// Errors: InvalidArgument with line and key: not TOML, a key that does not exist (names the nearest that
/// does), a value of the wrong type or out of its range (says which range).
Result<Config> parse_config(std::string_view toml);

/// Reads the file; its name is in front of each error. Errors: as parse_config and read_file.
Result<Config> load_config(std::filesystem::path const& path);

/// The settings of the hub in `data`: those of the file `chosen`, else of its hub.toml, else as they are
/// built in. Errors: as load_config.
Result<Config> load_config_of(DataFolder const& data, std::filesystem::path const& chosen);

/// A hub.toml that says everything, with comments: each key, its meaning, its range, and its value in
/// `config`.
std::string describe_config(Config const& config);

}  // namespace ounce::hub
