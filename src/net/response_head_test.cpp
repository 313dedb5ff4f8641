#include "net/response_head.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace ounce::net {
namespace {

using namespace std::chrono_literals;
constexpr Time kNow{1'795'422'600s};

TEST(ResponseHead, WritesDatesAsHttpWantsThem) {
    EXPECT_EQ(http_date(kNow), "Mon, 23 Nov 2026 08:30:00 GMT");
    EXPECT_EQ(http_date(Time(0s)), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(http_date(Time(951'827'696s)), "Tue, 29 Feb 2000 12:34:56 GMT");
}

TEST(ResponseHead, KeepsFramingToItself) {
    Headers const headers{{"content-length", "9"},   {"Transfer-Encoding", "chunked"},
                          {"CONNECTION", "upgrade"}, {"Date", "today"},
                          {"ETag", "\"a\""},         {"", "no name"},
                          {"Two Words", "x"},        {"Café", "x"},
                          {"X-Tab", "a\tb"},         {"X-Bad", std::string("a\r\nb\0c\x7f", 7)}};
    EXPECT_EQ(response_head(207, headers, 5, true, kNow),
              "HTTP/1.1 207 Multi-Status\r\nDate: Mon, 23 Nov 2026 08:30:00 GMT\r\n"
              "X-Content-Type-Options: nosniff\r\nETag: \"a\"\r\nX-Tab: a\tb\r\n"
              "X-Bad: a  b c \r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(response_head(204, {}, std::nullopt, false, kNow),
              "HTTP/1.1 204 No Content\r\nDate: Mon, 23 Nov 2026 08:30:00 GMT\r\n"
              "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, AnnouncesLengthsWhereTheyMeanSomething) {
    struct {
        char const* what;
        char const* method;
        int status;
        std::optional<std::uint64_t> told;
        std::optional<std::uint64_t> length;
        bool body;
    } const cases[] = {
        {"GET", "GET", 200, std::nullopt, 5, true},
        {"HEAD as GET", "HEAD", 200, std::nullopt, 5, false},
        {"HEAD told", "HEAD", 200, 99, 99, false},
        {"told to a GET", "GET", 200, 99, 5, true},
        {"no content", "DELETE", 204, std::nullopt, std::nullopt, false},
        {"not modified", "GET", 304, std::nullopt, std::nullopt, false},
        {"not modified, told", "GET", 304, 99, 99, false},
        {"an error", "POST", 500, std::nullopt, 5, true},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        HttpResponse response;
        response.status = c.status;
        response.announced_length = c.told;
        EXPECT_EQ(announced_length(c.method, response, 5), c.length);
        EXPECT_EQ(may_have_body(c.method, c.status), c.body);
    }
}

}  // namespace
}  // namespace ounce::net
