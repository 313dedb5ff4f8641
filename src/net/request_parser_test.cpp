#include "net/request_parser.hpp"

#include <gtest/gtest.h>

namespace ounce::net {
namespace {

/// What a connection does: keeps what was not consumed, adds what comes.
struct Reading {
    RequestParser parser;
    RequestHead head;
    std::string body;
    std::optional<Error> error;
    std::string left;

    explicit Reading(std::string_view text, std::size_t piece) {
        std::string kept;
        while (!text.empty() && !error && parser.state() != RequestParser::State::Done) {
            kept += text.substr(0, piece);
            text.remove_prefix(std::min(piece, text.size()));
            read(kept);
        }
        left = kept + std::string(text);
    }
    void read(std::string& kept) {
        while (parser.state() != RequestParser::State::Done) {
            bool const in_head = parser.state() == RequestParser::State::Head;
            auto const step = parser.step(as_bytes(kept));
            if (!step) {
                error = step.error();
                return;
            }
            body += as_text(step->body);
            kept.erase(0, step->consumed);
            if (in_head && parser.state() != RequestParser::State::Head) head = parser.take_head();
            if (step->consumed == 0) return;
        }
    }
};

class RequestParserPieces : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, RequestParserPieces, testing::Values(1, 2, 3, 5, 16, 1000));

TEST_P(RequestParserPieces, ReadsTheSameInAnyPieces) {
    struct {
        char const* what;
        std::string text;
        char const* path;
        char const* query;
        std::string body;
        bool keep_alive;
        std::optional<std::uint64_t> length;
    } const cases[] = {
        {"no body", "GET /a?b=c&d HTTP/1.1\r\nHost: h\r\n\r\n", "/a", "b=c&d", "", true, 0},
        {"length", "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "/a", "", "hello", true,
         5},
        {"chunks",
         "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
         "Chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
         "/a", "", "hello", true, std::nullopt},
        {"trailer",
         "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nHost: other\r\n\r\n",
         "/a", "", "x", true, std::nullopt},
        {"close", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "/", "", "", false, 0},
        {"old", "GET / HTTP/1.0\r\n\r\n", "/", "", "", false, 0},
        {"old but kept", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "/", "", "", true, 0},
        {"star", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "*", "", "", true, 0},
        {"question in the query", "GET /?a?b HTTP/1.1\r\nHost: h\r\n\r\n", "/", "a?b", "", true, 0},
        {"authority", "GET https://h?a HTTP/1.1\r\nHost: h\r\n\r\n", "/", "a", "", true, 0},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        Reading const reading(c.text + "NEXT", GetParam());
        ASSERT_FALSE(reading.error) << reading.error->message;
        ASSERT_EQ(reading.parser.state(), RequestParser::State::Done);
        EXPECT_EQ(reading.head.path, c.path);
        EXPECT_EQ(reading.head.query, c.query);
        EXPECT_EQ(reading.body, c.body);
        EXPECT_EQ(reading.parser.keep_alive(), c.keep_alive);
        EXPECT_EQ(reading.parser.content_length(), c.length);
        EXPECT_EQ(reading.left, "NEXT");
        if (c.what == std::string("trailer")) EXPECT_EQ(reading.head.headers.find("Host"), "h");
    }
}

TEST_P(RequestParserPieces, RefusesTheSameInAnyPieces) {
    std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (std::size_t i = 0; i <= RequestParser::kFieldsMax; ++i) many += "A: b\r\n";
    many += "\r\n";
    std::string const endless_trailer =
        "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " +
        std::string(RequestParser::kHeadBytesMax, 'a');
    struct {
        char const* what;
        std::string text;
        int status;
    } const cases[] = {
        {"line feeds alone", "GET / HTTP/1.1\nHost: h\n\n\r\n\r\n", 400},
        {"space in a name", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
        {"NUL in a value", std::string("GET / HTTP/1.1\r\nHost: h\0h\r\n\r\n", 29), 400},
        {"chunk too large",
         "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", 400},
        {"chunk without end",
         "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n\r\n", 400},
        {"length as a sum", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\nx", 400},
        {"many fields", many, 431},
        {"long target", "GET /" + std::string(RequestParser::kHeadBytesMax, 'a') + " HTTP/1.1\r\n", 431},
        {"endless chunk head",
         "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;a=" +
             std::string(RequestParser::kHeadBytesMax, 'a'),
         400},
        {"endless trailer", endless_trailer, 400},
        {"other coding", "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 501},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        Reading const reading(c.text, GetParam());
        ASSERT_TRUE(reading.error);
        EXPECT_EQ(parse_failure_status(*reading.error), c.status) << reading.error->message;
    }
}

TEST(RequestParser, KnowsWhoWaitsToContinue) {
    EXPECT_TRUE(
        Reading("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n", 1000)
            .parser.expects_continue());
    EXPECT_FALSE(Reading("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", 1000)
                     .parser.expects_continue());
}

}  // namespace
}  // namespace ounce::net
