#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "load/tls_client.hpp"

namespace ounce::load {

struct Response {
    int status = 0;
    std::string body;
};

/// One kept-alive HTTP/1.1 connection that never waits; one request at a time.
class HttpClient {
  public:
    /// Errors: as TlsClient::connect.
    static Result<HttpClient> connect(Target const& target);

    /// Queues a whole request, head and body; advance() sends it.
    void send(ByteView request);

    /// Moves bytes both ways; the response once all of it is there.
    /// Errors: as TlsClient::advance; InvalidArgument if it is no response that states its length.
    Result<std::optional<Response>> advance();

    [[nodiscard]] int descriptor() const { return connection_.descriptor(); }

  private:
    explicit HttpClient(TlsClient connection) : connection_(std::move(connection)) {}

    TlsClient connection_;
};

/// A request with `body` as it is, or as the one part `form_name` of a form, as the vendors' clients send it.
/// `headers` are whole lines ending in "\r\n".
Bytes make_request(std::string_view host, std::string_view path, std::string_view headers,
                   std::string_view form_name, ByteView body);

}  // namespace ounce::load
