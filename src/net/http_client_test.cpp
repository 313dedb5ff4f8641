#include "net/http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/file.hpp"
#include "net/http_handler_test.hpp"

namespace ounce::net {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

HttpClient client_of(TestServer const& test, std::stop_token stop = {}) {
    return HttpClient({.ca_pem = test.files.ca_pem(), .stop = std::move(stop)});
}

TEST(HttpClient, SendsAnyMethodWithAndWithoutABody) {
    TestServer test;
    auto client = client_of(test);
    struct {
        char const* method;
        char const* body;
    } const cases[] = {{"GET", ""},      {"POST", ""},   {"POST", "abc"}, {"PUT", ""},
                       {"PATCH", "abc"}, {"DELETE", ""}, {"DELETE", "x"}, {"GET", "query"}};
    for (auto const& c : cases) {
        SCOPED_TRACE(fmt::format("{} {}", c.method, c.body));
        auto const response = client.send({.method = c.method, .url = test.url("/echo?q"), .body = c.body});
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ(response->status, 200);
        EXPECT_EQ(response->headers.find("content-type"), "text/plain");
        EXPECT_EQ(response->body, fmt::format("{} /echo q {}", c.method, c.body));
    }
    EXPECT_EQ(test.metric("http_connections_accepted_total"), "1") << "one connection serves all";
}

TEST(HttpClient, AsksForThePathAsItIs) {
    TestServer test;
    auto client = client_of(test);
    auto const response = client.send({.url = test.url("/refuse/../echo")});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "GET /refuse/../echo  ");
}

TEST(HttpClient, HeadHasNoBody) {
    TestServer test;
    auto client = client_of(test);
    auto const response = client.send({.method = "HEAD", .url = test.url("/echo")});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->headers.find("Content-Length"), "12");
    EXPECT_EQ(response->body, "");
}

TEST(HttpClient, StreamsFilesOutAndInAndTellsHowFarItIs) {
    TestServer test;
    auto client = client_of(test);
    auto const up = test.files.folder() / "up";
    auto const down = test.files.folder() / "down";
    std::ofstream(up) << std::string(TestHandler::kBodyMax, 'x');
    std::uint64_t most = 0;
    auto const note = [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_LE(done, total);
        most = std::max(most, done);
    };
    auto const sent =
        client.send({.method = "PUT", .url = test.url("/file"), .body_file = up, .progress = note});
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_EQ(sent->body, fmt::format("file of {}", TestHandler::kBodyMax));
    EXPECT_GE(most, TestHandler::kBodyMax);

    HttpResponse response;
    response.body = FileBody{up, 0, std::nullopt};
    test.handler.set_response(std::move(response));
    auto const got = client.send({.url = test.url("/send"), .save_to = down});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->body, "");
    EXPECT_EQ(read_file(down, 10 << 20).value(), read_file(up, 10 << 20).value());

    auto const again = client.send({.url = test.url("/send"), .save_to = down});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::AlreadyExists);
    EXPECT_TRUE(std::filesystem::exists(down));
}

TEST(HttpClient, KeepsWhatIsNotASuccessInMemory) {
    TestServer test;
    auto client = client_of(test);
    auto const path = test.files.folder() / "down";
    auto const response = client.send({.url = test.url("/refuse"), .save_to = path});
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 401);
    EXPECT_EQ(response->body, "who are you?");
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(HttpClient, BoundsWhatItKeeps) {
    TestServer test;
    auto client = client_of(test);
    auto const response = client.send({.url = test.url("/echo"), .response_bytes_max = 5});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::ResourceExhausted);
}

TEST(HttpClient, GetsTheAnswerToABodyThatIsRefused) {
    TestServer test;
    auto client = client_of(test);
    std::string const body(TestHandler::kBodyMax + 1, 'x');
    for (auto const* path : {"/echo", "/refuse"}) {
        auto const response = client.send({.method = "POST", .url = test.url(path), .body = body});
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ(response->status, path == std::string("/echo") ? 413 : 401);
    }
}

TEST(HttpClient, SaysWhyThereIsNoAnswer) {
    TestServer test;
    TlsFixture const other;
    auto const signed_url = [&](std::string const& base) { return base + "/x?sig=secret"; };
    struct {
        char const* what;
        HttpClient::Options options;
        std::string url;
        Code code;
        char const* says;
    } const cases[] = {
        {"other CA",
         {.ca_pem = other.ca_pem()},
         signed_url(test.url("")),
         Code::PermissionDenied,
         "not trusted"},
        {"system's CAs", {}, signed_url(test.url("")), Code::PermissionDenied, "CA file"},
        {"no CA file", {.ca_pem = "/nowhere"}, test.url("/"), Code::InvalidArgument, "CA file"},
        {"nobody there",
         {},
         signed_url("https://127.0.0.1:1"),
         Code::Unavailable,
         "127.0.0.1:1: no connection"},
        {"no such name", {}, signed_url("https://no-such-host.invalid"), Code::Unavailable, "no machine"},
        {"not https", {}, "http://localhost/", Code::InvalidArgument, "https://"},
        {"no URL", {}, "::", Code::InvalidArgument, "https://"},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        HttpClient client(c.options);
        auto const response = client.send({.url = c.url});
        ASSERT_FALSE(response);
        EXPECT_EQ(response.error().code, c.code) << response.error().message;
        EXPECT_THAT(response.error().message, HasSubstr(c.says));
        EXPECT_THAT(response.error().message, Not(HasSubstr("secret")));
    }
}

TEST(HttpClient, RefusesHeadersWithLineBreaks) {
    TestServer test;
    auto client = client_of(test);
    auto const response = client.send({.url = test.url("/echo"), .headers = {{"X", "a\r\nY: b"}}});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::InvalidArgument);
}

TEST(HttpClient, StopsWhenAskedTo) {
    TestServer test;
    std::stop_source stop;
    auto client = client_of(test, stop.get_token());
    std::jthread const stopper([&] {
        EXPECT_TRUE(test.handler.wait_for_held(1));
        stop.request_stop();
    });
    auto const response = client.send({.url = test.url("/hold")});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::Cancelled);
}

TEST(HttpClient, GivesUpOnASilentServer) {
    TestServer test;
    HttpClient client({.ca_pem = test.files.ca_pem(), .stall_timeout = 1s});
    auto const response = client.send({.url = test.url("/hold")});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::Unavailable);
}

TEST(HttpClient, HasPatienceWithAnAnswerThatTakesItsTime) {
    TestServer test;
    HttpClient client({.ca_pem = test.files.ca_pem(), .stall_timeout = 1s});
    auto const begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(client.send({.url = test.url("/hold"), .patience = 3s}));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 3s);
}

TEST(HttpClient, AsksAgainWhenAKeptConnectionIsClosed) {
    TestServer test({.idle_timeout = 50ms});
    auto client = client_of(test);
    ASSERT_TRUE(client.send({.url = test.url("/echo")}));
    auto const until = std::chrono::steady_clock::now() + 20s;
    while (test.metric("http_connections") != "0" && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    auto const response = client.send({.method = "POST", .url = test.url("/echo"), .body = "again"});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_THAT(response->body, EndsWith("again"));
}

}  // namespace
}  // namespace ounce::net
