#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/descriptor.hpp"
#include "wire/mqtt_packet.hpp"

namespace ounce::net {

/// A blocking MQTT client over TLS, for tests. Waits at most 10 s for anything.
class MqttTestClient {
  public:
    explicit MqttTestClient(std::uint16_t port, std::filesystem::path const& ca_pem,
                            std::string const& from = "127.0.0.1")
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)), context_(SSL_CTX_new(TLS_client_method())) {
        std::signal(SIGPIPE, SIG_IGN);  // the server may close first
        timeval const patience{10, 0};
        ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        auto const here = address(from, 0);
        auto const there = address("127.0.0.1", port);
        ::bind(socket_.number(), reinterpret_cast<sockaddr const*>(&here), sizeof here);
        connected_ =
            ::connect(socket_.number(), reinterpret_cast<sockaddr const*>(&there), sizeof there) == 0;
        EXPECT_EQ(SSL_CTX_load_verify_locations(context_.get(), ca_pem.c_str(), nullptr), 1);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    }

    /// The TLS handshake. False if the server closes first.
    bool shake_hands() {
        if (!connected_) return false;
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), socket_.number());
        return SSL_connect(ssl_.get()) == 1;
    }

    bool send(wire::mqtt::Packet const& packet) {
        Bytes bytes;
        wire::mqtt::encode(packet, bytes);
        return send_bytes(bytes);
    }
    bool send_bytes(ByteView bytes) {
        std::size_t count = 0;
        return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count) == 1 && count == bytes.size();
    }

    /// The next packet; none if the server closed or said nothing in time.
    std::optional<wire::mqtt::Packet> receive() {
        while (true) {
            ByteView input(input_);
            auto packet = wire::mqtt::take_packet(input);
            EXPECT_TRUE(packet);
            if (!packet) return std::nullopt;
            if (*packet) {
                input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(input.size()));
                return std::move(*packet);
            }
            std::uint8_t buffer[4096];
            std::size_t count = 0;
            if (SSL_read_ex(ssl_.get(), buffer, sizeof buffer, &count) != 1) return std::nullopt;
            input_.insert(input_.end(), buffer, buffer + count);
        }
    }

    /// Whether the server closed, within patience. Without TLS if there was no handshake.
    bool closed_by_server() {
        std::uint8_t byte = 0;
        std::size_t count = 0;
        if (ssl_ != nullptr) {
            int const result = SSL_read_ex(ssl_.get(), &byte, 1, &count);
            return result != 1 && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ;
        }
        auto const result = ::recv(socket_.number(), &byte, 1, 0);
        return result == 0 || (result < 0 && errno != EAGAIN);
    }

    /// The usual beginning. False if it was refused.
    bool connect(std::string const& client_id, std::uint16_t keep_alive_s = 60) {
        wire::mqtt::Connect packet;
        packet.client_id = client_id;
        packet.keep_alive_s = keep_alive_s;
        if (!shake_hands() || !send(packet)) return false;
        auto const answer = receive();
        return answer == wire::mqtt::Packet(wire::mqtt::Connack{});
    }

    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] int descriptor() const { return socket_.number(); }

  private:
    static sockaddr_in address(std::string const& ip, std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
        return address;
    }
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };

    Descriptor socket_;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> ssl_;
    bool connected_ = false;
    Bytes input_;
};

}  // namespace ounce::net
