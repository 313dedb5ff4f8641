#include "vision/wire_bounds.hpp"

#include <limits>
#include <vector>

namespace ounce::vision {
namespace {

constexpr std::size_t kFreeFields = 100'000;
constexpr std::size_t kBytesPerField = 8;

struct Part {
    ByteView bytes;
    WireMessage const* message;
};

// Takes a base-128 number off the front; false if it breaks off or is too long.
bool take_varint(ByteView& bytes, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 70 && !bytes.empty(); shift += 7) {
        auto const byte = bytes.front();
        bytes = bytes.subspan(1);
        if (shift < 64) value |= std::uint64_t{byte & 0x7Fu} << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

WireMessage const* message_of(WireMessage const& message, std::uint64_t number) {
    for (auto const& field : message.fields)
        if (field.number == number) return field.message;
    return nullptr;
}

}  // namespace

Status check_wire_bounds(ByteView bytes, WireMessage const& message) {
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        return fail(Code::ResourceExhausted, "the file has {} bytes, more than 2 GiB", bytes.size());
    auto const fields_max = kFreeFields + bytes.size() / kBytesPerField;
    std::size_t fields = 0;
    auto const broken = [&bytes](ByteView rest) {
        return fail(Code::DataLoss, "the file is damaged at byte {}", rest.data() - bytes.data());
    };
    // The table of messages is finite and not recursive, so this stack is as deep as the file is wide; its
    // entries are counted by the bound.
    std::vector<Part> parts{{bytes, &message}};
    while (!parts.empty()) {
        auto const part = parts.back();
        parts.pop_back();
        auto rest = part.bytes;
        while (!rest.empty()) {
            if (++fields > fields_max)
                return fail(Code::ResourceExhausted,
                            "the file has more than {} fields, which no real model of {} bytes has",
                            fields_max, bytes.size());
            auto const start = rest;
            std::uint64_t tag = 0;
            std::uint64_t value = 0;
            if (!take_varint(rest, tag)) return broken(start);
            switch (tag & 7) {
                case 0:
                    if (!take_varint(rest, value)) return broken(start);
                    break;
                case 1:
                    if (rest.size() < 8) return broken(start);
                    rest = rest.subspan(8);
                    break;
                case 2: {
                    if (!take_varint(rest, value) || value > rest.size()) return broken(start);
                    auto const content = rest.first(static_cast<std::size_t>(value));
                    rest = rest.subspan(content.size());
                    if (auto const* inner = message_of(*part.message, tag >> 3); inner != nullptr)
                        parts.push_back({content, inner});
                    break;
                }
                case 5:
                    if (rest.size() < 4) return broken(start);
                    rest = rest.subspan(4);
                    break;
                default:  // groups: none of the formats has them
                    return broken(start);
            }
        }
    }
    return {};
}

}  // namespace ounce::vision
