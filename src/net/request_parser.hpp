#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "net/http.hpp"

namespace ounce::net {

/// Reads one HTTP/1.x request (RFC 9112) from bytes as they come: the head, then the body in pieces, with or
/// without chunks. No sockets; the parser of Boost.Beast does the reading. One object per request, one
/// thread.
class RequestParser {
  public:
    static constexpr std::size_t kHeadBytesMax = 32 << 10;  // names, values and target together
    static constexpr std::size_t kFieldsMax = 100;

    RequestParser();
    RequestParser(RequestParser&&) noexcept;
    RequestParser& operator=(RequestParser&&) noexcept;
    ~RequestParser();

    enum class State { Head, Body, Done };
    [[nodiscard]] State state() const;

    struct Step {
        std::size_t consumed = 0;  // bytes at the front of `input` that are done with; 0: needs more
        ByteView body;             // a piece of the body, inside `input`
    };
    /// One step: the head, or a piece of the body. The caller passes the bytes it has kept and those that
    /// came since, until `consumed` is 0, then reads more; it never needs to keep more than kHeadBytesMax
    /// bytes. Not to be called in State::Done. Errors, after which the parser is of no use: InvalidArgument
    /// for what is no request; ResourceExhausted if the head is too large; Unimplemented for a transfer
    /// coding other than "chunked".
    Result<Step> step(ByteView input);

    /// What follows is known once the head is read.
    [[nodiscard]] RequestHead take_head();
    [[nodiscard]] bool has_body() const;
    /// None if the body comes in chunks.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const;
    /// Whether the caller wants the connection kept.
    [[nodiscard]] bool keep_alive() const;
    /// Whether the caller waits for "100 Continue" before it sends the body.
    [[nodiscard]] bool expects_continue() const;

  private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
};

/// The status that answers an error of step(): 400, 431 or 501.
int parse_failure_status(Error const& error);

}  // namespace ounce::net
