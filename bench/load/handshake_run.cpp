#include "load/handshake_run.hpp"

#include <optional>
#include <vector>

#include "load/latencies.hpp"
#include "load/poller.hpp"

namespace ounce::load {

namespace {

constexpr std::chrono::milliseconds kPatience{10'000};

struct Slot {
    std::optional<TlsClient> client;
    SteadyTime since;
};

Status begin(Target const& target, Poller& poller, Slot& slot, std::size_t number) {
    slot.client.reset();
    slot.since = std::chrono::steady_clock::now();
    TRY(slot.client, TlsClient::connect(target));
    poller.add(slot.client->descriptor(), static_cast<std::uint32_t>(number));
    return {};
}

}  // namespace

Result<Json> run_handshakes(Target const& target, std::size_t at_once, std::chrono::milliseconds time) {
    Poller poller;
    Latencies latencies;
    std::vector<Slot> slots(at_once);
    auto const began = std::chrono::steady_clock::now();
    auto now = began;
    for (std::size_t i = 0; i < slots.size(); ++i) TRY_STATUS(begin(target, poller, slots[i], i));
    while (now < began + time) {
        auto const ready = poller.wait(kPatience);
        if (ready.empty()) return fail(Code::DeadlineExceeded, "no handshake moves");
        for (auto const number : ready) {
            auto& slot = slots[number];
            TRY_STATUS(slot.client->advance());
            now = std::chrono::steady_clock::now();
            if (!slot.client->established()) continue;
            latencies.add(now - slot.since);
            TRY_STATUS(begin(target, poller, slot, number));
        }
    }
    return Json{{"handshakes", latencies.count()},
                {"per_s", static_cast<double>(latencies.count()) / seconds_between(began, now)},
                {"latency_ms", latencies.to_json()}};
}

}  // namespace ounce::load
