#include "base/file.hpp"
#include "crypto/sha256.hpp"
#include "trap/event_pass.hpp"
#include "trap/held_out.hpp"
#include "trap/whole_look.hpp"
#include "trap/whole_picture_scorer.hpp"

namespace ounce::trap {
namespace {

constexpr std::uint64_t kModelBytesMax = std::uint64_t{1} << 30;

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

}  // namespace ounce::trap
