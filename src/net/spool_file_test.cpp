#include "net/spool_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/file.hpp"

namespace ounce::net {
namespace {

TEST(SpoolFile, IsOursAloneAndGoesUnlessFinished) {
    auto const folder = TemporaryFolder::create().value();
    {
        auto file = SpoolFile::create(folder.path()).value();
        ASSERT_TRUE(file.append(as_bytes("lost")));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    auto one = SpoolFile::create(folder.path()).value();
    auto two = SpoolFile::create(folder.path()).value();
    ASSERT_TRUE(one.append(as_bytes("snow ")));
    ASSERT_TRUE(two.append(as_bytes("other")));
    ASSERT_TRUE(one.append(as_bytes("leopard")));
    auto const body = one.finish();
    EXPECT_EQ(body.size(), 12U);
    EXPECT_EQ(as_text(read_file(body.path(), 100).value()), "snow leopard");
    struct stat facts{};
    ASSERT_EQ(::stat(body.path().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST(SpoolFile, SaysWhenThereIsNoFolder) {
    auto const none = SpoolFile::create("/nowhere/at/all");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::Unavailable);
}

TEST(FileReader, ReadsAStretchAndNoticesAFileThatShrinks) {
    auto const folder = TemporaryFolder::create().value();
    auto const path = folder.path() / "file";
    std::ofstream(path) << "0123456789";
    auto reader = FileReader::open({path, 2, 5}).value();
    EXPECT_EQ(reader.read(3).value(), "234");
    EXPECT_EQ(reader.left(), 2U);
    EXPECT_EQ(reader.read(100).value(), "56");
    EXPECT_EQ(reader.left(), 0U);

    auto shrinking = FileReader::open({path, 0, std::nullopt}).value();
    EXPECT_EQ(shrinking.left(), 10U);
    std::filesystem::resize_file(path, 4);
    EXPECT_EQ(shrinking.read(100).error().code, Code::DataLoss);
    EXPECT_EQ(FileReader::open({path, 5, std::nullopt}).error().code, Code::DataLoss);
    EXPECT_EQ(FileReader::open({folder.path() / "none", 0, std::nullopt}).error().code, Code::NotFound);
}

}  // namespace
}  // namespace ounce::net
