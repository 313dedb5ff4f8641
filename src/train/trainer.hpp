#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "train/cross_validation.hpp"
#include "train/dataset.hpp"
#include "train/evaluation.hpp"
#include "train/features.hpp"
#include "train/picture_identity.hpp"
#include "train/pooling.hpp"
#include "vision/package.hpp"

namespace ounce::train {

struct TrainedSet;

/// One more thing to learn from the same pictures and to put into the package (for example the background
/// heads of `ounce sift` as "background.json"). Runs after the head, before the package is written.
using ExtraStep =
    std::function<Status(TrainedSet const&, vision::Package&, ProgressSink const&, std::stop_token)>;

struct TrainOptions {
    enum class Level { Quick, Advanced };

    std::filesystem::path pictures;  // folder with a folder for each tag, or CSV: see list_pictures()
    std::optional<Listing> listing;  // the pictures themselves instead, for callers that keep them elsewhere
    std::filesystem::path out;       // package folder to write
    std::string name;                // of the model; empty: the name of `out`
    std::string backbone;            // empty: the default one
    int side_px = 0;                 // 0: quick 224, or chosen within the budget if `choose_side`
    bool choose_side = false;
    std::optional<Pooling> pooling;    // none: chosen by cross-validation
    std::optional<vision::Kind> kind;  // none: multilabel if a picture has several tags or none
    std::string negative;              // the tag that means "none of these"; empty: there is none
    Loss loss = Loss::Logistic;
    Level level = Level::Quick;
    double budget_minutes = 10;  // for looking at pictures again: other sides, augmented views
    std::uint64_t seed = 1;
    int folds = 5;
    double threshold = 0.5;
    std::optional<std::string> private_key_pem;  // signs the package
    CacheOptions cache;
    int threads = 0;              // 0: all processors
    std::string program_version;  // for the lineage
    std::vector<ExtraStep> extra_steps;
};

/// What was learnt from: borrowed by an ExtraStep while it runs.
struct TrainedSet {
    TrainOptions const& options;
    FeatureExtractor& extractor;
    std::vector<Picture> const& pictures;            // those that could be read
    std::vector<PictureIdentity> const& identities;  // one each
    std::vector<PictureFile> const& files;           // one each
    Dataset const& dataset;
    std::vector<int> const& groups;  // never to be torn apart
    Matrix const& probabilities;     // of whole pictures, out of fold
    int side_px;
    Pooling pooling;
    int threads;
};

struct TrainReport {
    vision::PackageInfo info;
    std::vector<std::string> names;  // of the pictures, for the numbers below
    Labels labels;
    Matrix probabilities;  // out of fold: from models that did not learn from the picture
    std::vector<int> groups;
    Evaluation evaluation;
    std::string group_source;           // how pictures that belong together were told, for a person
    std::size_t near_duplicates = 0;    // pairs found, and kept on one side of each split
    std::vector<Problem> problems;      // files left out
    std::vector<std::string> warnings;  // things a person should know before trusting the numbers
    int side_px = 0;
    Pooling pooling = Pooling::Average;
    bool augmented = false;
    CrossValidation validation;
    std::vector<std::string> candidate_names;  // what validation.scores speak of
    double export_difference = 0;              // largest, of the exported graph against features and head
    std::size_t pictures_computed = 0;         // the features of the others came from the cache
    std::vector<std::pair<std::string, double>> seconds;  // each step, in order
};

/// From tagged photographs to a measured package. Long; `progress` hears of each step. When stopped, nothing
/// is written but the cache, and the same call goes on where it was.
/// Errors: as list_pictures, number_tags, FeatureExtractor::extract, cross_validate, write_package;
/// InvalidArgument if one picture lies under two tags of a multiclass model (names both files);
/// Internal if the exported graph does not agree with what was trained.
Result<TrainReport> train(TrainOptions const& options, ProgressSink const& progress, std::stop_token stop);

/// Identities of the listed pictures, from the cache where the file has not changed since. Unreadable ones
/// are moved to the problems, and of pictures with the same content one is kept: with the tags of all if
/// `multilabel`. Errors: InvalidArgument for one content under two tags otherwise; Cancelled.
Result<std::vector<PictureIdentity>> identify_pictures(Listing& listing, bool multilabel,
                                                       CacheOptions const& cache, int threads,
                                                       ProgressSink const& progress, std::stop_token stop);

/// Groups of pictures that belong together: the CSV's if it has any, else bursts by EXIF camera and time.
/// `source` is told which, for a person.
std::vector<int> known_groups(Listing const& listing, std::span<PictureIdentity const> identities,
                              std::string& source);

/// The file of a package that names the pictures it learnt from: a SHA-256 a line.
inline constexpr char const* kTrainingPicturesFile = "training-pictures.txt";

}  // namespace ounce::train
