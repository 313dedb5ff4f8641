#include "load/tls_client.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace ounce::load {

namespace {

std::string last_tls_error() {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
    return text.data();
}

bool is_address(std::string const& host) {
    std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
    return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

Result<Target> Target::find(std::string host, std::uint16_t port, std::filesystem::path const& ca_pem) {
    Target target;
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (auto const error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
        error != 0)
        return fail(Code::NotFound, "{}: {}", host, gai_strerror(error));
    auto const* best = found;  // "localhost": brokers that we compare with may listen on IPv4 alone
    while (best->ai_family != AF_INET && best->ai_next != nullptr) best = best->ai_next;
    if (best->ai_family != AF_INET) best = found;
    std::memcpy(&target.address_, best->ai_addr, best->ai_addrlen);
    target.address_bytes_ = best->ai_addrlen;
    freeaddrinfo(found);

    target.context_ = {SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
    SSL_CTX_set_min_proto_version(target.context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(target.context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                                SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(target.context_.get(), SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_load_verify_file(target.context_.get(), ca_pem.c_str()) != 1)
        return fail(Code::InvalidArgument, "{}: no certificates: {}", ca_pem.string(), last_tls_error());
    target.host_ = std::move(host);
    return target;
}

Result<TlsClient> TlsClient::connect(Target const& target) {
    Descriptor socket(::socket(target.address_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return fail(Code::ResourceExhausted, "socket: {}", std::strerror(errno));
    int const on = 1;
    setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.number(), reinterpret_cast<sockaddr const*>(&target.address_),
                  target.address_bytes_) != 0 &&
        errno != EINPROGRESS)
        return fail(errno == EADDRNOTAVAIL ? Code::ResourceExhausted : Code::Unavailable, "connect: {}",
                    std::strerror(errno));
    std::shared_ptr<SSL> tls(SSL_new(target.context_.get()), [](SSL* gone) {
        SSL_shutdown(gone);  // one polite word; nobody waits for the answer
        SSL_free(gone);
    });
    SSL_set_fd(tls.get(), socket.number());
    if (is_address(target.host_)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), target.host_.c_str());
    } else {
        SSL_set_tlsext_host_name(tls.get(), target.host_.c_str());
        SSL_set1_host(tls.get(), target.host_.c_str());
    }
    SSL_set_connect_state(tls.get());
    return TlsClient(std::move(socket), std::move(tls));
}

/// True if the call did something, false if it must wait for the socket.
Result<bool> TlsClient::went_on(int result, char const* doing) {
    if (result > 0) return true;
    switch (SSL_get_error(tls_.get(), result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return false;
        case SSL_ERROR_ZERO_RETURN:
            return fail(Code::Unavailable, "the server closed the connection");
        case SSL_ERROR_SYSCALL:
            return fail(Code::Unavailable, "{}: {}", doing,
                        errno == 0 ? "the server closed the connection" : std::strerror(errno));
        default:
            if (auto const trust = SSL_get_verify_result(tls_.get()); trust != X509_V_OK)
                return fail(Code::PermissionDenied, "{}: {}", doing, X509_verify_cert_error_string(trust));
            return fail(Code::Unavailable, "{}: {}", doing, last_tls_error());
    }
}

Status TlsClient::advance() {
    ERR_clear_error();
    errno = 0;
    if (!established_) {
        TRY(established_, went_on(SSL_do_handshake(tls_.get()), "TLS handshake"));
        if (!established_) return {};
    }
    TRY_STATUS(flush());
    TRY_STATUS(read());
    return {};
}

Status TlsClient::flush() {
    while (flushed_ < outgoing.size()) {
        std::size_t written = 0;
        auto const result =
            SSL_write_ex(tls_.get(), outgoing.data() + flushed_, outgoing.size() - flushed_, &written);
        TRY(auto const on, went_on(result, "write"));
        if (!on) return {};
        flushed_ += written;
    }
    outgoing.clear();
    flushed_ = 0;
    return {};
}

Status TlsClient::read() {
    std::array<std::uint8_t, 16 * 1024> piece;  // a TLS record holds no more; not zeroed: read into at once
    for (;;) {
        std::size_t count = 0;
        TRY(auto const on, went_on(SSL_read_ex(tls_.get(), piece.data(), piece.size(), &count), "read"));
        if (!on) return {};
        incoming.insert(incoming.end(), piece.data(), piece.data() + count);
    }
}

void prepare_process() {
    std::signal(SIGPIPE, SIG_IGN);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace ounce::load
