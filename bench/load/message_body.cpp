#include "load/message_body.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "crypto/sha256.hpp"

namespace ounce::load {

namespace {

constexpr std::string_view kBeforeCheck = "\",\"check\":\"";
constexpr std::size_t kCheckBytes = 16 + 2;  // the digits, then `"}`

std::string check_of(std::string_view text) {
    return crypto::sha256_hex(as_bytes(text)).substr(0, 16);
}

/// Lower-case letters that look random (splitmix64), the same for the same seed.
void append_fill(std::uint64_t seed, std::size_t count, std::string& out) {
    for (std::size_t i = 0; i < count;) {
        seed += 0x9e3779b97f4a7c15U;
        auto value = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9U;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
        for (int digit = 0; digit < 12 && i < count; ++digit, ++i, value >>= 5)
            out.push_back("abcdefghijklmnopqrstuvwxyzABCDEF"[value & 31]);
    }
}

}  // namespace

Bytes make_body(std::string_view run, std::string_view device, std::uint64_t sequence, std::size_t bytes) {
    auto text = fmt::format(R"({{"run":"{}","device":"{}","sequence":{},"fill":")", run, device, sequence);
    auto const rest = text.size() + kBeforeCheck.size() + kCheckBytes;
    append_fill(std::hash<std::string_view>{}(device) + sequence, bytes > rest ? bytes - rest : 0, text);
    text += fmt::format("{}{}\"}}", kBeforeCheck, check_of(text));
    auto const view = as_bytes(text);
    return {view.begin(), view.end()};
}

std::optional<BodyName> read_body(ByteView body, std::string_view run) {
    auto const text = as_text(body);
    auto const before = text.rfind(kBeforeCheck);
    if (before == std::string_view::npos) return std::nullopt;
    auto const check = text.substr(before + kBeforeCheck.size());
    if (check.size() != kCheckBytes || check.substr(0, 16) != check_of(text.substr(0, before)))
        return std::nullopt;
    auto const parsed = parse_json(text);
    if (!parsed) return std::nullopt;
    auto const whose = json_member<std::string>(*parsed, "device");
    auto const which = json_member<std::uint64_t>(*parsed, "sequence");
    auto const of_run = json_member<std::string>(*parsed, "run");
    if (!whose || !which || !of_run || *of_run != run) return std::nullopt;
    return BodyName{*whose, *which};
}

}  // namespace ounce::load
