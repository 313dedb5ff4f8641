#include "iot/methods.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace ounce::iot {
namespace {

constexpr int kResponseSecondsMin = 5;
constexpr int kSecondsMax = 300;

tl::unexpected<Error> wrong(std::string_view member, std::string_view should) {
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "'{}' {}", member, should);
}

Result<std::chrono::seconds> parse_seconds(Json const& body, char const* member, int least,
                                           std::chrono::seconds otherwise) {
    auto const found = body.find(member);
    if (found == body.end() || found->is_null()) return otherwise;
    if (!found->is_number_integer() || *found < least || *found > kSecondsMax)
        return wrong(member, fmt::format("must be a whole number from {} to {}", least, kSecondsMax));
    return std::chrono::seconds(found->get<int>());
}

}  // namespace

Result<MethodRequest> parse_method_request(Json const& body) {
    if (!body.is_object()) return wrong("body", "must be an object");
    MethodRequest request;
    auto const name = body.find("methodName");
    if (name == body.end() || !name->is_string()) return wrong("methodName", "must be a text");
    request.method = name->get<std::string>();
    if (request.method.empty() || request.method.size() > kMethodNameBytesMax)
        return wrong("methodName", fmt::format("must have 1 to {} bytes", kMethodNameBytesMax));
    auto const payload = body.find("payload");
    request.payload = payload == body.end() ? "null" : dump_json(*payload);
    if (request.payload.size() > kMethodPayloadBytesMax)
        return wrong("payload", fmt::format("is longer than {} bytes", kMethodPayloadBytesMax));
    TRY(request.response_timeout,
        parse_seconds(body, "responseTimeoutInSeconds", kResponseSecondsMin, request.response_timeout));
    TRY(request.connect_timeout, parse_seconds(body, "connectTimeoutInSeconds", 0, request.connect_timeout));
    return request;
}

Json method_answer_to_json(MethodAnswer const& answer) {
    return {{"status", answer.status}, {"payload", answer.payload}};
}

void MethodCalls::call(Name const& target, MethodRequest request, MethodDone done, Instant now) {
    auto const same = [&](auto const& entry) { return entry.second.target == target; };
    auto const waiting_for_target = std::count_if(calls_.begin(), calls_.end(), same);
    if (calls_.size() >= kCallsMax || waiting_for_target >= static_cast<std::ptrdiff_t>(kCallsPerTargetMax))
        return done(
            fail_as(Code::Unavailable, "ThrottlingException", "too many method calls wait; try again later"));
    auto const rid = ++last_rid_;
    auto const [place, made] = calls_.emplace(rid, Call{.target = target,
                                                        .request = std::move(request),
                                                        .done = std::move(done),
                                                        .deadline = now,
                                                        .sent = false});
    if (try_to_send(rid, place->second, now)) return;
    if (place->second.request.connect_timeout.count() == 0) return finish(place, offline(target));
    set_deadline(rid, place->second, now + place->second.request.connect_timeout);
}

void MethodCalls::arrived(Name const& target, Instant now) {
    for (auto& [rid, call] : calls_)
        if (!call.sent && call.target == target) try_to_send(rid, call, now);
}

bool MethodCalls::answered(Name const& target, std::string_view rid, std::int32_t status,
                           std::string_view body) {
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(rid.data(), rid.data() + rid.size(), number, 16);
    if (error != std::errc() || end != rid.data() + rid.size()) return false;
    auto const call = calls_.find(number);
    // The number of another's call is guessed easily, so it is looked at who answers.
    if (call == calls_.end() || !call->second.sent || !(call->second.target == target)) return false;
    auto payload = body.empty() ? Result<Json>(Json()) : parse_json(body);
    if (payload && body.size() <= kMethodPayloadBytesMax) {
        finish(call, MethodAnswer{.status = status, .payload = std::move(*payload)});
    } else {
        finish(call, fail_as(Code::Unavailable, "BadDeviceResponse",
                             "{} answered what is not JSON, or too long", describe(target)));
    }
    return true;
}

void MethodCalls::advance(Instant now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        auto const call = calls_.find(deadlines_.begin()->second);
        if (!call->second.sent) {
            finish(call, offline(call->second.target));
            continue;
        }
        finish(call, fail_as(Code::DeadlineExceeded, "GatewayTimeout", "{} did not answer within {} s",
                             describe(call->second.target), call->second.request.response_timeout.count()));
    }
}

std::optional<Instant> MethodCalls::next_deadline() const {
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.begin()->first;
}

tl::unexpected<Error> MethodCalls::offline(Name const& target) {
    return fail_as(Code::NotFound, "DeviceNotOnline", "{} is not connected, or takes no methods",
                   describe(target));
}

bool MethodCalls::try_to_send(std::uint64_t rid, Call& call, Instant now) {
    if (!send_(call.target, fmt::format("{:x}", rid), call.request)) return false;
    call.sent = true;
    set_deadline(rid, call, now + call.request.response_timeout);
    return true;
}

void MethodCalls::set_deadline(std::uint64_t rid, Call& call, Instant deadline) {
    forget_deadline(rid, call);
    call.deadline = deadline;
    deadlines_.emplace(deadline, rid);
}

void MethodCalls::forget_deadline(std::uint64_t rid, Call const& call) {
    auto const [first, last] = deadlines_.equal_range(call.deadline);
    auto const found = std::find_if(first, last, [&](auto const& entry) { return entry.second == rid; });
    if (found != last) deadlines_.erase(found);
}

void MethodCalls::finish(Calls::iterator call, Result<MethodAnswer> result) {
    forget_deadline(call->first, call->second);
    auto done = std::move(call->second.done);
    calls_.erase(call);
    done(std::move(result));
}

}  // namespace ounce::iot
