#include "train/efficientnet_lite.hpp"

#include <array>
#include <cmath>
#include <set>

#include "vision/onnx_graph.hpp"

// A fused multiply-add rounds once where two operations round twice: with it, machines that have one would
// fold the batch norms to other bits, and the model's hash would depend on the machine.
#pragma STDC FP_CONTRACT OFF

namespace ounce::train {
namespace {

using vision::OnnxGraph;
using vision::Tensor;

constexpr double kBatchNormEpsilon = 1e-3;
constexpr std::array<std::int64_t, 7> kStageStrides{1, 2, 2, 2, 1, 2, 1};
constexpr std::int64_t kStemStride = 2;
constexpr int kBlocksMax = 200;

/// Takes weights out by name and remembers which: at the end none may be left over.
class WeightShelf {
  public:
    explicit WeightShelf(TorchWeights const& weights) : weights_(weights) {}

    [[nodiscard]] bool has(std::string const& name) const { return weights_.contains(name); }

    Result<Tensor const*> take(std::string const& name, std::size_t rank) {
        auto const found = weights_.find(name);
        if (found == weights_.end()) return fail(Code::DataLoss, "the weight {} is missing", name);
        if (found->second.shape.size() != rank)
            return fail(Code::DataLoss, "the weight {} has {} axes, not {}", name, found->second.shape.size(),
                        rank);
        used_.insert(name);
        return &found->second;
    }
    Result<Tensor const*> take_vector(std::string const& name, std::int64_t length) {
        TRY(auto const* const tensor, take(name, 1));
        if (tensor->shape[0] != length)
            return fail(Code::DataLoss, "the weight {} has {} numbers, not {}", name, tensor->shape[0],
                        length);
        return tensor;
    }
    [[nodiscard]] Status check_all_used() const {
        for (auto const& [name, tensor] : weights_)
            if (!used_.contains(name))
                return fail(Code::DataLoss, "the network has no place for the weight {}", name);
        return {};
    }

  private:
    TorchWeights const& weights_;
    std::set<std::string> used_;
};

class Builder {
  public:
    explicit Builder(TorchWeights const& weights) : shelf_(weights) {}

    Result<Bytes> build() {
        graph_.add_input("image", {-1, 3, -1, -1});
        graph_.add_floats("relu6.min", {}, {0.0F});
        graph_.add_floats("relu6.max", {}, {6.0F});

        channels_ = 3;
        TRY(std::string at, convolve("image", "_conv_stem", "_bn0", "stem", kStemStride, Kind::Dense));
        at = clip(at, "stem.relu6");
        std::size_t stage = 0;
        std::int64_t width = 0;
        int block = 0;
        for (; block < kBlocksMax && shelf_.has(block_name(block) + "._depthwise_conv.weight"); ++block) {
            TRY(auto const* const project, shelf_.take(block_name(block) + "._project_conv.weight", 4));
            std::int64_t stride = 1;
            if (project->shape[0] != width) {  // a new stage
                if (stage >= kStageStrides.size())
                    return fail(Code::DataLoss, "{} begins an eighth stage; EfficientNet-Lite has seven",
                                block_name(block));
                // The fifth stage's end, half way between pixels and meaning: where a camera's background is
                // held against its frames (vision/background.hpp).
                if (stage == 5) {
                    graph_.add_node("Identity", {at}, {"middle"});
                    graph_.add_output("middle", {-1, channels_, -1, -1});
                }
                stride = kStageStrides[stage++];
                width = project->shape[0];
            }
            TRY(at, add_block(at, block_name(block), stride));
        }
        if (stage != kStageStrides.size())
            return fail(Code::DataLoss, "{} blocks in {} stages; EfficientNet-Lite has seven stages", block,
                        stage);

        TRY(at, convolve(at, "_conv_head", "_bn1", "head", 1, Kind::Dense));
        graph_.add_node("Clip", {at, "relu6.min", "relu6.max"}, {"map"});
        graph_.add_node("GlobalAveragePool", {"map"}, {"pooled"});
        graph_.add_node("Flatten", {"pooled"}, {"features"}, {{"axis", std::int64_t{1}}});
        TRY(auto const* const classes, shelf_.take("_fc.weight", 2));
        auto const class_count = classes->shape[0];
        if (classes->shape[1] != channels_)
            return fail(Code::DataLoss, "_fc.weight takes {} features, the map has {}", classes->shape[1],
                        channels_);
        TRY(auto const* const bias, shelf_.take_vector("_fc.bias", class_count));
        graph_.add_floats("fc.weight", classes->shape, classes->values);
        graph_.add_floats("fc.bias", bias->shape, bias->values);
        graph_.add_node("Gemm", {"features", "fc.weight", "fc.bias"}, {"imagenet"},
                        {{"transB", std::int64_t{1}}});
        TRY_STATUS(shelf_.check_all_used());

        graph_.add_output("map", {-1, channels_, -1, -1});
        graph_.add_output("features", {-1, channels_});
        graph_.add_output("imagenet", {-1, class_count});
        return graph_.serialize();
    }

  private:
    enum class Kind { Dense, Depthwise };

    static std::string block_name(int index) { return fmt::format("_blocks.{}", index); }

    std::string clip(std::string const& input, std::string const& output) {
        graph_.add_node("Clip", {input, "relu6.min", "relu6.max"}, {output});
        return output;
    }

    Result<std::string> add_block(std::string const& input, std::string const& block, std::int64_t stride) {
        auto const input_channels = channels_;
        auto const label = block.substr(1);  // names in the graph without the underscore
        std::string at = input;
        if (shelf_.has(block + "._expand_conv.weight")) {
            TRY(at,
                convolve(at, block + "._expand_conv", block + "._bn0", label + ".expand", 1, Kind::Dense));
            at = clip(at, label + ".expand.relu6");
        }
        TRY(at, convolve(at, block + "._depthwise_conv", block + "._bn1", label + ".depthwise", stride,
                         Kind::Depthwise));
        at = clip(at, label + ".depthwise.relu6");
        TRY(at, convolve(at, block + "._project_conv", block + "._bn2", label + ".project", 1, Kind::Dense));
        if (stride != 1 || channels_ != input_channels) return at;
        graph_.add_node("Add", {input, at}, {label + ".sum"});
        return label + ".sum";
    }

    /// A convolution with its batch norm folded in: scale = gamma / sqrt(variance + epsilon),
    /// weight * scale, beta - mean * scale. Updates channels_.
    Result<std::string> convolve(std::string const& input, std::string const& convolution,
                                 std::string const& norm, std::string const& output, std::int64_t stride,
                                 Kind kind) {
        TRY(auto const* const weight, shelf_.take(convolution + ".weight", 4));
        auto const outputs = weight->shape[0];
        auto const kernel = weight->shape[2];
        bool const depthwise = kind == Kind::Depthwise;
        if (weight->shape[1] != (depthwise ? 1 : channels_) || (depthwise && outputs != channels_) ||
            weight->shape[3] != kernel || kernel % 2 == 0)
            return fail(Code::DataLoss, "the weight {}.weight is {}x{}x{}x{}, which does not fit {} channels",
                        convolution, outputs, weight->shape[1], kernel, weight->shape[3], channels_);
        TRY(auto const* const gamma, shelf_.take_vector(norm + ".weight", outputs));
        TRY(auto const* const beta, shelf_.take_vector(norm + ".bias", outputs));
        TRY(auto const* const mean, shelf_.take_vector(norm + ".running_mean", outputs));
        TRY(auto const* const variance, shelf_.take_vector(norm + ".running_var", outputs));

        auto folded = weight->values;
        auto const channel_count = static_cast<std::size_t>(outputs);
        auto const per_channel = folded.size() / channel_count;
        std::vector<float> bias(channel_count);
        for (std::size_t channel = 0; channel < channel_count; ++channel) {
            double const scale = double{gamma->values[channel]} /
                                 std::sqrt(double{variance->values[channel]} + kBatchNormEpsilon);
            for (std::size_t i = channel * per_channel; i < (channel + 1) * per_channel; ++i)
                folded[i] = static_cast<float>(double{folded[i]} * scale);
            bias[channel] =
                static_cast<float>(double{beta->values[channel]} - double{mean->values[channel]} * scale);
        }
        graph_.add_floats(output + ".weight", weight->shape, folded);
        graph_.add_floats(output + ".bias", {outputs}, bias);
        graph_.add_node("Conv", {input, output + ".weight", output + ".bias"}, {output},
                        {{"auto_pad", std::string("SAME_UPPER")},
                         {"group", depthwise ? channels_ : std::int64_t{1}},
                         {"kernel_shape", std::vector<std::int64_t>{kernel, kernel}},
                         {"strides", std::vector<std::int64_t>{stride, stride}}});
        channels_ = outputs;
        return output;
    }

    WeightShelf shelf_;
    OnnxGraph graph_;
    std::int64_t channels_ = 0;  // of the value that was written last
};

}  // namespace

Result<Bytes> build_efficientnet_lite(TorchWeights const& weights) {
    return Builder(weights).build();
}

}  // namespace ounce::train
