#include "net/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "net/http_handler_test.hpp"
#include "net/tls_client_test.hpp"

namespace ounce::net {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string chunk(std::string_view text) {
    return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

TEST(HttpServer, AnswersSeveralRequestsOnOneConnection) {
    TestServer test;
    TlsClient client(test.server->port());
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.send(fmt::format("GET /a%20b?i={} HTTP/1.1\r\nHost: x\r\n\r\n", i)));
        auto const response = client.read_response();
        EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
        EXPECT_THAT(response, HasSubstr("Connection: keep-alive\r\n"));
        EXPECT_THAT(response, EndsWith(fmt::format("GET /a%20b i={} ", i)));
    }
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
    TestServer test;
    TlsClient client(test.server->port());
    std::string both;
    for (int i = 0; i < 20; ++i)
        both += fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{:02}", i);
    ASSERT_TRUE(client.send(both));
    for (int i = 0; i < 20; ++i)
        EXPECT_THAT(client.read_response(), EndsWith(fmt::format("POST /echo  {:02}", i)));
}

TEST(HttpServer, ClosesWhenAskedTo) {
    struct {
        char const* what;
        char const* head;
    } const cases[] = {
        {"said so", "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
        {"HTTP/1.0", "GET /echo HTTP/1.0\r\n\r\n"},
    };
    TestServer test;
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        TlsClient client(test.server->port());
        ASSERT_TRUE(client.send(c.head));
        EXPECT_THAT(client.read_all(), HasSubstr("Connection: close\r\n"));
    }
}

TEST(HttpServer, TakesBodiesInChunksAndInAnyPieces) {
    TestServer test;
    std::string const request = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                chunk("snow ") + chunk("leopard") + "0\r\nX-Trailer: t\r\n\r\n";
    for (std::size_t piece : {std::size_t{1}, std::size_t{7}, request.size()}) {
        SCOPED_TRACE(piece);
        TlsClient client(test.server->port());
        for (std::size_t at = 0; at < request.size(); at += piece)
            ASSERT_TRUE(client.send(std::string_view(request).substr(at, piece)));
        EXPECT_THAT(client.read_response(), EndsWith("POST /echo  snow leopard"));
        ASSERT_TRUE(client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_THAT(client.read_response(), EndsWith("GET /next  "));
    }
}

TEST(HttpServer, SpoolsLargeBodiesToAFileOfItsOwn) {
    TestServer test;
    TlsClient client(test.server->port());
    std::string const body(TestHandler::kBodyMax, 'x');
    ASSERT_TRUE(client.send(
        fmt::format("PUT /file HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.size()) + body));
    EXPECT_THAT(client.read_response(), EndsWith(fmt::format("file of {}", body.size())));
    ASSERT_TRUE(client.send("PUT /file HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                            chunk(std::string(300'000, 'y')) + chunk("z") + "0\r\n\r\n"));
    EXPECT_THAT(client.read_response(), EndsWith("file of 300001"));
    ASSERT_TRUE(client.send("PUT /file HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_THAT(client.read_response(), EndsWith("file of 0"));
    test.server.reset();
    for (auto const& entry : std::filesystem::directory_iterator(test.files.folder()))
        EXPECT_THAT(entry.path().filename().string(), Not(StartsWith("body-"))) << "left behind";
}

TEST(HttpServer, SaysContinueBeforeABodyThatItWants) {
    TestServer test;
    TlsClient client(test.server->port());
    ASSERT_TRUE(
        client.send("PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    ASSERT_TRUE(client.send("body"));
    EXPECT_THAT(client.read_response(), EndsWith("PUT /echo  body"));

    ASSERT_TRUE(
        client.send("PUT /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 401 "));
}

TEST(HttpServer, RefusesBodiesThatAreTooLargeWhileTheyAreStillSent) {
    auto const too_large = TestHandler::kBodyMax + 1;
    TestServer test;
    struct {
        char const* what;
        std::string head;
        bool chunked;
    } const cases[] = {
        {"told", fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", too_large),
         false},
        {"untold", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", true},
        {"to a file", "POST /file HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", true},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        TlsClient client(test.server->port());
        ASSERT_TRUE(client.send(c.head));
        std::string const piece(64 << 10, 'x');
        for (std::size_t sent = 0; sent < 4 * too_large; sent += piece.size())
            ASSERT_TRUE(client.send(c.chunked ? chunk(piece) : piece))
                << "cut off before the answer was read";
        auto const response = client.read_response();
        EXPECT_THAT(response, StartsWith("HTTP/1.1 413 "));
        EXPECT_THAT(response, HasSubstr(fmt::format("more than the {} bytes", TestHandler::kBodyMax)));
        EXPECT_THAT(response, HasSubstr("refused /"));
    }
}

TEST(HttpServer, RefusesWhatIsNoRequest) {
    TestServer test;
    struct {
        char const* what;
        std::string sent;
        char const* status;
    } const cases[] = {
        {"noise", "\x01\x02\x03 what is this\r\n\r\n", "400"},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
        {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        {"HTTP/3", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", "400"},
        {"no path", "GET example HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        {"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         "400"},
        {"length and chunks",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "400"},
        {"chunks and length",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
         "400"},
        {"bad length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"},
        {"bad chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "400"},
        {"gzip", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
        {"endless line", "GET /" + std::string(40'000, 'a'), "431"},
        {"endless fields",
         "GET / HTTP/1.1\r\nHost: a\r\n" +
             [] {
                 std::string fields;
                 for (int i = 0; i < 200; ++i) fields += fmt::format("X-{}: a\r\n", i);
                 return fields;
             }(),
         "431"},
        {"large fields",
         "GET / HTTP/1.1\r\nHost: a\r\n" +
             [] {
                 std::string fields;
                 for (int i = 0; i < 50; ++i)
                     fields += fmt::format("X-{}: {}\r\n", i, std::string(1000, 'v'));
                 return fields;
             }(),
         "431"},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        TlsClient client(test.server->port());
        ASSERT_TRUE(client.send(c.sent));
        EXPECT_THAT(client.read_all(), StartsWith(fmt::format("HTTP/1.1 {} ", c.status)));
    }
}

TEST(HttpServer, TakesAddressesAsAProxyWouldSendThem) {
    TestServer test;
    TlsClient client(test.server->port());
    ASSERT_TRUE(client.send("GET HTTPS://hub.example:8443/a?b HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.read_response(), EndsWith("GET /a b "));
    ASSERT_TRUE(client.send("GET https://hub.example HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.read_response(), EndsWith("GET /  "));
}

TEST(HttpServer, RefusesBeforeTheBodyAndKeepsTheConnectionOnlyWithoutOne) {
    TestServer test;
    TlsClient client(test.server->port());
    ASSERT_TRUE(client.send("GET /refuse HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.read_response(), HasSubstr("Connection: keep-alive"));
    ASSERT_TRUE(client.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"));
    EXPECT_THAT(client.read_all(), HasSubstr("Connection: close"));
}

TEST(HttpServer, AnswersHeadWithoutABody) {
    TestServer test;
    TlsClient client(test.server->port());
    ASSERT_TRUE(client.send("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.read_response(false), HasSubstr("Content-Length: 12\r\n"));
    EXPECT_THAT(client.read_response(), EndsWith("GET /next  "));
}

TEST(HttpServer, SendsPartsOfFilesAndNoticesThoseThatAreTooShort) {
    TestServer test;
    auto const path = test.files.folder() / "download";
    std::string content;
    for (int i = 0; content.size() < 700'000; ++i) content += fmt::format("{} ", i);
    std::ofstream(path, std::ios::binary) << content;
    struct {
        char const* what;
        FileBody body;
        int status;
        std::string expected;
    } const cases[] = {
        {"all", {path, 0, std::nullopt}, 200, content},
        {"the end", {path, 650'000, std::nullopt}, 200, content.substr(650'000)},
        {"a stretch", {path, 10, 300'000}, 200, content.substr(10, 300'000)},
        {"nothing", {path, content.size(), std::nullopt}, 200, ""},
        {"too much", {path, 10, content.size()}, 500, ""},
        {"beyond", {path, content.size() + 1, std::nullopt}, 500, ""},
        {"no file", {path.string() + "-not", 0, std::nullopt}, 500, ""},
        {"a folder", {test.files.folder(), 0, std::nullopt}, 500, ""},
    };
    TlsClient client(test.server->port());
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        HttpResponse response;
        response.body = c.body;
        test.handler.set_response(std::move(response));
        ASSERT_TRUE(client.send("GET /send HTTP/1.1\r\nHost: x\r\n\r\n"));
        auto const got = client.read_response();
        EXPECT_THAT(got, StartsWith(fmt::format("HTTP/1.1 {} ", c.status)));
        if (c.status == 200) EXPECT_TRUE(got.substr(got.find("\r\n\r\n") + 4) == c.expected);
    }
}

TEST(HttpServer, SendsTextsAndFilesOneAfterTheOther) {
    TestServer test;
    auto const path = test.files.folder() / "download";
    std::ofstream(path, std::ios::binary) << "0123456789";
    PartsBody const parts{{"begin ", FileBody{path, 2, 3}, "", FileBody{path, 0, 10}, " end"}};
    auto const answer_with = [&](PartsBody const& body) {
        HttpResponse response;
        response.body = body;
        test.handler.set_response(std::move(response));
    };
    TlsClient client(test.server->port());
    answer_with(parts);
    ASSERT_TRUE(client.send("GET /send HTTP/1.1\r\nHost: x\r\n\r\n"));
    auto const got = client.read_response();
    EXPECT_THAT(got, HasSubstr("Content-Length: 23\r\n"));
    EXPECT_THAT(got, EndsWith("begin 2340123456789 end"));
    answer_with({{"begin", FileBody{path.string() + "-gone", 0, 5}}});
    ASSERT_TRUE(client.send("GET /send HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.read_all(), EndsWith("begin")) << "broken off, not filled up";
}

TEST(HttpServer, LetsNoHeaderValueBeginALineOfItsOwn) {
    TestServer test;
    HttpResponse response;
    response.headers.add("X-Name", "a\r\nX-Forged: b\r\n\r\nbody");
    response.headers.add("X-Bad\r\nX-Forged", "c");
    response.headers.add("Content-Length", "99");
    response.body = "ok";
    test.handler.set_response(std::move(response));
    TlsClient client(test.server->port());
    ASSERT_TRUE(client.send("GET /send HTTP/1.1\r\nHost: x\r\n\r\n"));
    auto const got = client.read_response();
    EXPECT_THAT(got, Not(HasSubstr("\nX-Forged")));
    EXPECT_THAT(got, HasSubstr("X-Name: a  X-Forged: b    body\r\n"));
    EXPECT_THAT(got, EndsWith("Content-Length: 2\r\nConnection: keep-alive\r\n\r\nok"));
}

TEST(HttpServer, Says500ForARequestThatItsHandlerLost) {
    TestServer test;
    TlsClient client(test.server->port());
    ASSERT_TRUE(client.send("GET /lose HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 500 "));
    ASSERT_TRUE(client.send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, AnswersACallerThatHasFinishedSending) {
    TestServer test;
    TlsClient client(test.server->port());
    ASSERT_TRUE(client.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    client.finish_sending();
    ASSERT_TRUE(test.handler.wait_for_held(1));
    test.handler.release();
    EXPECT_THAT(client.read_all(), EndsWith("released"));
}

TEST(HttpServer, DropsAnswersToCallersThatAreGone) {
    TestServer test;
    {
        TlsClient client(test.server->port());
        ASSERT_TRUE(client.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
        ASSERT_TRUE(test.handler.wait_for_held(1));
    }
    test.handler.release();
    TlsClient other(test.server->port());
    ASSERT_TRUE(other.send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(other.read_response(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, IsDestroyedWithRequestsUnderWayAndTheirAnswersGoNowhere) {
    TestServer test;
    TlsClient running(test.server->port());
    TlsClient silent(test.server->port(), false);
    TlsClient half(test.server->port());
    ASSERT_TRUE(half.send("GET /ha"));
    ASSERT_TRUE(running.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(test.handler.wait_for_held(1));
    test.server.reset();
    test.handler.release();
    EXPECT_EQ(running.read_all(), "");
}

TEST(HttpServer, OneSlowReaderHoldsUpNobody) {
    TestServer test;
    HttpResponse response;
    response.body = std::string(16 << 20, 'x');
    test.handler.set_response(std::move(response));
    TlsClient slow(test.server->port());
    ASSERT_TRUE(slow.send("GET /send HTTP/1.1\r\nHost: x\r\n\r\n"));
    TlsClient other(test.server->port());
    ASSERT_TRUE(other.send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(other.read_response(), StartsWith("HTTP/1.1 200 "));
    EXPECT_GT(slow.read_response().size(), std::size_t{16 << 20});
}

}  // namespace
}  // namespace ounce::net
