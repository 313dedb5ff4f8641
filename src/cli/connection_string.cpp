#include "cli/connection_string.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "crypto/base64.hpp"

namespace ounce::cli {
namespace {

constexpr std::size_t kBytesMax = 8 * 1024;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n\"";
    auto const first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0)
        return fail(Code::InvalidArgument, "connection string: '{}' is no port", text);
    return port;
}

/// "name", "name:8443", "[::1]", "[::1]:8443".
Status read_host(std::string_view text, ConnectionString& hub) {
    std::string_view rest;
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        if (close == std::string_view::npos)
            return fail(Code::InvalidArgument, "connection string: HostName has '[' without ']'");
        hub.host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
    } else {
        auto const colon = text.find(':');
        hub.host = text.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
    }
    if (hub.host.empty() || hub.host.find_first_of("/@?# ") != std::string::npos)
        return fail(Code::InvalidArgument, "connection string: '{}' is no host name", text);
    if (rest.empty()) return {};
    if (!rest.starts_with(':'))
        return fail(Code::InvalidArgument, "connection string: '{}' is no host name", text);
    TRY(hub.port, parse_port(rest.substr(1)));
    return {};
}

}  // namespace

Result<ConnectionString> parse_connection_string(std::string_view text) {
    if (text.size() > kBytesMax)
        return fail(Code::InvalidArgument, "connection string: longer than {} bytes", kBytesMax);
    auto const trimmed_text = trimmed(text);
    auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(trimmed_text.begin(), trimmed_text.end(), is_control))
        return fail(Code::InvalidArgument, "connection string: it holds a line end or control character");
    std::map<std::string_view, std::string_view> parts;
    for (auto rest = trimmed_text; !rest.empty();) {
        auto const end = rest.find(';');
        auto const part = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        auto const equals = part.find('=');  // the first: base64 ends in '='
        if (equals != std::string_view::npos) parts[part.substr(0, equals)] = part.substr(equals + 1);
    }
    if (parts.contains("DeviceId"))
        return fail(Code::InvalidArgument,
                    "this is a device's connection string; commands need one with SharedAccessKeyName, as "
                    "'ounce-hub init' prints");
    for (auto const* const name : {"HostName", "SharedAccessKeyName", "SharedAccessKey"})
        if (parts[name].empty())
            return fail(Code::InvalidArgument,
                        "connection string: no {}=; it reads "
                        "'HostName=...;SharedAccessKeyName=...;SharedAccessKey=...'",
                        name);
    ConnectionString hub;
    TRY_STATUS(read_host(parts["HostName"], hub));
    hub.policy = parts["SharedAccessKeyName"];
    auto key = crypto::parse_base64(parts["SharedAccessKey"]);
    if (!key) return fail(Code::InvalidArgument, "connection string: SharedAccessKey is not base64");
    hub.key = crypto::Secret(std::move(*key));
    return hub;
}

std::string authority(ConnectionString const& hub) {
    auto const name = hub.host.find(':') == std::string::npos ? hub.host : "[" + hub.host + "]";
    return hub.port == 443 ? name : fmt::format("{}:{}", name, hub.port);
}

std::string to_text(ConnectionString const& hub) {
    return fmt::format("HostName={};SharedAccessKeyName={};SharedAccessKey={}", authority(hub), hub.policy,
                       crypto::to_base64(hub.key.bytes()));
}

}  // namespace ounce::cli
