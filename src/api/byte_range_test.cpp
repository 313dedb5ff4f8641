#include "api/byte_range.hpp"

#include <gtest/gtest.h>

namespace ounce::api {
namespace {

TEST(ByteRange, AnswersAsTheStandardSays) {
    struct {
        char const* header;
        std::uint64_t size;
        RangeAnswer expected;
    } const cases[] = {
        {"bytes=0-0", 10, ByteRange{0, 1}},
        {"bytes=2-5", 10, ByteRange{2, 4}},
        {"bytes=2-", 10, ByteRange{2, 8}},
        {"bytes=2-99", 10, ByteRange{2, 8}},
        {"bytes=2-18446744073709551615", 10, ByteRange{2, 8}},
        {"bytes=-3", 10, ByteRange{7, 3}},
        {"bytes=-99", 10, ByteRange{0, 10}},
        {"bytes=10-", 10, NoSuchRange::Yes},
        {"bytes=0-", 0, NoSuchRange::Yes},
        {"bytes=-0", 10, NoSuchRange::Yes},
        {"bytes=5-2", 10, WholeFile::Yes},
        {"bytes=0-1,4-5", 10, WholeFile::Yes},
        {"bytes=", 10, WholeFile::Yes},
        {"bytes=-", 10, WholeFile::Yes},
        {"bytes=a-b", 10, WholeFile::Yes},
        {"bytes=99999999999999999999-", 10, WholeFile::Yes},
        {"lines=1-2", 10, WholeFile::Yes},
        {"", 10, WholeFile::Yes},
    };
    for (auto const& c : cases) EXPECT_EQ(find_range(c.header, c.size), c.expected) << c.header;
    EXPECT_EQ(find_range(std::nullopt, 10), RangeAnswer(WholeFile::Yes));
}

}  // namespace
}  // namespace ounce::api
