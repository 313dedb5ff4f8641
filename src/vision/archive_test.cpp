#include "vision/archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vision/zip_fixture.hpp"

namespace ounce::vision {
namespace {

using ::testing::HasSubstr;

bool everything(std::string_view) {
    return true;
}

TEST(ReadZip, GivesTheWantedMembers) {
    auto const zip = zip_of({{"a.txt", "one"}, {"dir/b.txt", std::string(100'000, 'b')}, {"c", ""}});
    auto const members = read_zip(zip, [](auto name) { return name != "a.txt"; }, 1 << 20);
    ASSERT_TRUE(members) << members.error().message;
    ASSERT_EQ(members->size(), 2U);
    EXPECT_EQ(members->at("dir/b.txt").size(), 100'000U);
    EXPECT_TRUE(members->at("c").empty());
}

TEST(ReadZip, StopsABombAtTheBound) {
    auto const zip = zip_of({{"bomb", std::string(10'000'000, '\0')}});
    EXPECT_LT(zip.size(), 100'000U);
    auto const members = read_zip(zip, everything, 1 << 20);
    ASSERT_FALSE(members);
    EXPECT_EQ(members.error().code, Code::ResourceExhausted);
    EXPECT_TRUE(read_zip(zip, [](auto) { return false; }, 1 << 20));
}

TEST(ReadZip, TheBoundIsForAllTogether) {
    auto const zip = zip_of({{"a", std::string(600, 'a')}, {"b", std::string(600, 'b')}});
    EXPECT_EQ(read_zip(zip, everything, 1000).error().code, Code::ResourceExhausted);
    EXPECT_TRUE(read_zip(zip, everything, 1200));
}

TEST(ReadZip, RefusesTheSamePathTwice) {
    auto const zip = zip_of({{"a", "1"}, {"a", "2"}});
    EXPECT_THAT(read_zip(zip, everything, 1000).error().message, HasSubstr("twice"));
}

TEST(ReadZip, RefusesDamagedAndOtherFiles) {
    EXPECT_EQ(read_zip({}, everything, 1000).error().code, Code::DataLoss);
    EXPECT_EQ(read_zip(as_bytes("7z\xbc\xaf no zip"), everything, 1000).error().code, Code::DataLoss);
    EXPECT_EQ(read_zip(as_bytes("PK\x03\x04"), everything, 1000).error().code, Code::DataLoss);
    std::string words;
    for (unsigned i = 0; i < 5000; ++i) words += static_cast<char>(i * 2654435761U >> 24);
    auto zip = zip_of({{"a", words}});
    ASSERT_TRUE(read_zip(zip, everything, 10'000));
    zip[zip.size() / 2] ^= 0x55;  // within the compressed data: the checksum tells
    auto const members = read_zip(zip, everything, 10'000);
    ASSERT_FALSE(members);
    EXPECT_EQ(members.error().code, Code::DataLoss);
}

TEST(WriteZip, IsReadBackAndTheSameEachTime) {
    std::vector<ZipMember> const members{
        {"model.onnx", Bytes(100'000, 7)}, {"golden/a.jpg", {1, 2}}, {"e", {}}};
    auto const zip = write_zip(members);
    ASSERT_TRUE(zip) << zip.error().message;
    auto const read = read_zip(*zip, everything, 1 << 20);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), 3U);
    for (auto const& member : members) EXPECT_EQ(read->at(member.path), member.content);
    EXPECT_EQ(*write_zip(members), *zip);
}

}  // namespace
}  // namespace ounce::vision
