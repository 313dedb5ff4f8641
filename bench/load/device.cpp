#include "load/device.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "crypto/base64.hpp"
#include "crypto/sas_token.hpp"
#include "wire/url.hpp"

namespace ounce::load {

namespace {

constexpr std::uint64_t kFileBytesMax = 64 * 1024 * 1024;
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::hours kTokenLife{12};

std::string with_name(std::string_view pattern, std::string_view name) {
    constexpr std::string_view kHole = "{device}";
    auto const at = pattern.find(kHole);
    if (at == std::string_view::npos) return std::string(pattern);
    return fmt::format("{}{}{}", pattern.substr(0, at), name, pattern.substr(at + kHole.size()));
}

Result<std::vector<Device>> read_devices(Credentials const& credentials, std::size_t count) {
    TRY(auto const content, read_file(credentials.devices_file, kFileBytesMax));
    auto const expiry = system_clock().now() + kTokenLife;
    std::vector<Device> devices;
    auto text = as_text(content);
    while (!text.empty() && devices.size() < count) {
        auto const line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        auto const tab = line.find('\t');
        if (tab == std::string_view::npos)
            return fail(Code::InvalidArgument, "{}: a line has no tab", credentials.devices_file.string());
        TRY(auto const key, crypto::parse_base64(line.substr(tab + 1)));
        Device device;
        device.name = line.substr(0, tab);
        device.account.client_id = device.name;
        device.account.user_name =
            fmt::format("{}/{}/?api-version=2021-04-12", credentials.hub_name, device.name);
        device.account.password = crypto::sign_sas_token(
            fmt::format("{}/devices/{}", credentials.hub_name, device.name), key, "", expiry);
        devices.push_back(std::move(device));
    }
    if (devices.size() < count)
        return fail(Code::InvalidArgument, "{} holds {} devices, not {}", credentials.devices_file.string(),
                    devices.size(), count);
    return devices;
}

std::vector<Device> pretend_devices(Credentials const& credentials, std::size_t count) {
    std::vector<Device> devices(count);
    for (std::size_t i = 0; i < count; ++i) {
        devices[i].name = fmt::format("{}{}", credentials.prefix, i);
        devices[i].account.client_id = devices[i].name;
        devices[i].account.user_name = credentials.user_name;
        devices[i].account.password = credentials.password;
    }
    return devices;
}

}  // namespace

Result<std::vector<Device>> make_devices(Credentials const& credentials, std::string_view topic,
                                         std::size_t count) {
    std::vector<Device> devices;
    if (credentials.devices_file.empty()) {
        devices = pretend_devices(credentials, count);
    } else {
        TRY(devices, read_devices(credentials, count));
    }
    for (auto& device : devices) device.topic = with_name(topic, device.name);
    return devices;
}

Status connect_all(Target const& target, std::span<Device> devices, std::size_t at_once, Poller& poller) {
    std::vector<wire::mqtt::Packet> packets;
    std::size_t begun = 0;
    std::size_t accepted = 0;
    while (accepted < devices.size()) {
        while (begun < devices.size() && begun - accepted < at_once) {
            auto& device = devices[begun];
            TRY(device.client, MqttClient::connect(target, device.account));
            poller.add(device.client->descriptor(), static_cast<std::uint32_t>(begun));
            ++begun;
        }
        auto const ready = poller.wait(kPatience);
        if (ready.empty())
            return fail(Code::DeadlineExceeded, "{} of {} are connected, and nothing moves", accepted,
                        devices.size());
        for (auto const number : ready) {
            auto& client = *devices[number].client;
            bool const before = client.accepted();
            if (auto moved = client.advance(packets); !moved)
                return fail(moved.error().in(devices[number].name));
            accepted += client.accepted() && !before ? 1 : 0;
        }
    }
    return {};
}

}  // namespace ounce::load
