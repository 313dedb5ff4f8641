#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "net/http_server.hpp"
#include "net/tls_fixture_test.hpp"

namespace ounce::net {

/// A handler whose paths say what they do: /echo and /file give back what they got, /piece keeps what came of
/// it, /hold waits for release(), /lose forgets the reply, /refuse refuses before the body.
class TestHandler final : public HttpHandler {
  public:
    static constexpr std::uint64_t kBodyMax = 1 << 20;

    std::variant<Admission, HttpResponse> admit(RequestHead const& head) override;
    HttpResponse refuse(int status, Error const& error, RequestHead const* head) override;

    /// What /send answers.
    void set_response(HttpResponse response) { response_ = std::move(response); }
    /// Waits until `count` requests are held. False after 20 s.
    bool wait_for_held(std::size_t count);
    /// What /piece was handed, once there are `count` of them: their bytes, and "..." behind those that are
    /// not whole. Empty after 20 s.
    std::vector<std::string> wait_for_pieces(std::size_t count);
    void release();

  private:
    void hold(Reply reply);
    void keep_piece(HttpRequest const& request, Reply reply);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Reply> held_;
    std::vector<std::string> pieces_;
    HttpResponse response_;
};

/// A server on a free port and what it needs.
struct TestServer {
    explicit TestServer(HttpServer::Options options = {});
    ~TestServer() { handler.release(); }

    [[nodiscard]] std::string url(std::string_view path) const;
    /// The value of a line of the metrics page.
    [[nodiscard]] std::string metric(std::string_view name) const;

    TlsFixture files;
    TestHandler handler;
    Metrics metrics;
    std::unique_ptr<HttpServer> server;
};

}  // namespace ounce::net
