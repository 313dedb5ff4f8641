#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "net/http.hpp"

namespace ounce::net {

/// Asks an HTTPS server, for commands and tools: libcurl behind it. One thread at a time; connections are
/// kept.
class HttpClient {
  public:
    struct Options {
        std::filesystem::path ca_pem = {};  // trusted instead of the system's; empty: the system's
        std::chrono::seconds connect_timeout{15};
        std::chrono::seconds stall_timeout{60};  // no byte either way
        std::stop_token stop = {};
    };
    explicit HttpClient(Options options);
    HttpClient(HttpClient&&) noexcept;
    ~HttpClient();

    struct Request {
        std::string method = "GET";
        std::string url = {};
        Headers headers = {};
        std::string body = {};
        std::optional<std::filesystem::path> body_file = {};  // streamed instead of `body`
        /// A 2xx body goes to this new file instead of memory; removed again on an error.
        std::optional<std::filesystem::path> save_to = {};
        /// `save_to` may be there, from a transfer that broke off: only what it lacks is asked for, and it stays
        /// on an error. For what never changes; the caller compares the whole with its hash.
        bool resume = false;
        std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
        std::chrono::seconds timeout{0};  // for all of it; 0: none but the stall timeout
        /// How long the other side may be silent if it needs longer for its answer than the stall timeout.
        std::chrono::seconds patience{0};
        std::uint64_t response_bytes_max = 256ull << 20;  // kept in memory
    };
    struct Response {
        int status = 0;
        Headers headers = {};
        std::string body = {};
    };
    /// Any status is a Response; redirects are not followed. Errors, none of which repeats the URL:
    /// Unavailable if there is no connection (names host and port), the name is unknown, or the other side
    /// stalled; PermissionDenied if its certificate is not trusted (says to give the CA); Cancelled;
    /// ResourceExhausted for a larger answer; InvalidArgument for a URL that is not https or a header with a
    /// line break; AlreadyExists for `save_to`.
    Result<Response> send(Request const& request);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ounce::net
