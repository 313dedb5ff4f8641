#include <algorithm>
#include <cmath>

#include "train/backbone.hpp"
#include "trap/whole_look.hpp"
#include "trap/whole_picture_scorer.hpp"
#include "vision/session.hpp"

namespace ounce::trap {
namespace {

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

}  // namespace

Result<std::unique_ptr<Scorer>> open_untrained_scorer(std::string const& backbone) {
    TRY(auto const found, train::find_backbone(backbone));
    TRY(auto const path, train::backbone_model_path(found));
    TRY(auto session, vision::Session::open(path));
    return std::unique_ptr<Scorer>(std::make_unique<UntrainedScorer>(found, std::move(session)));
}

}  // namespace ounce::trap
