#include "trap/background_scorer.hpp"

#include <algorithm>
#include <cstring>

#include "base/file.hpp"
#include "crypto/sha256.hpp"
#include "train/background_network.hpp"
#include "trap/whole_picture_scorer.hpp"
#include "vision/camera_background.hpp"
#include "vision/package.hpp"

namespace ounce::trap {
namespace {

constexpr std::uint64_t kModelBytesMax = std::uint64_t{1} << 30;
constexpr std::size_t kFewNeighbours =
    3;  // fewer, and the gate ranks but must not drop: measured AUC .80 for one
constexpr char const* kVersion = "background-1";

// What a second look is told.
constexpr std::uint8_t kJudgeWhole = 1;  // by the whole picture: there was nothing to compare with
constexpr std::uint8_t kNameChange =
    2;  // by the background head: then columns (1 byte) and distances (float32)
constexpr std::uint8_t kNameByWhole = 3;  // the gate stands, the tags by the whole picture: there is no head

struct BackgroundLook : Look {
    vision::CellMap middle;
    bool infrared = false;
    // Filled as neighbours ask for it, by the one thread that calls score().
    mutable std::optional<std::vector<float>> distance;
};

class BackgroundScorer final : public Scorer {
  public:
    BackgroundScorer(train::BackgroundNetwork network, std::unique_ptr<Scorer> whole,
                     BackgroundScorerOptions const& options, std::string identity, std::string description)
        : network_(std::move(network)),
          whole_(std::move(whole)),
          options_{.neighbours_max = 24, .burst_gap = options.burst_gap},
          identity_(std::move(identity)),
          description_(std::move(description)) {
        for (auto const& tag : whole_->tags()) tags_.push_back({tag.name, tag.threshold, tag.negative});
    }

    [[nodiscard]] std::string identity() const override { return identity_; }
    [[nodiscard]] std::string description() const override { return description_; }
    [[nodiscard]] std::vector<ScoredTag> const& tags() const override { return whole_->tags(); }
    [[nodiscard]] bool exclusive() const override { return whole_->exclusive(); }
    [[nodiscard]] bool gated() const override { return true; }
    [[nodiscard]] std::size_t window() const override { return vision::kBackgroundWindow; }

    [[nodiscard]] Result<std::unique_ptr<Look>> look(ByteView picture_file) const override {
        TRY(auto seen, network_.look(picture_file));
        auto look = std::make_unique<BackgroundLook>();
        look->width_px = seen.width_px;
        look->height_px = seen.height_px;
        look->grey = seen.infrared;
        look->damage = std::move(seen.damage);
        look->infrared = seen.infrared;
        look->middle = std::move(seen.middle);
        return look;
    }

    [[nodiscard]] Result<FrameScore> score(std::span<Frame const> frames, std::size_t index) const override {
        std::vector<vision::CameraFrame> camera;
        camera.reserve(frames.size());
        for (auto const& frame : frames) {
            auto const& look = static_cast<BackgroundLook const&>(*frame.look);
            camera.push_back({.time = frame.time.time_since_epoch(),
                              .infrared = look.infrared,
                              .middle = &look.middle,
                              .distance = &look.distance});
        }
        auto const change = vision::find_change(camera, index, options_);
        FrameScore score;
        if (change.neighbours == 0) {
            score.gate = 0.5;  // until the second look
            score.flags = "no other frames to compare with at this camera: judged by the whole picture";
            score.notes = {kJudgeWhole};
        } else {
            score.gate = network_.head().gate(double{change.score});
            score.box = change.box;
            if (change.neighbours < kFewNeighbours)
                score.flags = "too few frames at this camera: not dropped";
            if (change.camera_moved) score.flags = "the camera moved or is covered: not dropped";
            if (score.gate >= train::kLookAgain && nameable() > 1)
                score.notes = notes(change, camera[index].middle->columns);
        }
        score.keep = !score.flags.empty();
        score.probabilities = train::background_probabilities(network_.head(), tags_, score.gate, {});
        return score;
    }

    [[nodiscard]] Result<FrameScore> look_again(ByteView picture_file,
                                                FrameScore const& first) const override {
        auto score = first;
        score.notes.clear();
        if (first.notes.empty()) return score;
        if (first.notes.front() == kNameChange) {
            auto const columns = static_cast<int>(first.notes[1]);
            std::vector<float> distance((first.notes.size() - 2) / sizeof(float));
            std::memcpy(distance.data(), first.notes.data() + 2, distance.size() * sizeof(float));
            TRY(auto const features, network_.features(picture_file, distance, columns));
            score.probabilities =
                train::background_probabilities(network_.head(), tags_, first.gate, features);
            return score;
        }
        TRY(auto const look, whole_->look(picture_file));
        Frame const alone[] = {{.time = {}, .look = look.get()}};
        TRY(auto const whole, whole_->score(alone, 0));
        if (first.notes.front() == kJudgeWhole) {
            score.gate = whole.gate;
            score.probabilities = whole.probabilities;
            return score;
        }
        // The gate as it is, shared as the whole picture says.
        float others = 0;
        for (std::size_t i = 0; i < tags_.size(); ++i)
            if (!tags_[i].negative) others += whole.probabilities[i];
        if (!exclusive()) others = 1;
        for (std::size_t i = 0; i < tags_.size() && others > 0; ++i)
            if (!tags_[i].negative)
                score.probabilities[i] = static_cast<float>(score.gate) * whole.probabilities[i] / others;
        return score;
    }

  private:
    [[nodiscard]] std::ptrdiff_t nameable() const {
        return std::ranges::count_if(tags_, [](auto const& tag) { return !tag.negative; });
    }
    [[nodiscard]] Bytes notes(vision::FrameChange const& change, int columns) const {
        if (!network_.head().head) return {kNameByWhole};
        OUNCE_CHECK(columns > 0 && columns < 256);
        Bytes bytes(2 + change.distance.size() * sizeof(float));
        bytes[0] = kNameChange;
        bytes[1] = static_cast<std::uint8_t>(columns);
        std::memcpy(bytes.data() + 2, change.distance.data(), change.distance.size() * sizeof(float));
        return bytes;
    }

    train::BackgroundNetwork network_;
    std::unique_ptr<Scorer> whole_;
    vision::BackgroundOptions options_;
    std::vector<vision::PackageTag> tags_;
    std::string identity_;
    std::string description_;
};

std::string identity_of(std::string const& whole, ByteView head, BackgroundScorerOptions const& options) {
    return fmt::format("{} {} {} {}", whole, kVersion, crypto::sha256_hex(head), options.burst_gap.count());
}

}  // namespace

Result<std::unique_ptr<Scorer>> open_background_scorer(std::filesystem::path const& package,
                                                       vision::Classifier::Options const& model,
                                                       BackgroundScorerOptions const& options) {
    TRY(auto whole, open_whole_picture_scorer(package, model));
    TRY(auto const read, vision::read_package(package, {.public_key_pem = model.public_key_pem}));
    auto const found = read.extras.find(train::kBackgroundFile);
    if (found == read.extras.end())
        return fail(Code::FailedPrecondition, "{}: has no {}; train again to use each camera's background",
                    package.string(), train::kBackgroundFile);
    auto const open = [&]() -> Result<train::BackgroundNetwork> {
        TRY(auto const json, parse_json(as_text(found->second)));
        TRY(auto head, train::parse_background_head(json));
        return train::BackgroundNetwork::create(read.model, std::move(head));
    };
    auto network = open();
    for (auto const& tag : network ? network->head().tags : std::vector<std::string>())
        if (std::ranges::find(read.info.tags, tag, &vision::PackageTag::name) == read.info.tags.end())
            return fail(Code::InvalidArgument, "{}: {} knows the tag '{}', the package does not",
                        package.string(), train::kBackgroundFile, tag);
    if (!network) return fail(network.error().in((package / train::kBackgroundFile).string()));
    auto identity = identity_of(whole->identity(), found->second, options);
    auto description = "model " + read.info.name + ", each camera's own background";
    return std::unique_ptr<Scorer>(std::make_unique<BackgroundScorer>(
        std::move(*network), std::move(whole), options, std::move(identity), std::move(description)));
}

Result<std::unique_ptr<Scorer>> open_untrained_background_scorer(std::string const& backbone,
                                                                 BackgroundScorerOptions const& options) {
    TRY(auto whole, open_untrained_scorer(backbone));
    TRY(auto const found, train::find_backbone(backbone));
    TRY(auto const path, train::backbone_model_path(found));
    TRY(auto const model, read_file(path, kModelBytesMax));
    auto head = train::untrained_background_head(found);
    auto const text = dump_json(to_json(head));
    auto network = train::BackgroundNetwork::create(model, std::move(head));
    if (!network) return fail(network.error().in(path.string()));
    auto identity = identity_of(whole->identity(), as_bytes(text), options);
    auto description = fmt::format("untrained {}, each camera's own background", backbone);
    return std::unique_ptr<Scorer>(std::make_unique<BackgroundScorer>(
        std::move(*network), std::move(whole), options, std::move(identity), std::move(description)));
}

}  // namespace ounce::trap
