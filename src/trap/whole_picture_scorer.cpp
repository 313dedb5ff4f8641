#include "trap/whole_picture_scorer.hpp"

#include <algorithm>
#include <cmath>

#include "base/file.hpp"
#include "crypto/sha256.hpp"
#include "train/backbone.hpp"
#include "trap/event_pass.hpp"
#include "trap/held_out.hpp"
#include "vision/decode.hpp"
#include "vision/session.hpp"

namespace ounce::trap {
namespace {

constexpr std::uint64_t kModelBytesMax = std::uint64_t{1} << 30;

/// All that is left of a picture: its probabilities.
struct WholeLook : Look {
    std::vector<float> probabilities;
    double gate = 0;
};

/// Decodes for `recipe`, and notes in `look` what the pipeline wants to know of the picture.
Result<vision::Tensor> prepare(vision::Recipe const& recipe, ByteView file, Look& look) {
    vision::DecodeOptions options;
    options.shorter_side_min_px = vision::decode_shorter_side_px(recipe);
    options.orient = recipe.orient;
    TRY(auto const decoded, vision::decode(file, options));
    look.width_px = decoded.full_width_px;
    look.height_px = decoded.full_height_px;
    look.grey = decoded.grey;
    if (decoded.damaged) look.damage = decoded.damage.empty() ? "broken off" : decoded.damage;
    return vision::apply(recipe, decoded.image);
}

/// A scorer whose looks hold the answer already.
class WholeScorer : public Scorer {
  public:
    [[nodiscard]] std::size_t window() const final { return 0; }
    [[nodiscard]] std::vector<ScoredTag> const& tags() const final { return tags_; }
    [[nodiscard]] std::string identity() const final { return identity_; }
    [[nodiscard]] std::string description() const final { return description_; }
    [[nodiscard]] Result<FrameScore> score(std::span<Frame const> frames, std::size_t index) const final {
        auto const& look = static_cast<WholeLook const&>(*frames[index].look);
        return FrameScore{
            .probabilities = look.probabilities, .gate = look.gate, .box = std::nullopt, .flags = {}};
    }

  protected:
    std::vector<ScoredTag> tags_;
    std::string identity_;
    std::string description_;
};

class PackageScorer final : public WholeScorer {
  public:
    PackageScorer(vision::Classifier classifier, std::string identity) : classifier_(std::move(classifier)) {
        auto const& info = classifier_.info();
        for (auto const& tag : info.tags) tags_.push_back({tag.name, tag.threshold, tag.negative});
        identity_ = std::move(identity);
        description_ = "model " + info.name + ", each picture by itself";
        vote_ = vote_tags(tags_, exclusive());
    }
    [[nodiscard]] bool exclusive() const override {
        return classifier_.info().kind == vision::Kind::Multiclass;
    }
    [[nodiscard]] Result<std::unique_ptr<Look>> look(ByteView file) const override {
        auto look = std::make_unique<WholeLook>();
        TRY(auto const input, prepare(classifier_.info().recipe, file, *look));
        TRY(look->probabilities, classifier_.run(input));
        look->gate = gate_from_tags(look->probabilities, vote_);
        return look;
    }

  private:
    vision::Classifier classifier_;
    VoteTags vote_;
};

class UntrainedScorer final : public WholeScorer {
  public:
    UntrainedScorer(train::Backbone const& backbone, vision::Session session)
        : recipe_(backbone.recipe), session_(std::move(session)) {
        tags_ = {{.name = "animal"}, {.name = "empty", .threshold = 0.5, .negative = true}};
        identity_ = "untrained-1 " + backbone.name + " " + backbone.onnx_sha256;
        description_ = "untrained " + backbone.name;
    }
    [[nodiscard]] bool exclusive() const override { return true; }
    [[nodiscard]] Result<std::unique_ptr<Look>> look(ByteView file) const override {
        auto look = std::make_unique<WholeLook>();
        TRY(auto const input, prepare(recipe_, file, *look));
        TRY(auto const outputs, session_.run(input, {"imagenet"}));
        auto const& logits = outputs.front().values;
        auto const most = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
        double animals = 0;
        double all = 0;
        for (std::size_t i = 0; i < logits.size(); ++i) {
            auto const mass = std::exp(static_cast<double>(logits[i]) - most);
            all += mass;
            if (static_cast<int>(i) >= train::kFirstAnimalClass &&
                static_cast<int>(i) <= train::kLastAnimalClass)
                animals += mass;
        }
        look->gate = animals / all;
        look->probabilities = {static_cast<float>(look->gate), static_cast<float>(1 - look->gate)};
        return look;
    }

  private:
    vision::Recipe recipe_;
    vision::Session session_;
};

/// What tells one model from another: the hash of its files.
Result<std::string> model_identity(std::filesystem::path const& model) {
    std::error_code code;
    if (!std::filesystem::is_directory(model, code)) {
        TRY(auto const bytes, read_file(model, kModelBytesMax));
        return "whole-1 " + crypto::sha256_hex(bytes);
    }
    std::string hashes;
    for (auto const* const name : {"package.json", "model.onnx", "model.pb", "labels.txt"}) {
        auto const bytes = read_file(model / name, kModelBytesMax);
        hashes += bytes ? crypto::sha256_hex(*bytes) : "-";
    }
    return "whole-1 " + crypto::sha256_hex(as_bytes(hashes));
}

}  // namespace

Result<std::unique_ptr<Scorer>> open_whole_picture_scorer(std::filesystem::path const& model,
                                                          vision::Classifier::Options const& options) {
    TRY(auto classifier, vision::Classifier::open(model, options));
    TRY(auto identity, model_identity(model));
    return std::unique_ptr<Scorer>(
        std::make_unique<PackageScorer>(std::move(classifier), std::move(identity)));
}

Result<std::unique_ptr<Scorer>> open_untrained_scorer(std::string const& backbone) {
    TRY(auto const found, train::find_backbone(backbone));
    TRY(auto const path, train::backbone_model_path(found));
    TRY(auto session, vision::Session::open(path));
    return std::unique_ptr<Scorer>(std::make_unique<UntrainedScorer>(found, std::move(session)));
}

}  // namespace ounce::trap
