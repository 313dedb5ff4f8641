#include "net/tls_client_test.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace ounce::net {

TlsClient::TlsClient(std::uint16_t port, bool with_handshake, char const* from)
    : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
    std::signal(SIGPIPE, SIG_IGN);
    int const made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval const deadline{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    ::setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &here.sin_addr);
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(port);
    ::inet_pton(AF_INET, "127.0.0.1", &there.sin_addr);
    if (::bind(made, reinterpret_cast<sockaddr const*>(&here), sizeof here) != 0 ||
        ::connect(made, reinterpret_cast<sockaddr const*>(&there), sizeof there) != 0) {
        ::close(made);
        return;
    }
    socket_ = made;
    SSL_set_fd(ssl_.get(), socket_);
    if (with_handshake) EXPECT_TRUE(handshake());
}

TlsClient::~TlsClient() {
    if (socket_ >= 0) ::close(socket_);
}

bool TlsClient::handshake() {
    return SSL_connect(ssl_.get()) == 1;
}

bool TlsClient::send(std::string_view text) {
    while (!text.empty()) {
        int const sent = SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool TlsClient::send_raw(std::string_view text) const {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

bool TlsClient::fill() {
    char piece[16 << 10];
    int const got = SSL_read(ssl_.get(), piece, sizeof piece);
    if (got <= 0) return false;
    kept_.append(piece, static_cast<std::size_t>(got));
    return true;
}

std::string TlsClient::read_until(std::string_view mark) {
    std::size_t at = kept_.find(mark);
    while (at == std::string::npos) {
        if (!fill()) return std::exchange(kept_, {});
        at = kept_.find(mark);
    }
    auto text = kept_.substr(0, at + mark.size());
    kept_.erase(0, at + mark.size());
    return text;
}

std::string TlsClient::read_response(bool with_body) {
    auto text = read_until("\r\n\r\n");
    constexpr std::string_view kLength = "Content-Length: ";
    auto const at = text.find(kLength);
    if (!with_body || at == std::string::npos) return text;
    auto const size = std::strtoull(text.c_str() + at + kLength.size(), nullptr, 10);
    while (kept_.size() < size && fill()) {
    }
    text += kept_.substr(0, size);
    kept_.erase(0, size);
    return text;
}

std::string TlsClient::read_all() {
    while (fill()) {
    }
    return std::exchange(kept_, {});
}

void TlsClient::finish_sending() {
    SSL_shutdown(ssl_.get());
    ::shutdown(socket_, SHUT_WR);
}

}  // namespace ounce::net
