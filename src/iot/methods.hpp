#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/unique_function.hpp"
#include "iot/identity.hpp"

namespace ounce::iot {

inline constexpr std::size_t kMethodNameBytesMax = 100;
inline constexpr std::size_t kMethodPayloadBytesMax = 128 * 1024;

/// A direct method to be called on a device or module (iothub-service-rest-amqp.md D9).
struct MethodRequest {
    std::string method;
    std::string payload;                        // JSON text; "null" if none was given
    std::chrono::seconds response_timeout{30};  // 5 to 300
    std::chrono::seconds connect_timeout{0};    // 0 to 300: how long to wait for the device to come
};
/// Reads the body of the POST. Errors: InvalidArgument, naming the member and its range.
Result<MethodRequest> parse_method_request(Json const& body);

/// What the device answered.
struct MethodAnswer {
    std::int32_t status = 0;
    Json payload;
};
/// {"status":n,"payload":…}.
Json method_answer_to_json(MethodAnswer const& answer);

using MethodDone = UniqueFunction<void(Result<MethodAnswer>)>;

/// How routes call a method; what carries connections provides it. Any thread; `done` is called once, on any.
/// Errors told to `done`: as MethodCalls.
using MethodCaller = std::function<void(Name target, MethodRequest request, MethodDone done)>;

/// The calls that wait for a device or for its answer, without sockets or timers: the owner tells what
/// happens and when, and sends what it is told to. One thread.
class MethodCalls {
  public:
    static constexpr std::size_t kCallsMax = 10'000;  // in all
    static constexpr std::size_t kCallsPerTargetMax = 100;

    /// Sends a request to a client's method feed. False if it is not there (not connected, not subscribed, or
    /// its connection takes no more). Must not call back into this object.
    using Send = std::function<bool(Name const& target, std::string_view rid, MethodRequest const& request)>;

    explicit MethodCalls(Send send) : send_(std::move(send)) {}

    /// Begins a call. Errors told to `done`, at once or later: NotFound ("DeviceNotOnline") if the target is
    /// not there and does not come within the connect timeout; DeadlineExceeded ("GatewayTimeout") if it does
    /// not answer within the response timeout; Unavailable ("ThrottlingException") if too many calls wait.
    void call(Name const& target, MethodRequest request, MethodDone done, Instant now);

    /// The target can be reached now: sends what waited for it.
    void arrived(Name const& target, Instant now);

    /// The target answered. `body` is JSON, or empty for null. An answer to nothing is passed over: false.
    /// Error told to the caller if it is not JSON: Unavailable ("BadDeviceResponse").
    bool answered(Name const& target, std::string_view rid, std::int32_t status, std::string_view body);

    /// Ends what is over.
    void advance(Instant now);
    /// When advance() is to be called next; none if nothing waits.
    [[nodiscard]] std::optional<Instant> next_deadline() const;

    [[nodiscard]] std::size_t waiting() const { return calls_.size(); }

  private:
    struct Call {
        Name target;
        MethodRequest request;
        MethodDone done;
        Instant deadline;
        bool sent = false;
    };
    using Calls = std::map<std::uint64_t, Call>;  // by rid, in the order they came

    static tl::unexpected<Error> offline(Name const& target);
    bool try_to_send(std::uint64_t rid, Call& call, Instant now);
    void set_deadline(std::uint64_t rid, Call& call, Instant deadline);
    void forget_deadline(std::uint64_t rid, Call const& call);
    void finish(Calls::iterator call, Result<MethodAnswer> result);

    Send send_;
    Calls calls_;
    std::multimap<Instant, std::uint64_t> deadlines_;
    std::uint64_t last_rid_ = 0;
};

}  // namespace ounce::iot
