#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace ounce {
namespace {

TEST(Utf8Test, TellsTextFromOtherBytes) {
    for (auto const* const text : {"", "a", "sp\xC3\xA4ti", "\xE9\x9B\xAA\xE8\xB1\xB9", "\xF4\x8F\xBF\xBF"})
        EXPECT_TRUE(is_utf8(text)) << text;
    for (auto const* const bytes :
         {"\xFF", "\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5"})
        EXPECT_FALSE(is_utf8(bytes)) << bytes;
}

TEST(Utf8Test, ReplacesEachWrongByte) {
    EXPECT_EQ(to_utf8("a\xFF\xC3\xA4\xE9\x9B."), "a\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBD.");
}

}  // namespace
}  // namespace ounce
