// Errors come as values, which Debian's compiled library does not offer.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1

#include "hub/config.hpp"

#include <arpa/inet.h>
#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <utility>
#include <variant>
#include <vector>

#include "base/file.hpp"
#include "base/nearest.hpp"

namespace ounce::hub {
namespace {

constexpr std::uint64_t kFileBytesMax = 1 << 20;
constexpr std::int64_t kTerabyte = 1'000'000'000'000;

/// A setting is a number in a range, one of a few words (none given: an IP address), or true or false.
struct Number {
    std::int64_t least;
    std::int64_t most;
    std::int64_t& (*at)(Config&);
};
struct Text {
    std::vector<std::string_view> words;
    std::string& (*at)(Config&);
};
struct Switch {
    bool& (*at)(Config&);
};
struct Setting {
    std::string_view table;
    std::string_view key;
    std::string_view meaning;
    std::variant<Number, Text, Switch> kind;
};

// clang-format off
std::vector<Setting> const& settings() {
    static std::vector<Setting> const all = {
        {"listen", "address", "address to listen on; \"::\" is every address of the machine, IPv4 as well",
         Text{{}, [](Config& c) -> auto& { return c.listen.address; }}},
        {"listen", "https_port", "port of HTTPS; 0: a free one. Many vendor clients know no other than 443",
         Number{0, 65'535, [](Config& c) -> auto& { return c.listen.https_port; }}},
        {"listen", "mqtt_port", "port of MQTT over TLS; 0: a free one. Many vendor clients know no other than 8883",
         Number{0, 65'535, [](Config& c) -> auto& { return c.listen.mqtt_port; }}},
        {"telemetry", "keep_hours", "messages older than this are removed",
         Number{1, 24 * 366 * 10, [](Config& c) -> auto& { return c.telemetry.keep_hours; }}},
        {"telemetry", "keep_bytes", "the oldest messages are removed when all of them take more bytes than this",
         Number{1'000'000, 1'000 * kTerabyte, [](Config& c) -> auto& { return c.telemetry.keep_bytes; }}},
        {"limits", "connections", "open connections of each server, HTTPS and MQTT",
         Number{10, 1'000'000, [](Config& c) -> auto& { return c.limits.connections; }}},
        {"limits", "connections_per_address", "of them from one address: raise it where devices share a router",
         Number{1, 1'000'000, [](Config& c) -> auto& { return c.limits.connections_per_address; }}},
        {"limits", "connects_per_second_per_address", "more are closed before they cost a TLS handshake",
         Number{1, 1'000'000, [](Config& c) -> auto& { return c.limits.connects_per_second_per_address; }}},
        {"workers", "threads", "HTTP requests that are worked on at the same time",
         Number{1, 256, [](Config& c) -> auto& { return c.workers.threads; }}},
        {"workers", "queue", "HTTP requests that may wait for a worker; more are told to come back later",
         Number{1, 100'000, [](Config& c) -> auto& { return c.workers.queue; }}},
        {"metrics", "open", "true: anyone may read /metrics; false: only who has the key of a policy with ServiceConnect",
         Switch{[](Config& c) -> auto& { return c.metrics.open; }}},
        {"log", "level", "the least that is logged",
         Text{{"debug", "info", "warning", "error"}, [](Config& c) -> auto& { return c.log.level; }}},
    };
    return all;
}
// clang-format on

tl::unexpected<Error> wrong(std::uint32_t line, std::string const& what) {
    return fail(Code::InvalidArgument, "line {}: {}", line, what);
}

std::string name_of(Setting const& setting) {
    return fmt::format("{}.{}", setting.table, setting.key);
}

bool is_address(std::string const& text) {
    std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

std::string printable(std::string_view key) {
    std::string text(key.substr(0, 60));
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text;
}

Status set(Config& config, Setting const& setting, toml::node const& value) {
    auto const line = value.source().begin.line;
    if (auto const* const number = std::get_if<Number>(&setting.kind)) {
        auto const given = value.value_exact<std::int64_t>();
        if (!given || *given < number->least || *given > number->most)
            return wrong(line, fmt::format("{} must be a whole number from {} to {}", name_of(setting),
                                           number->least, number->most));
        number->at(config) = *given;
        return {};
    }
    if (auto const* const flag = std::get_if<Switch>(&setting.kind)) {
        auto const given = value.value_exact<bool>();
        if (!given) return wrong(line, name_of(setting) + " must be true or false");
        flag->at(config) = *given;
        return {};
    }
    auto const& text = std::get<Text>(setting.kind);
    auto const given = value.value_exact<std::string>();
    if (!given || given->empty()) return wrong(line, name_of(setting) + " must be a text in quotes");
    if (!text.words.empty() && std::find(text.words.begin(), text.words.end(), *given) == text.words.end())
        return wrong(line,
                     fmt::format("{} must be one of: {}", name_of(setting), fmt::join(text.words, ", ")));
    if (text.words.empty() && !is_address(*given))
        return wrong(line, name_of(setting) + " must be an IP address of this machine; \"::\" is every one");
    text.at(config) = *given;
    return {};
}

Status read_table(Config& config, std::string_view table, toml::table const& content) {
    for (auto const& [key, value] : content) {
        auto const found = std::find_if(settings().begin(), settings().end(), [&](Setting const& setting) {
            return setting.table == table && setting.key == key.str();
        });
        if (found == settings().end()) {
            std::vector<std::string> known;
            for (auto const& setting : settings()) known.push_back(name_of(setting));
            auto const name = fmt::format("{}.{}", table, printable(key.str()));
            return wrong(key.source().begin.line,
                         fmt::format("there is no '{}'; did you mean '{}'?", name, nearest(name, known)));
        }
        TRY_STATUS(set(config, *found, value));
    }
    return {};
}

std::string value_in(Config& config, Setting const& setting) {
    if (auto const* const number = std::get_if<Number>(&setting.kind))
        return fmt::format("{}", number->at(config));
    if (auto const* const flag = std::get_if<Switch>(&setting.kind))
        return flag->at(config) ? "true" : "false";
    return fmt::format("\"{}\"", std::get<Text>(setting.kind).at(config));
}

std::string range_of(Setting const& setting) {
    if (auto const* const number = std::get_if<Number>(&setting.kind))
        return fmt::format(" ({} to {})", number->least, number->most);
    auto const* const text = std::get_if<Text>(&setting.kind);
    return !text || text->words.empty() ? "" : fmt::format(" ({})", fmt::join(text->words, ", "));
}

}  // namespace

Result<Config> parse_config(std::string_view toml) {
    auto const parsed = toml::parse(toml);
    if (!parsed) {
        auto const& error = parsed.error();
        return wrong(error.source().begin.line, printable(error.description()));
    }
    Config config;
    for (auto const& [key, value] : parsed.table()) {
        auto const line = key.source().begin.line;
        std::vector<std::string> tables;
        for (auto const& setting : settings()) tables.emplace_back(setting.table);
        if (std::find(tables.begin(), tables.end(), key.str()) == tables.end())
            return wrong(line, fmt::format("there is no '{}'; did you mean '[{}]'?", printable(key.str()),
                                           nearest(key.str(), tables)));
        auto const* const table = value.as_table();
        if (!table) return wrong(line, fmt::format("'{0}' is a table: write [{0}]", key.str()));
        TRY_STATUS(read_table(config, key.str(), *table));
    }
    return config;
}

Result<Config> load_config(std::filesystem::path const& path) {
    TRY(auto const content, read_file(path, kFileBytesMax));
    auto config = parse_config(as_text(content));
    if (!config) return fail(config.error().in(path.string()));
    return config;
}

Result<Config> load_config_of(DataFolder const& data, std::filesystem::path const& chosen) {
    if (!chosen.empty()) return load_config(chosen);
    auto config = load_config(data.config());
    if (!config && config.error().code == Code::NotFound) return Config{};
    return config;
}

std::string describe_config(Config const& config) {
    auto copy = config;  // the table of settings reaches into a Config that may be changed
    std::string text;
    std::string_view table;
    for (auto const& setting : settings()) {
        if (setting.table != table)
            text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", table = setting.table);
        text += fmt::format("# {}{}\n{} = {}\n", setting.meaning, range_of(setting), setting.key,
                            value_in(copy, setting));
    }
    return text;
}

}  // namespace ounce::hub
