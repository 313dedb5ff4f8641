#include "trap/background_scorer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/csv.hpp"
#include "base/file.hpp"

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

fs::path const kPhotographs = OUNCE_SOURCE_DIR "/demo/photographs";

struct Seen {
    bool animal = false;
    Bytes file;
    std::unique_ptr<Look> look;
};

/// Opened once: a second of work, and no test changes it.
Scorer const& untrained() {
    static auto const scorer = open_untrained_background_scorer("efficientnet-lite0", {}).value();
    return *scorer;
}

/// The demo's frames of one visit at one camera, as their names order them.
std::vector<Seen> visit(std::string const& sequence) {
    auto const text = read_file(kPhotographs / "manifest.csv", 1 << 20).value();
    auto const table = parse_csv(as_text(text)).value();
    std::map<std::string, bool> files;  // by number, then tag
    for (auto const& row : table.rows)
        if (row[static_cast<std::size_t>(table.find_column("sequence"))] == sequence)
            files[row[0].substr(row[0].find('/') + 1) + "\n" + row[0]] = row[1] != "empty";
    std::vector<Seen> frames;
    for (auto const& [name, animal] : files) {
        Seen seen{.animal = animal, .file = {}, .look = nullptr};
        seen.file = read_file(kPhotographs / name.substr(name.find('\n') + 1), 1 << 22).value();
        seen.look = untrained().look(seen.file).value();
        frames.push_back(std::move(seen));
    }
    return frames;
}

/// The first `count` of them, a minute apart: each a trigger of its own.
std::vector<Frame> in_line(std::vector<Seen> const& seen, std::size_t count = 1000) {
    std::vector<Frame> frames;
    for (std::size_t i = 0; i < std::min(count, seen.size()); ++i)
        frames.push_back({vision::CameraTime(std::chrono::minutes(i)), seen[i].look.get()});
    return frames;
}

TEST(UntrainedBackgroundScorerTest, RanksAnimalsAboveTheEmptiesOfTheSameCamera) {
    int pairs = 0;
    double right = 0;
    for (auto const* const sequence : {"SEQ76306", "SEQ75886", "SEQ80045", "SEQ84875", "SEQ76359"}) {
        auto const seen = visit(sequence);
        auto const frames = in_line(seen);
        std::vector<double> gates;
        for (std::size_t i = 0; i < frames.size(); ++i) {
            auto const score = untrained().score(frames, i).value();
            EXPECT_FLOAT_EQ(score.probabilities[0], static_cast<float>(score.gate));
            EXPECT_FLOAT_EQ(score.probabilities[0] + score.probabilities[1], 1);
            gates.push_back(score.gate);
        }
        for (std::size_t i = 0; i < seen.size(); ++i)
            for (std::size_t j = 0; j < seen.size(); ++j)
                if (seen[i].animal && !seen[j].animal) {
                    ++pairs;
                    right += gates[i] > gates[j] ? 1 : gates[i] == gates[j] ? .5 : 0;
                }
    }
    ASSERT_GE(pairs, 50);
    // Chance is one half, and 0.65 and more of 52 dependent pairs is hardly that.
    EXPECT_GE(right / pairs, .65) << pairs << " pairs";
}

TEST(UntrainedBackgroundScorerTest, FramesWithFewOthersAreNotDropped) {
    auto const seen = visit("SEQ76306");
    for (std::size_t count = 1; count <= 4; ++count) {
        auto const frames = in_line(seen, count);
        for (std::size_t i = 0; i < count; ++i) {
            auto const score = untrained().score(frames, i).value();
            if (count == 1) {
                EXPECT_THAT(score.flags, HasSubstr("judged by the whole picture"));
            } else if (count < 4) {
                EXPECT_THAT(score.flags, HasSubstr("too few frames"));
            } else {
                EXPECT_THAT(score.flags, Not(HasSubstr("too few")));
            }
            EXPECT_EQ(score.keep, count < 4);
        }
    }
}

TEST(UntrainedBackgroundScorerTest, OnlyALoneFrameIsLookedAtAgain) {
    auto const seen = visit("SEQ76306");
    auto const alone = untrained().score(in_line(seen, 1), 0).value();
    ASSERT_THAT(alone.notes, Not(IsEmpty()));
    auto const again = untrained().look_again(seen[0].file, alone).value();
    EXPECT_THAT(again.notes, IsEmpty());
    EXPECT_EQ(again.flags, alone.flags);
    EXPECT_TRUE(again.keep);
    // Two tags, one of them "empty": there is nothing to name, so that no other frame costs a second look.
    auto const frames = in_line(seen);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        auto const score = untrained().score(frames, i).value();
        EXPECT_THAT(score.notes, IsEmpty());
        EXPECT_EQ(untrained().look_again({}, score)->gate, score.gate);
    }
    EXPECT_FALSE(untrained().look_again(as_bytes("no picture"), alone));
}

TEST(UntrainedBackgroundScorerTest, ScoresComeFromTheWindowAlone) {
    auto const seen = visit("SEQ84875");
    auto const frames = in_line(seen);
    auto const first = untrained().score(frames, 3).value();
    // Other looks at the same files, as a resumed run has them, asked in another order.
    auto const later = visit("SEQ84875");
    auto const resumed = in_line(later);
    for (auto i = resumed.size(); i-- > 0;) {
        auto const score = untrained().score(resumed, i).value();
        if (i == 3) {
            EXPECT_EQ(score.gate, first.gate);
            EXPECT_EQ(score.probabilities, first.probabilities);
        }
    }
}

TEST(BackgroundScorerTest, ModelsWithoutABackgroundAreRefused) {
    auto const package = open_background_scorer(OUNCE_SOURCE_DIR "/tests/data/packages/colours", {}, {});
    ASSERT_FALSE(package);
    EXPECT_THAT(package.error().message, HasSubstr("background.json"));
    EXPECT_FALSE(open_background_scorer(OUNCE_SOURCE_DIR "/tests/data/seed-models/apple-banana", {}, {}));
    EXPECT_FALSE(open_untrained_background_scorer("nothing", {}));
}

}  // namespace
}  // namespace ounce::trap
