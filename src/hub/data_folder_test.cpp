#include "hub/data_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "base/file.hpp"

namespace ounce::hub {
namespace {

TEST(DataFolder, IsAbsoluteAndHasOneSpelling) {
    auto const here = std::filesystem::current_path();
    for (auto const* const text : {"data", "data/", "./data", "x/../data"})
        EXPECT_EQ(DataFolder(text).root(), here / "data") << text;
    EXPECT_EQ(DataFolder("/d").database("iot"), "/d/iot.db");
}

TEST(DataFolder, APassingFolderIsMadeOrEmptied) {
    auto const folder = TemporaryFolder::create().value();
    auto const passing = folder.path() / "deep" / "tmp";
    ASSERT_TRUE(make_empty_folder(passing));
    ASSERT_TRUE(write_file(passing / "body-x", as_bytes("what a killed hub left")));
    ASSERT_TRUE(make_private_folder(passing / "more" / "of it"));
    std::filesystem::create_symlink(folder.path(), passing / "link");
    ASSERT_TRUE(write_file(folder.path() / "kept", as_bytes("not in it")));
    ASSERT_TRUE(make_empty_folder(passing));
    EXPECT_TRUE(std::filesystem::is_empty(passing));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "kept"));
}

TEST(FolderLock, SecondHolderIsToldWhoHasItUntilItIsFree) {
    auto const folder = TemporaryFolder::create().value();
    auto const path = folder.path() / "lock";
    std::optional<FolderLock> first = FolderLock::take(path).value();
    auto const second = FolderLock::take(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::Unavailable);
    EXPECT_NE(second.error().message.find(fmt::format("process {}", ::getpid())), std::string::npos)
        << second.error().message;
    first.reset();
    EXPECT_TRUE(FolderLock::take(path));
}

TEST(FolderLock, WaitingTakesAFreeFolder) {
    auto const folder = TemporaryFolder::create().value();
    EXPECT_TRUE(FolderLock::wait_for(folder.path()));
    EXPECT_EQ(FolderLock::wait_for(folder.path() / "missing").error().code, Code::NotFound);
    EXPECT_EQ(FolderLock::take(folder.path() / "missing" / "lock").error().code, Code::NotFound);
}

}  // namespace
}  // namespace ounce::hub
