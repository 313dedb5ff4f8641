#include "train/picture_identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.hpp"

namespace ounce::train {
namespace {

PictureIdentity taken(std::string camera, int second) {
    return {{}, std::move(camera), vision::CameraTime(std::chrono::seconds(second))};
}

TEST(BurstGroups, JoinsPicturesOfOneCameraThatFollowEachOther) {
    std::vector<PictureIdentity> const pictures{
        taken("a", 100), taken("b", 110), taken("a", 150), taken("a", 400), {}, taken("a", 209)};
    auto const groups = burst_groups(pictures);
    EXPECT_THAT(groups, testing::ElementsAre(0, 2, 0, 1, -1, 0));
}

TEST(PictureIdentity, RecordRoundTrip) {
    auto identity = taken("Acme Cam 7", -5);
    identity.sha256[3] = 9;
    auto const back = from_record(to_record(identity));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->sha256, identity.sha256);
    EXPECT_EQ(back->camera, identity.camera);
    EXPECT_EQ(back->taken, identity.taken);
    EXPECT_FALSE(from_record(Bytes(39)));
    EXPECT_FALSE(from_record(to_record({}))->taken);
}

TEST(FileStateKey, AFileJustWrittenIsNotTrustedToStayTheSame) {
    auto const folder = TemporaryFolder::create();
    ASSERT_TRUE(write_file(folder->path() / "a.jpg", as_bytes("x")));
    EXPECT_FALSE(file_state_key(folder->path() / "a.jpg"));
    EXPECT_FALSE(file_state_key(folder->path() / "none.jpg"));
    EXPECT_TRUE(file_state_key("/proc/self/exe"));
}

}  // namespace
}  // namespace ounce::train
