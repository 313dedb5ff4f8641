#include "vision/wire_bounds.hpp"

#include <gtest/gtest.h>

namespace ounce::vision {
namespace {

constexpr WireMessage kLeaf{};
constexpr WireField kInnerFields[] = {{1, &kLeaf}};
constexpr WireMessage kInner{kInnerFields};
constexpr WireField kOuterFields[] = {{1, &kInner}};
constexpr WireMessage kOuter{kOuterFields};

Code code_of(Bytes const& bytes) {
    auto const status = check_wire_bounds(bytes, kOuter);
    return status ? Code::Cancelled : status.error().code;  // Cancelled stands for "fine"
}

TEST(WireBounds, ReadsEveryKindOfField) {
    EXPECT_EQ(code_of({}), Code::Cancelled);
    EXPECT_EQ(code_of({0x10, 0x96, 0x01}), Code::Cancelled);              // field 2, number 150
    EXPECT_EQ(code_of({0x11, 1, 2, 3, 4, 5, 6, 7, 8}), Code::Cancelled);  // field 2, 8 bytes
    EXPECT_EQ(code_of({0x15, 1, 2, 3, 4}), Code::Cancelled);              // field 2, 4 bytes
    EXPECT_EQ(code_of({0x12, 2, 0xFF, 0xFF}), Code::Cancelled);           // field 2, text: not looked into
    EXPECT_EQ(code_of({0x0A, 4, 0x0A, 2, 0x10, 0x01}), Code::Cancelled);  // messages in messages
}

TEST(WireBounds, RefusesWhatBreaksOff) {
    for (auto const& bytes :
         {Bytes{0x10}, Bytes{0x10, 0x80}, Bytes{0x11, 1, 2}, Bytes{0x15, 1}, Bytes{0x12, 5, 1},
          Bytes{0x0A, 2, 0x0A, 9}, Bytes(11, 0xFF), Bytes{0x13}, Bytes{0x17}})
        EXPECT_EQ(code_of(bytes), Code::DataLoss);
    // A length near 2^64 must not wrap round.
    EXPECT_EQ(code_of({0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}), Code::DataLoss);
}

TEST(WireBounds, RefusesMoreFieldsThanAFileOfThatSizeHas) {
    Bytes bytes;
    for (int i = 0; i < 100'000; ++i) bytes.insert(bytes.end(), {0x0A, 0x00});
    EXPECT_EQ(code_of(bytes), Code::Cancelled);
    for (int i = 0; i < 100'000; ++i) bytes.insert(bytes.end(), {0x0A, 0x00});
    EXPECT_EQ(code_of(bytes), Code::ResourceExhausted);
}

}  // namespace
}  // namespace ounce::vision
