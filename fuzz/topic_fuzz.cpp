#include <cstdlib>
#include <string_view>

#include "wire/topic.hpp"

namespace {

using namespace ounce;

template <class T>
bool refused(Result<T> const& result) {
    if (!result && result.error().message.empty()) std::abort();
    return !result;
}

/// A bag that was read is written, read again, and is the same.
void check_bag(wire::PropertyBag const& bag) {
    auto const text = wire::format_property_bag(bag);
    if (text.find_first_of("/+#") != std::string::npos) std::abort();
    // What was sent plain may be too long once all of it is escaped.
    auto const again = wire::parse_property_bag(text);
    if (again ? *again != bag : text.size() <= wire::kBagBytesMax) std::abort();
}

void read_as(wire::ClientName const& self, std::string_view text) {
    auto const topic = wire::parse_publish_topic(text, self);
    if (!refused(topic))
        if (auto const* telemetry = std::get_if<wire::Telemetry>(&*topic)) check_bag(telemetry->bag);
    refused(wire::parse_filter(text, self));
}

}  // namespace

// A topic, a filter, a bag, a user name and a client id as a device sends them.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    read_as({"d", ""}, text);
    read_as({"d", "m"}, text);
    if (auto const bag = wire::parse_property_bag(text); !refused(bag)) check_bag(*bag);
    if (auto const name = wire::parse_client_id(text); !refused(name))
        if (wire::format_client_id(*name) != text) std::abort();
    if (auto const user = wire::parse_user_name(text); !refused(user))
        if (user->host.empty() || user->client.device.empty()) std::abort();
    return 0;
}
