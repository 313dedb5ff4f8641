#include "load/message_body.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace ounce::load {
namespace {

TEST(MessageBody, SaysWhoseItIsAndIsAsLongAsAskedFor) {
    for (std::size_t const bytes : {kBodyBytesMin, std::size_t{500}, std::size_t{262'144}}) {
        auto const body = make_body("0123456789abcdef", "load-999", 4'000'000'000, bytes);
        EXPECT_EQ(body.size(), bytes);
        EXPECT_TRUE(parse_json(as_text(body)));
        auto const name = read_body(body, "0123456789abcdef");
        ASSERT_TRUE(name);
        EXPECT_EQ(name->device, "load-999");
        EXPECT_EQ(name->sequence, 4'000'000'000U);
    }
}

TEST(MessageBody, OfAnotherRunIsNotTaken) {
    EXPECT_FALSE(read_body(make_body("run-1", "a", 0, 200), "run-2"));
}

TEST(MessageBody, AnyChangedByteIsSeen) {
    auto const body = make_body("run", "a", 7, 200);
    for (std::size_t i = 0; i < body.size(); ++i) {
        auto changed = body;
        changed[i] ^= 1;
        EXPECT_FALSE(read_body(changed, "run")) << "byte " << i;
    }
    EXPECT_FALSE(read_body({}, "run"));
    EXPECT_FALSE(read_body(ByteView(body).first(body.size() - 1), "run"));
}

TEST(MessageBody, NoTwoAreFilledAlike) {
    auto const fill = [](Bytes const& body) {
        return parse_json(as_text(body))->at("fill").get<std::string>();
    };
    EXPECT_NE(fill(make_body("run", "a", 0, 500)), fill(make_body("run", "a", 1, 500)));
    EXPECT_NE(fill(make_body("run", "a", 0, 500)), fill(make_body("run", "b", 0, 500)));
}

}  // namespace
}  // namespace ounce::load
