#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "net/http.hpp"

namespace ounce::net {

/// The head of an HTTP/1.1 response as it goes out, with the empty line.
///
/// Framing belongs to the server: the handler's Content-Length, Transfer-Encoding, Connection and Date are
/// replaced by `length` (none: no body and no announcement), `keep_alive` and `now`. A control character in a
/// header's value becomes a space and a field whose name is no token is left out, so that no value from
/// outside can begin a header or a body of its own. Pure.
std::string response_head(int status, Headers const& headers, std::optional<std::uint64_t> length,
                          bool keep_alive, Time now);

/// "Mon, 23 Nov 2026 08:30:00 GMT" (RFC 9110 section 5.6.7).
std::string http_date(Time time);

/// Whether a response to this has a body at all; `method` is the request's.
bool may_have_body(std::string_view method, int status);

/// What is announced as Content-Length, if anything; `size` is the body's.
std::optional<std::uint64_t> announced_length(std::string_view method, HttpResponse const& response,
                                              std::uint64_t size);

}  // namespace ounce::net
