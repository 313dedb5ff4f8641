#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "api/access.hpp"
#include "api/path_pattern.hpp"
#include "net/request_parser.hpp"
#include "net/response_head.hpp"
#include "wire/url.hpp"

namespace {

using namespace ounce;

/// All that can be told of a request.
struct Seen {
    bool refused = false;
    bool done = false;
    std::optional<net::RequestHead> head;
    std::string body;
};

/// Reads as a connection does, `piece` bytes at a time.
Seen read(std::string_view text, std::size_t piece) {
    Seen seen;
    net::RequestParser parser;
    std::string kept;
    while (!text.empty() && !seen.refused && !seen.done) {
        kept += text.substr(0, piece);
        text.remove_prefix(std::min(piece, text.size()));
        for (std::size_t consumed = 1; consumed > 0 && !seen.done;) {
            auto const step = parser.step(as_bytes(kept));
            if (!step) {
                auto const status = net::parse_failure_status(step.error());
                if (step.error().message.empty() || status < 400) std::abort();
                seen.refused = true;
                break;
            }
            if (!step->body.empty() &&
                (as_text(step->body).data() < kept.data() ||
                 as_text(step->body).data() + step->body.size() > kept.data() + kept.size()))
                std::abort();
            consumed = step->consumed;
            seen.body += as_text(step->body);
            kept.erase(0, consumed);
            if (!seen.head && parser.state() != net::RequestParser::State::Head)
                seen.head = parser.take_head();
            seen.done = parser.state() == net::RequestParser::State::Done;
        }
    }
    return seen;
}

void look_at(net::RequestHead const& head) {
    static auto const keyring = crypto::Keyring::create({"localhost"}).value();
    static api::PathPattern const patterns[] = {api::PathPattern("/devices/{id}"),
                                                api::PathPattern("/{a}/{b...}/c/{d}"),
                                                api::PathPattern("/{all...}")};
    auto const segments = wire::split_path(head.path);
    if (segments) {
        for (auto const& pattern : patterns) {
            api::Parameters parameters;
            if (pattern.match(*segments, parameters) && parameters.empty()) std::abort();
        }
    }
    if (api::authenticate(head, "", keyring, Time(std::chrono::seconds(1))))
        std::abort();  // nobody has a key
    auto const answer = net::response_head(200, head.headers, 0, true, Time{});
    if (answer.find("\r\n\r\n") != answer.size() - 4) std::abort();
}

}  // namespace

// A request as a stranger sends it: read in one piece and in many it must come out the same; its path,
// its credentials and its headers go through what looks at them first.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const whole = read(text, 16 << 10);
    for (std::size_t const piece : {1U, 2U, 3U, 7U}) {
        auto const pieces = read(text, piece);
        // What is wrong may show later when it comes in pieces, but what is a request is one either way.
        if (whole.done != pieces.done) std::abort();
        if (whole.done && whole.body != pieces.body) std::abort();
        if (!whole.head || !pieces.head) continue;
        if (whole.head->method != pieces.head->method || whole.head->path != pieces.head->path ||
            whole.head->query != pieces.head->query)
            std::abort();
    }
    if (!whole.head) return 0;
    look_at(*whole.head);
    return 0;
}
