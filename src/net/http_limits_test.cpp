// The bounds of the HTTP server: time, connections, memory, and its end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "net/http_handler_test.hpp"
#include "net/http_server.hpp"
#include "net/tls_client_test.hpp"

namespace ounce::net {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char const* kEcho = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr char const* kHold = "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(HttpLimits, SilentCallersAreClosed) {
    TestServer test({.handshake_timeout = 100ms, .idle_timeout = 100ms});
    TlsClient never(test.server->port(), false);
    auto const until = std::chrono::steady_clock::now() + 20s;
    while (test.metric("http_handshakes_failed_total") != "1" && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    EXPECT_FALSE(never.handshake());
    TlsClient idle(test.server->port());
    EXPECT_EQ(idle.read_all(), "");
    TlsClient after_one(test.server->port());
    ASSERT_TRUE(after_one.send(kEcho));
    EXPECT_THAT(after_one.read_response(), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(after_one.read_all(), "");
}

TEST(HttpLimits, ASlowHeadIsToldSo) {
    TestServer test({.head_timeout = 100ms});
    TlsClient client(test.server->port());
    ASSERT_TRUE(client.send("GET /echo HT"));
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpLimits, ABodyThatStopsComingIsToldSo) {
    TestServer test({.stall_timeout = 100ms});
    for (char const* path : {"/echo", "/file"}) {
        SCOPED_TRACE(path);
        TlsClient client(test.server->port());
        ASSERT_TRUE(
            client.send(fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", path)));
        EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 408 "));
    }
}

TEST(HttpLimits, WhatCameOfABodyThatBrokeOffIsHandledWhereItIsWanted) {
    TestServer test({.stall_timeout = 100ms});
    auto const send = [&](std::string_view path, std::string_view body) {
        auto client = std::make_unique<TlsClient>(test.server->port());
        EXPECT_TRUE(client->send(
            fmt::format("PATCH {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}", path, body)));
        return client;
    };
    EXPECT_THAT(send("/piece", "silent")->read_all(), StartsWith("HTTP/1.1 408 ")) << "told, and kept";
    EXPECT_THAT(send("/piece", "")->read_all(), StartsWith("HTTP/1.1 408 ")) << "there is nothing to keep";
    EXPECT_THAT(send("/file", "unwanted")->read_all(), StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(send("/piece", "0123456789")->read_response(), EndsWith("kept"));
    EXPECT_EQ(test.handler.wait_for_pieces(2), (std::vector<std::string>{"silent...", "0123456789"}));
    send("/piece", "gone");
    EXPECT_EQ(test.handler.wait_for_pieces(3).back(), "gone...");
    test.server.reset();
    for (auto const& entry : std::filesystem::directory_iterator(test.files.folder()))
        EXPECT_FALSE(entry.path().filename().string().starts_with("body-")) << "left behind";
}

TEST(HttpLimits, ABodyThatDripsIsToldSo) {
    TestServer test({.stall_timeout = 300ms});
    TlsClient client(test.server->port());
    ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n"));
    // Each byte comes in time, all of them together do not.
    int sent = 0;
    while (test.metric("http_timeouts_total") == "0" && sent < 199) {
        ASSERT_TRUE(client.send("x"));
        ++sent;
        auto const next = std::chrono::steady_clock::now() + 20ms;
        while (test.metric("http_timeouts_total") == "0" && std::chrono::steady_clock::now() < next)
            std::this_thread::yield();
    }
    EXPECT_LT(sent, 199);
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpLimits, ACallerThatNeverReadsIsClosed) {
    TestServer test({.stall_timeout = 100ms});
    HttpResponse response;
    response.body = std::string(16 << 20, 'x');
    test.handler.set_response(std::move(response));
    TlsClient deaf(test.server->port());
    ASSERT_TRUE(deaf.send("GET /send HTTP/1.1\r\nHost: x\r\n\r\n"));
    auto const until = std::chrono::steady_clock::now() + 20s;
    while (test.metric("http_connections") != "0" && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    EXPECT_EQ(test.metric("http_connections"), "0");
    EXPECT_LT(deaf.read_all().size(), std::size_t{16 << 20});
}

TEST(HttpLimits, OneAddressCannotKeepOthersOut) {
    TestServer test({.connections_per_address_max = 3});
    std::vector<std::unique_ptr<TlsClient>> loud;
    for (int i = 0; i < 3; ++i) loud.push_back(std::make_unique<TlsClient>(test.server->port()));
    TlsClient fourth(test.server->port(), false);
    EXPECT_FALSE(fourth.handshake());
    TlsClient other(test.server->port(), true, "127.0.0.2");
    ASSERT_TRUE(other.send(kEcho));
    EXPECT_THAT(other.read_response(), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(test.metric("http_connections_refused_total{reason=\"address\"}"), "1");
}

TEST(HttpLimits, OneAddressCannotConnectAsOftenAsItLikes) {
    TestServer test({.accepts_per_second_per_address = 5});
    int refused = 0;
    for (int i = 0; i < 50; ++i) {
        TlsClient client(test.server->port(), false);
        if (!client.handshake()) ++refused;
    }
    EXPECT_GE(refused, 30);
    TlsClient other(test.server->port(), true, "127.0.0.2");
    ASSERT_TRUE(other.send(kEcho));
    EXPECT_THAT(other.read_response(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpLimits, AFullServerClosesTheOneLongestIdleAndRefusesOnlyWhenAllAreBusy) {
    TestServer test({.connections_max = 2});
    TlsClient first(test.server->port());
    ASSERT_TRUE(first.send(kHold));
    ASSERT_TRUE(test.handler.wait_for_held(1));
    TlsClient idle(test.server->port());
    ASSERT_TRUE(idle.send(kEcho));
    EXPECT_THAT(idle.read_response(), StartsWith("HTTP/1.1 200 "));
    TlsClient third(test.server->port());
    EXPECT_EQ(idle.read_all(), "");
    ASSERT_TRUE(third.send(kHold));
    ASSERT_TRUE(test.handler.wait_for_held(2));
    TlsClient fourth(test.server->port(), false);
    EXPECT_FALSE(fourth.handshake());
    test.handler.release();
    EXPECT_THAT(first.read_response(), EndsWith("released"));
    EXPECT_THAT(third.read_response(), EndsWith("released"));
}

TEST(HttpLimits, BodiesInMemoryHaveABoundTogether) {
    TestServer test({.body_memory_max = 1000});
    auto const post = [](char const* path, std::size_t bytes) {
        return fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", path, bytes,
                           std::string(bytes, 'a'));
    };
    TlsClient one(test.server->port());
    ASSERT_TRUE(one.send(post("/hold", 800)));
    ASSERT_TRUE(test.handler.wait_for_held(1));
    TlsClient two(test.server->port());
    ASSERT_TRUE(two.send(post("/echo", 201)));
    EXPECT_THAT(two.read_response(), StartsWith("HTTP/1.1 503 "));
    test.handler.release();
    EXPECT_THAT(one.read_response(), EndsWith("released"));
    ASSERT_TRUE(one.send(post("/echo", 1000)));
    EXPECT_THAT(one.read_response(), StartsWith("HTTP/1.1 200 ")) << "the place is free again";
}

TEST(HttpLimits, DrainEndsIdleConnectionsAndLetsRequestsEnd) {
    TestServer test;
    TlsClient idle(test.server->port());
    TlsClient running(test.server->port());
    ASSERT_TRUE(running.send(kHold));
    ASSERT_TRUE(test.handler.wait_for_held(1));
    auto drained = std::async(std::launch::async, [&] { test.server->drain(20s); });
    EXPECT_EQ(idle.read_all(), "");
    EXPECT_FALSE(TlsClient(test.server->port(), false).connected()) << "it still listens";
    EXPECT_NE(drained.wait_for(0s), std::future_status::ready);
    test.handler.release();
    auto const response = running.read_all();
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(response, EndsWith("released"));
    drained.get();
}

TEST(HttpLimits, DrainCutsOffWhatDoesNotEndInTime) {
    TestServer test;
    TlsClient running(test.server->port());
    ASSERT_TRUE(running.send(kHold));
    ASSERT_TRUE(test.handler.wait_for_held(1));
    test.server->drain(50ms);
    EXPECT_EQ(running.read_all(), "");
}

TEST(HttpLimits, APortThatIsTakenIsSaidSo) {
    TestServer test;
    HttpServer::Options options;
    options.address = "127.0.0.1";
    options.port = test.server->port();
    auto const second = HttpServer::start(options, test.files.identity(), test.handler, test.metrics);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::Unavailable);
    EXPECT_THAT(second.error().message, HasSubstr(fmt::format("port {}", options.port)));
    options.address = "nowhere";
    auto const third = HttpServer::start(options, test.files.identity(), test.handler, test.metrics);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace ounce::net
