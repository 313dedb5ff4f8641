#pragma once

#include <chrono>

#include "base/json.hpp"
#include "load/tls_client.hpp"

namespace ounce::load {

/// Makes new TLS connections, `at_once` at a time, for `time`; each is closed as soon as its handshake is
/// over. Gives {"handshakes", "per_s", "latency_ms"}, the latency from connect() to the end of the handshake.
/// Errors: as TlsClient; DeadlineExceeded if nothing moves for 10 seconds.
Result<Json> run_handshakes(Target const& target, std::size_t at_once, std::chrono::milliseconds time);

}  // namespace ounce::load
