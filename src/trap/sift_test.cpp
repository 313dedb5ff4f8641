#include "trap/sift.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "base/csv.hpp"
#include "base/file.hpp"
#include "base/utf8.hpp"
#include "trap/audit.hpp"
#include "vision/decode.hpp"
#include "vision/encode.hpp"

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct BrightLook : Look {
    double brightness = 0;
};

/// Bright pictures show a leopard, middling ones an ibex, dark ones nothing; with a window, a frame's answer
/// also depends on its neighbours.
class BrightScorer final : public Scorer {
  public:
    explicit BrightScorer(std::size_t window = 0, std::string identity = "bright-1")
        : window_(window), identity_(std::move(identity)) {}
    std::string identity() const override { return identity_; }
    std::string description() const override { return "brightness"; }
    std::vector<ScoredTag> const& tags() const override { return tags_; }
    bool exclusive() const override { return true; }
    std::size_t window() const override { return window_; }
    Result<std::unique_ptr<Look>> look(ByteView file) const override {
        ++looks;
        TRY(auto const decoded, vision::decode(file));
        auto look = std::make_unique<BrightLook>();
        look->width_px = decoded.full_width_px;
        look->height_px = decoded.full_height_px;
        look->damage = decoded.damage;
        look->brightness = decoded.image.rgb[0] / 255.0;
        return look;
    }
    Result<FrameScore> score(std::span<Frame const> frames, std::size_t index) const override {
        ++scores;
        auto const own = static_cast<BrightLook const*>(frames[index].look)->brightness;
        FrameScore score;
        auto const leopard = own > .6 ? .9F : .02F;
        auto const ibex = own > .3 && own <= .6 ? .9F : .02F;
        score.probabilities = {leopard, ibex, 1 - leopard - ibex};
        score.gate = static_cast<double>(leopard + ibex);
        score.box = vision::Box{.25, .25, .5, .5};
        score.keep = keep_dark && own < .3;
        if (again) score.notes = {static_cast<std::uint8_t>(own * 255)};
        if (window_ > 0) score.flags = fmt::format("{} before, {} after", index, frames.size() - 1 - index);
        return score;
    }
    Result<FrameScore> look_again(ByteView, FrameScore const& first) const override {
        ++second_looks;
        auto better = first;
        better.notes.clear();
        better.gate = first.notes.at(0) / 255.0;
        better.flags = "seen twice";
        return better;
    }
    bool keep_dark = false;  // dark frames are not to be set aside
    bool again = false;      // every frame is due for a second look
    mutable std::atomic<int> second_looks = 0;
    mutable std::atomic<int> looks = 0;
    mutable std::atomic<int> scores = 0;

  private:
    std::size_t window_;
    std::string identity_;
    std::vector<ScoredTag> tags_{{"Panthera uncia", .5, false}, {"ibex", .5, false}, {"empty", .5, true}};
};

class SiftTest : public testing::Test {
  protected:
    void SetUp() override {
        cards_ = folder_.path() / "cards";
        options_.folder = cards_;
        options_.out = folder_.path() / "out";
        options_.program = "ounce test";
        options_.threads = 2;
        options_.gallery_events = 3;
        // Two cameras with equal names below; the time is in the name.
        add("cam1/DCIM/100AAAAA/20240101_000000.jpg", 250);
        add("cam1/DCIM/100AAAAA/20240101_000001.jpg", 250);
        add("cam1/DCIM/100AAAAA/20240101_000030.jpg", 10);
        add("cam1/DCIM/101AAAAA/20240101_010000.jpg", 10);
        add("cam2/DCIM/100AAAAA/20240101_000000.jpg", 120);
        add("cam2/DCIM/100AAAAA/20240101_000000.png.jpg", 121);
    }
    void add(std::string const& name, int brightness) {
        auto image = vision::make_image(40, 30);
        std::fill(image.rgb.begin(), image.rgb.end(), static_cast<std::uint8_t>(brightness));
        write(name, std::string(as_text(vision::encode_jpeg(image, 90).value())));
    }
    void write(std::string const& name, std::string const& content) {
        fs::create_directories((cards_ / name).parent_path());
        std::ofstream(cards_ / name, std::ios::binary) << content;
    }
    Result<SiftSummary> run(Scorer const& scorer, std::stop_token const& stop = {}) {
        return sift(options_, scorer, [this](ProgressReport const& report) { on_progress_(report); }, stop);
    }
    std::string read(std::string const& name) {
        auto const bytes = read_file(options_.out / name, 1 << 26);
        return bytes ? std::string(as_text(*bytes)) : "missing";
    }
    CsvTable table(std::string const& name) { return parse_csv(read(name)).value(); }

    TemporaryFolder folder_ = TemporaryFolder::create().value();
    fs::path cards_;
    SiftOptions options_;
    std::function<void(ProgressReport const&)> on_progress_ = [](ProgressReport const&) {};
};

TEST_F(SiftTest, GroupsRanksAndWritesEverything) {
    write("cam1/broken.jpg", "no picture at all");
    options_.target = "Panthera uncia";
    BrightScorer const scorer;
    auto const summary = run(scorer);
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->pictures, 6U);
    EXPECT_EQ(summary->cameras, 2U);
    EXPECT_EQ(summary->unreadable, 1U);
    EXPECT_EQ(summary->events, 3U);
    EXPECT_EQ(summary->bursts, 4U);
    EXPECT_EQ(summary->copies, 2U);
    EXPECT_EQ(summary->events_to_look_at, 1U);
    EXPECT_EQ(summary->cut, Cut::TagThreshold);
    auto const events = table("events.csv");
    ASSERT_EQ(events.rows.size(), 3U);
    EXPECT_EQ(events.rows[0][static_cast<std::size_t>(events.find_column("tag"))], "Panthera uncia");
    EXPECT_EQ(events.rows[0][static_cast<std::size_t>(events.find_column("pictures"))], "3");
    EXPECT_EQ(table("sightings.csv").rows.size(), 6U);
    EXPECT_THAT(read("unreadable.csv"), HasSubstr("cam1/broken.jpg"));
    EXPECT_THAT(read("megadetector.json"), HasSubstr("\"failure\""));
    EXPECT_EQ(table("camtrap-dp/observations.csv").rows.size(), 9U);
    EXPECT_THAT(read("camtrap-dp/datapackage.json"), HasSubstr("Panthera uncia"));
    EXPECT_THAT(read("index.html"), HasSubstr("data:image/jpeg;base64,"));
}

TEST_F(SiftTest, WhatMustBeKeptIsNeverSetAside) {
    options_.target = "Panthera uncia";
    BrightScorer scorer;
    scorer.keep_dark = true;
    auto const summary = run(scorer);
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->events_to_look_at, 2U);  // the dark one scores far below the threshold
}

TEST_F(SiftTest, ASecondLookBettersTheScoreOnceAndResumes) {
    BrightScorer scorer;
    scorer.again = true;
    std::stop_source stop;
    on_progress_ = [&](ProgressReport const& report) {
        if (report.step == "second look" && report.done == 2) stop.request_stop();
    };
    EXPECT_EQ(run(scorer, stop.get_token()).error().code, Code::Cancelled);
    on_progress_ = [](ProgressReport const&) {};
    auto const summary = run(scorer);
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(scorer.scores, 6);                               // nothing was scored twice
    EXPECT_LE(scorer.second_looks, 6 + options_.threads * 3);  // what was in work when it stopped
    ASSERT_EQ(summary->flags.size(), 1U);
    EXPECT_EQ(summary->flags[0].second, 6U);
    auto const sightings = table("sightings.csv");
    for (auto const& row : sightings.rows)
        EXPECT_THAT(row[static_cast<std::size_t>(sightings.find_column("flags"))], HasSubstr("seen twice"));
    scorer.second_looks = 0;
    ASSERT_TRUE(run(scorer));
    EXPECT_EQ(scorer.second_looks, 0);
}

TEST_F(SiftTest, SecondRunComputesNothingAgain) {
    ASSERT_TRUE(run(BrightScorer()));
    auto const sightings = read("sightings.csv");
    BrightScorer const again;
    options_.group.event_gap = std::chrono::hours(2);
    auto const summary = run(again);
    ASSERT_TRUE(summary);
    EXPECT_EQ(again.looks, 0);
    EXPECT_EQ(summary->events, 2U);  // the gap counts anew
    options_.group.event_gap = GroupOptions().event_gap;
    ASSERT_TRUE(run(again));
    EXPECT_EQ(read("sightings.csv"), sightings);
    BrightScorer const other(0, "bright-2");
    ASSERT_TRUE(run(other));
    EXPECT_EQ(other.looks, 6);
}

TEST_F(SiftTest, NewChangedAndLostPicturesAreNoticed) {
    ASSERT_TRUE(run(BrightScorer()));
    add("cam1/DCIM/101AAAAA/20240101_020000.jpg", 250);
    fs::remove(cards_ / "cam2/DCIM/100AAAAA/20240101_000000.jpg");
    add("cam1/DCIM/101AAAAA/20240101_010000.jpg", 251);
    fs::last_write_time(cards_ / "cam1/DCIM/101AAAAA/20240101_010000.jpg",
                        fs::file_time_type::clock::now() + std::chrono::hours(1));
    BrightScorer const scorer;
    auto const summary = run(scorer);
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->pictures, 6U);
    EXPECT_EQ(scorer.looks, 2);
}

TEST_F(SiftTest, CopiesAreToldByPathWhateverWasThereBefore) {
    add("cam3/a.jpg", 77);
    fs::copy(cards_ / "cam3/a.jpg", cards_ / "cam1/copy.jpg");
    fs::copy(cards_ / "cam3/a.jpg", cards_ / "cam3/b.jpg");
    ASSERT_TRUE(run(BrightScorer()));
    fs::remove(cards_ / "cam1/copy.jpg");
    ASSERT_TRUE(run(BrightScorer()));
    auto const later = read("sightings.csv") + read("camtrap-dp/media.csv");
    EXPECT_THAT(later, HasSubstr(",copy"));
    fs::remove_all(options_.out);
    ASSERT_TRUE(run(BrightScorer()));
    EXPECT_EQ(read("sightings.csv") + read("camtrap-dp/media.csv"), later);
}

TEST_F(SiftTest, AFolderThatIsEmptyNowForgetsNothing) {
    ASSERT_TRUE(run(BrightScorer()));
    auto const away = folder_.path() / "away";
    fs::rename(cards_, away);
    fs::create_directory(cards_);
    auto const none = run(BrightScorer());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::NotFound);
    EXPECT_THAT(none.error().message, HasSubstr("is the card mounted?"));
    fs::remove(cards_);
    fs::rename(away, cards_);
    BrightScorer const again;
    ASSERT_TRUE(run(again));
    EXPECT_EQ(again.looks, 0);
}

TEST_F(SiftTest, WindowedScoresAreTheSameAfterAnInterruption) {
    for (int i = 0; i < 60; ++i) add(fmt::format("cam3/20240102_00{:02}00.jpg", i), i * 4);
    write("cam3/20240102_001030.jpg", "torn");
    BrightScorer const scorer(5);
    ASSERT_TRUE(run(scorer));
    auto const whole = read("sightings.csv");
    fs::remove_all(options_.out);

    std::stop_source source;
    int steps = 0;
    on_progress_ = [&](ProgressReport const& report) {
        if (report.step.starts_with("sifting") && ++steps == 30) source.request_stop();
    };
    auto const stopped = run(scorer, source.get_token());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Code::Cancelled);
    on_progress_ = [](ProgressReport const&) {};
    BrightScorer const rest(5);
    ASSERT_TRUE(run(rest));
    EXPECT_EQ(read("sightings.csv"), whole);
    EXPECT_LT(rest.scores, 60);
    BrightScorer const nothing(5);
    ASSERT_TRUE(run(nothing));
    EXPECT_EQ(nothing.looks, 0);
}

TEST_F(SiftTest, OriginalsAndOtherFoldersAreSafe) {
    auto const first = cards_ / "cam1/DCIM/100AAAAA/20240101_000000.jpg";
    auto const before = fs::last_write_time(first);
    ASSERT_TRUE(run(BrightScorer()));
    EXPECT_EQ(fs::last_write_time(first), before);
    auto const other = folder_.path() / "other";
    fs::copy(cards_, other, fs::copy_options::recursive);
    options_.folder = other;
    EXPECT_EQ(run(BrightScorer()).error().code, Code::FailedPrecondition);
    options_.out = other;
    EXPECT_EQ(run(BrightScorer()).error().code, Code::InvalidArgument);
    options_.folder = folder_.path() / "none";
    EXPECT_EQ(run(BrightScorer()).error().code, Code::NotFound);
    options_.folder = cards_;
    options_.out = other;
    EXPECT_EQ(run(BrightScorer()).error().code, Code::AlreadyExists);
}

TEST_F(SiftTest, ResultsInsideTheFolderAreNotSifted) {
    options_.out = cards_ / "results";
    ASSERT_TRUE(run(BrightScorer()));
    auto const summary = run(BrightScorer());
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->pictures, 6U);
    EXPECT_EQ(summary->scan.others, 0U);
}

TEST_F(SiftTest, HeldOutEventsMakeThePromise) {
    options_.target = "Panthera uncia";
    options_.recall = 0.9;
    options_.held_out = Json::array();
    for (int i = 0; i < 40; ++i)
        options_.held_out.push_back({{"group", std::to_string(i)},
                                     {"tag", "Panthera uncia"},
                                     {"probabilities", {0.5 + 0.01 * i, 0.01, 0.49 - 0.01 * i}}});
    auto const summary = run(BrightScorer());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->cut, Cut::Promised);
    EXPECT_GE(summary->threshold.recall_at_least, .9);
    options_.held_out = Json::array({options_.held_out[0], options_.held_out[1]});
    EXPECT_EQ(run(BrightScorer())->cut, Cut::TooFewHeldOut);
    options_.held_out[0]["probabilities"] = {1};
    EXPECT_EQ(run(BrightScorer()).error().code, Code::InvalidArgument);
    options_.target = "tiger";
    EXPECT_THAT(run(BrightScorer()).error().message, HasSubstr("ibex"));
}

TEST_F(SiftTest, AuditBoundsWhatWasMissed) {
    options_.target = "Panthera uncia";
    ASSERT_TRUE(run(BrightScorer()));
    auto const sample = table("audit.csv");
    ASSERT_EQ(sample.rows.size(), 2U);
    auto const answers = parse_answers("event,answer,tag\n" + sample.rows[0][0] + ",no,\n" +
                                       sample.rows[1][0] + ",yes,Panthera uncia\nezzz,y,\n")
                             .value();
    auto const report = audit(options_.out, answers, .95);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->bound.misses, 1U);
    EXPECT_EQ(report->bound.missed_events_at_most, 1U);
    EXPECT_EQ(report->unknown, 1U);
    EXPECT_TRUE(report->found_is_estimate);
    EXPECT_EQ(audit(options_.out, {}, .95).error().code, Code::FailedPrecondition);
    EXPECT_EQ(audit(cards_, {}, .95).error().code, Code::NotFound);
}

TEST(AuditTest, ReadsAnswers) {
    auto const answers = parse_answers("event,answer,tag\na,Y,\nb, no ,\nc,other,fox\nd,,\na,n,\n").value();
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].said, Answer::Said::No);
    EXPECT_FALSE(shows_target(answers[2], "leopard", "empty"));
    EXPECT_TRUE(shows_target(answers[2], "", "empty"));
    EXPECT_FALSE(parse_answers("event,answer\na,perhaps\n"));
    EXPECT_FALSE(parse_answers("event\na\n"));
}

TEST_F(SiftTest, HostileNamesStayText) {
    add("cam4/<script>alert(1)</script> \"x\".jpg", 250);
    add("cam4/</script>.jpg", 250);
    add("cam4/a..b\n,=cmd.jpg", 250);
    add("cam\xFF/\xC3.jpg", 250);
    options_.target = "Panthera uncia";
    ASSERT_TRUE(run(BrightScorer()));
    for (auto const* const name : {"deployments", "media", "observations"})
        EXPECT_TRUE(is_utf8(read(fmt::format("camtrap-dp/{}.csv", name)))) << name;
    auto const page = read("index.html");
    EXPECT_EQ(page.find("<script>alert"), std::string::npos);
    auto const media = table("camtrap-dp/media.csv");
    for (auto const& row : media.rows) {
        auto const& path = row[static_cast<std::size_t>(media.find_column("filePath"))];
        EXPECT_EQ(path.find(".."), std::string::npos) << path;
        EXPECT_EQ(path.find('\n'), std::string::npos) << path;
    }
    EXPECT_EQ(table("sightings.csv").rows.size(), 10U);
}

}  // namespace
}  // namespace ounce::trap
