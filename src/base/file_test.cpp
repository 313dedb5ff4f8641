#include "base/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace ounce {
namespace {

TEST(WriteFile, ReplacesTheWholeContentAndLeavesNothingBeside) {
    auto const folder = TemporaryFolder::create();
    ASSERT_TRUE(folder);
    auto const path = folder->path() / "a.txt";
    ASSERT_TRUE(write_file(path, as_bytes("first, longer")));
    ASSERT_TRUE(write_file(path, as_bytes("second")));
    auto const content = read_file(path, 100);
    ASSERT_TRUE(content);
    EXPECT_EQ(as_text(*content), "second");
    auto const entries = std::distance(std::filesystem::directory_iterator(folder->path()), {});
    EXPECT_EQ(entries, 1);
}

TEST(CreatePrivateFile, IsForItsOwnerAloneAndReplacesNothing) {
    auto const folder = TemporaryFolder::create();
    ASSERT_TRUE(folder);
    auto const path = folder->path() / "key";
    ASSERT_TRUE(create_private_file(path, as_bytes("secret")));
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(create_private_file(path, as_bytes("other")).error().code, Code::AlreadyExists);
    EXPECT_EQ(as_text(*read_file(path, 100)), "secret");
}

TEST(WritePrivateFile, IsForItsOwnerAloneAlsoWhenItReplacesAnOpenOne) {
    auto const folder = TemporaryFolder::create();
    ASSERT_TRUE(folder);
    auto const path = folder->path() / "key";
    ASSERT_TRUE(write_file(path, as_bytes("old")));
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    ASSERT_TRUE(write_private_file(path, as_bytes("secret")));
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(as_text(*read_file(path, 100)), "secret");
}

TEST(ReadFile, RefusesWhatIsTooLargeMissingOrNoFile) {
    auto const folder = TemporaryFolder::create();
    ASSERT_TRUE(folder);
    ASSERT_TRUE(write_file(folder->path() / "a", as_bytes("12345")));
    EXPECT_EQ(read_file(folder->path() / "a", 4).error().code, Code::ResourceExhausted);
    EXPECT_EQ(read_file(folder->path() / "b", 4).error().code, Code::NotFound);
    EXPECT_EQ(read_file(folder->path(), 4).error().code, Code::InvalidArgument);
    ASSERT_EQ(::mkfifo((folder->path() / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(read_file(folder->path() / "fifo", 4).error().code, Code::InvalidArgument);
}

TEST(TemporaryFolder, GoesWithAllItHolds) {
    std::filesystem::path path;
    {
        auto const folder = TemporaryFolder::create();
        ASSERT_TRUE(folder);
        path = folder->path();
        ASSERT_TRUE(write_file(path / "a", as_bytes("x")));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace ounce
