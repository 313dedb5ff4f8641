#include "trap/scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "base/file.hpp"

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;

TEST(ScanTest, FindsPicturesAndCountsTheRest) {
    auto const folder = TemporaryFolder::create().value();
    auto const touch = [&](std::string const& name) {
        auto const path = folder.path() / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << "x";
    };
    for (auto const* const name :
         {"cam01/DCIM/100RECNX/IMG_0001.JPG", "cam02/DCIM/100RECNX/IMG_0001.JPG", "a.jpeg", "b.webp",
          "odd\nname.png", "bytes\xff.gif", "notes.txt", "noending", "clip.MP4", ".hidden.jpg", "._a.jpg",
          ".Trashes/x.jpg", "$RECYCLE.BIN/x.jpg", "out/thumb.jpg"})
        touch(name);
    fs::create_directory_symlink(folder.path(), folder.path() / "cam01" / "loop");
    fs::create_symlink("a.jpeg", folder.path() / "link.jpg");
    ASSERT_EQ(mkfifo((folder.path() / "pipe.jpg").c_str(), 0600), 0);

    std::set<std::string> paths;
    auto const counts = scan(
        folder.path(), folder.path() / "out",
        [&](FoundFile const& file) -> Status {
            EXPECT_EQ(file.size_bytes, 1U);
            paths.insert(file.path);
            return {};
        },
        [](std::string const&, Error const&) -> Status { return {}; }, {});
    ASSERT_TRUE(counts);
    EXPECT_THAT(paths, testing::UnorderedElementsAre("cam01/DCIM/100RECNX/IMG_0001.JPG",
                                                     "cam02/DCIM/100RECNX/IMG_0001.JPG", "a.jpeg", "b.webp",
                                                     "odd\nname.png", "bytes\xff.gif"));
    EXPECT_EQ(counts->found, 6U);
    EXPECT_EQ(counts->hidden, 4U);
    EXPECT_EQ(counts->videos, 1U);
    EXPECT_EQ(counts->others, 2U);
    EXPECT_EQ(counts->links, 3U);
}

TEST(ScanTest, MissingFolderAndFileAreErrors) {
    auto const folder = TemporaryFolder::create().value();
    std::ofstream(folder.path() / "file") << "x";
    auto const none = [](auto const&...) -> Status { return {}; };
    EXPECT_EQ(scan(folder.path() / "no", {}, none, none, {}).error().code, Code::NotFound);
    EXPECT_EQ(scan(folder.path() / "file", {}, none, none, {}).error().code, Code::NotFound);
    std::stop_source source;
    source.request_stop();
    EXPECT_EQ(scan(folder.path(), {}, none, none, source.get_token()).error().code, Code::Cancelled);
}

}  // namespace
}  // namespace ounce::trap
