#include "train/background_training.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/csv.hpp"
#include "base/file.hpp"
#include "train/background_head.hpp"
#include "train/converted_backbone_test.hpp"
#include "train/held_out.hpp"

namespace ounce::train {
namespace {

using ::testing::HasSubstr;

/// Some of the demo's visits as a set to learn from: two kinds of animal and empties, kept apart by sequence.
class DemoVisits {
  public:
    DemoVisits(std::set<std::string> const& sequences, std::filesystem::path const& cache)
        : extractor_(backbone_catalogue()[0], {}, 2) {
        std::filesystem::path const folder(OUNCE_SOURCE_DIR "/demo/photographs");
        auto const manifest = read_file(folder / "manifest.csv", std::uint64_t{1} << 20);
        EXPECT_TRUE(manifest);
        auto const table = parse_csv({reinterpret_cast<char const*>(manifest->data()), manifest->size()});
        EXPECT_TRUE(table);
        std::string csv = "file,tag,sequence\n";
        for (auto const& row : table->rows)
            if (sequences.contains(row[2])) csv += csv_line(std::vector(row.begin(), row.begin() + 3));
        auto listing = parse_listing(csv, folder);
        EXPECT_TRUE(listing) << listing.error().message;
        listing_ = std::move(*listing);
        options_.cache.folder = cache;
        options_.folds = 3;
        identities_ = *identify_pictures(listing_, false, {}, 2, {}, {});
        for (std::size_t i = 0; i < identities_.size(); ++i)
            files_.push_back({listing_.pictures[i].path, identities_[i].sha256});
        dataset_ = *number_tags(listing_.pictures, vision::Kind::Multiclass, "empty", 1);
        std::string source;
        groups_ = known_groups(listing_, identities_, source);
        probabilities_ = Matrix(files_.size(), dataset_.tags.size());
    }
    TrainedSet set() {
        return {.options = options_,
                .extractor = extractor_,
                .pictures = listing_.pictures,
                .identities = identities_,
                .files = files_,
                .dataset = dataset_,
                .groups = groups_,
                .probabilities = probabilities_,
                .side_px = 224,
                .pooling = Pooling::Average,
                .threads = 2};
    }
    /// What training makes of it before the extra step: here the backbone alone.
    [[nodiscard]] vision::Package package() const {
        vision::Package package;
        package.model = converted(backbone_catalogue()[0]);
        for (auto const& tag : dataset_.tags)
            package.info.tags.push_back({.name = tag, .negative = tag == "empty"});
        package.extras[kHeldOutFile] = Bytes{'[', ']'};  // whole pictures have held-out answers, so do these
        return package;
    }

  private:
    TrainOptions options_;
    FeatureExtractor extractor_;
    Listing listing_;
    std::vector<PictureIdentity> identities_;
    std::vector<PictureFile> files_;
    Dataset dataset_;
    std::vector<int> groups_;
    Matrix probabilities_;
};

Json json_of(vision::Package const& package, std::string const& name) {
    auto const& content = package.extras.at(name);
    return Json::parse(content.begin(), content.end());
}

TEST(AddBackgroundHead, LearnsFromVisitsAndRemembers) {
    auto const folder = TemporaryFolder::create();
    ASSERT_TRUE(folder);
    DemoVisits visits({"SEQ75520", "SEQ75886", "SEQ76359", "SEQ76394"}, folder->path());
    auto package = visits.package();
    auto const done = add_background_head(visits.set(), package, {}, {});
    ASSERT_TRUE(done) << done.error().message;

    auto const head = parse_background_head(json_of(package, kBackgroundFile));
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_TRUE(head->gate_trained);
    EXPECT_GT(head->gate_slope, 0);
    EXPECT_EQ(head->tags, (std::vector<std::string>{"agouti", "wild_boar"}));
    ASSERT_TRUE(head->head);
    EXPECT_EQ(head->head->width, 1280U);

    auto const& metrics = package.info.metrics["background"];
    EXPECT_EQ(metrics["cameras"], 4);
    EXPECT_EQ(metrics["frames"], 29);
    EXPECT_EQ(metrics["note"], "");
    EXPECT_GT(metrics["gate_area_under_roc"], 0.85);
    EXPECT_EQ(metrics["tag_accuracy"]["of"], 21);
    EXPECT_EQ(json_of(package, kBackgroundHeldOutFile).size(), 29U);

    // A second time nothing is computed, and the same bytes come out.
    std::set<std::string> steps;
    auto again = visits.package();
    ASSERT_TRUE(add_background_head(visits.set(), again,
                                    [&](ProgressReport const& report) { steps.insert(report.step); }, {}));
    EXPECT_EQ(steps, std::set<std::string>{"choosing the background heads"});
    EXPECT_EQ(again.extras, package.extras);
}

TEST(AddBackgroundHead, SaysWhatIsTooLittleToLearnFrom) {
    DemoVisits visits({"SEQ75520", "SEQ75886"}, {});
    auto package = visits.package();
    auto const done = add_background_head(visits.set(), package, {}, {});
    ASSERT_TRUE(done) << done.error().message;
    auto const head = parse_background_head(json_of(package, kBackgroundFile));
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_FALSE(head->gate_trained);
    EXPECT_FALSE(head->head);
    auto const note = package.info.metrics["background"]["note"].get<std::string>();
    EXPECT_THAT(note, HasSubstr("4 empty and 12 other frames"));
    EXPECT_THAT(note, HasSubstr("One tag only"));
}

TEST(AddBackgroundHead, StopsWhenAsked) {
    DemoVisits visits({"SEQ75520", "SEQ76359"}, {});
    auto package = visits.package();
    std::stop_source stop;
    stop.request_stop();
    auto const done = add_background_head(visits.set(), package, {}, stop.get_token());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::Cancelled);
    EXPECT_FALSE(package.extras.contains(kBackgroundFile));
}

}  // namespace
}  // namespace ounce::train
