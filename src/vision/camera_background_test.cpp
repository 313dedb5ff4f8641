#include "vision/camera_background.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/random.hpp"

namespace ounce::vision {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

/// Frames of one place: 4 x 4 cells of 16 channels, a little different in each frame.
class Place {
  public:
    CellMap& add(milliseconds time, bool infrared = false) {
        CellMap map{.columns = 4, .rows = 4, .channels = 16, .values = {}, .inverse_lengths = {}};
        Random place(infrared ? 2 : 1);
        for (int i = 0; i < 4 * 4 * 16; ++i)
            map.values.push_back(static_cast<float>(place.unit() + 0.02 * noise_.unit()));
        maps_.push_back(std::move(map));
        frames_.push_back({.time = time, .infrared = infrared, .middle = &maps_.back(), .distance = nullptr});
        measure(maps_.back());
        return maps_.back();
    }
    /// Something else in one cell.
    static void put_animal(CellMap& map, int cell, std::uint64_t seed) {
        Random animal(seed);
        for (int c = 0; c < 16; ++c)
            map.values[static_cast<std::size_t>(cell * 16 + c)] = static_cast<float>(2 * animal.unit() - 1);
        measure(map);
    }
    std::vector<CameraFrame> const& frames() {
        caches_.assign(frames_.size(), std::nullopt);
        for (std::size_t i = 0; i < frames_.size(); ++i) frames_[i].distance = &caches_[i];
        return frames_;
    }

  private:
    static void measure(CellMap& map) {
        map.inverse_lengths.clear();
        for (std::size_t i = 0; i < 16; ++i) {
            float sum = 0;
            for (std::size_t c = 0; c < 16; ++c) sum += map.values[i * 16 + c] * map.values[i * 16 + c];
            map.inverse_lengths.push_back(1 / std::sqrt(sum));
        }
    }

    std::deque<CellMap> maps_;  // a deque: frames keep pointers
    std::vector<CameraFrame> frames_;
    std::vector<std::optional<std::vector<float>>> caches_;
    Random noise_{7};
};

TEST(BackgroundNeighbours, AreNearestInTimeOfTheSameLightWithoutTheOwnBurst) {
    Place place;
    place.add(seconds(0));
    place.add(seconds(100));
    place.add(seconds(101));  // the frame asked for, and the rest of its burst
    place.add(seconds(102));
    place.add(seconds(103), true);
    place.add(seconds(150));
    place.add(seconds(180));
    place.add(seconds(190));
    EXPECT_THAT(background_neighbours(place.frames(), 2, {}), ElementsAre(5, 6, 7, 0));
    EXPECT_THAT(background_neighbours(place.frames(), 4, {}), ElementsAre());
}

TEST(BackgroundNeighbours, TakeTheOwnBurstWhereNothingElseIs) {
    Place place;
    for (int i = 0; i < 4; ++i) place.add(seconds(i));
    EXPECT_THAT(background_neighbours(place.frames(), 1, {}), ElementsAre(0, 2, 3));
}

TEST(FindChange, FindsTheAnimalAndWhereItIs) {
    Place place;
    for (int i = 0; i < 10; ++i) place.add(seconds(100 * i));
    Place::put_animal(place.add(seconds(1000)), 5, 99);
    for (int i = 11; i < 20; ++i) place.add(seconds(100 * i));
    auto const& frames = place.frames();
    auto const change = find_change(frames, 10, {});
    EXPECT_EQ(change.neighbours, 19U);
    EXPECT_GT(change.score, 0.3F);
    EXPECT_FALSE(change.camera_moved);
    ASSERT_TRUE(change.box);
    EXPECT_DOUBLE_EQ(change.box->x, 0.25);
    EXPECT_DOUBLE_EQ(change.box->y, 0.25);
    EXPECT_DOUBLE_EQ(change.box->width, 0.25);
    EXPECT_LT(find_change(frames, 9, {}).score, 0.02F);
}

TEST(FindChange, FindsAnAnimalThatStaysForItsWholeBurst) {
    Place place;
    for (int i = 0; i < 6; ++i) place.add(seconds(100 * i));
    for (int i = 0; i < 5; ++i) Place::put_animal(place.add(seconds(1000 + i)), 5, 99);
    auto const& frames = place.frames();
    EXPECT_GT(find_change(frames, 8, {}).score, 0.3F);
}

TEST(FindChange, DoesNotCallWhatAlwaysMovesAnAnimal) {
    Place place;
    for (std::uint64_t i = 0; i < 12; ++i) Place::put_animal(place.add(seconds(100 * i)), 3, i);
    auto const& frames = place.frames();
    EXPECT_LT(find_change(frames, 6, {}).score, 0.25F);
    EXPECT_GT((*frames[6].distance)->at(3), 0.2F);
}

TEST(FindChange, TellsACameraThatMoved) {
    Place place;
    for (int i = 0; i < 10; ++i) place.add(seconds(100 * i));
    auto& moved = place.add(seconds(1000));
    for (int cell = 0; cell < 16; ++cell) Place::put_animal(moved, cell, static_cast<std::uint64_t>(cell));
    place.add(seconds(1100));
    auto const& frames = place.frames();
    EXPECT_TRUE(find_change(frames, 10, {}).camera_moved);
    EXPECT_FALSE(find_change(frames, 11, {}).camera_moved);
}

TEST(FindChange, SaysWhenThereIsNothingToCompareWith) {
    Place place;
    place.add(seconds(0));
    auto const change = find_change(place.frames(), 0, {});
    EXPECT_EQ(change.neighbours, 0U);
    EXPECT_FALSE(change.box);
}

TEST(FindChange, DoesNotDependOnFramesBeyondTheWindow) {
    Place place;
    for (int i = 0; i < 200; ++i) {
        auto& map = place.add(seconds(10 * i));
        if (i % 7 == 0) Place::put_animal(map, i % 16, static_cast<std::uint64_t>(i));
    }
    auto const all = find_change(place.frames(), 100, {});
    auto const& again = place.frames();
    std::span const window(again.data() + 100 - kBackgroundWindow, 2 * kBackgroundWindow + 1);
    auto const some = find_change(window, kBackgroundWindow, {});
    EXPECT_EQ(all.distance, some.distance);
    EXPECT_EQ(all.score, some.score);
}

TEST(IsInfrared, TellsGreyFromColour) {
    auto image = make_image(40, 40);
    for (auto& value : image.rgb) value = 90;
    EXPECT_TRUE(is_infrared(image));
    for (int x = 0; x < 40; ++x) image.row(0)[3 * x] = 255;  // a coloured logo at the edge
    EXPECT_TRUE(is_infrared(image));
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) image.rgb[i] = 110;
    EXPECT_FALSE(is_infrared(image));
}

}  // namespace
}  // namespace ounce::vision
