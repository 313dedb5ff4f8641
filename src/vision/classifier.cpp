#include "vision/classifier.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "vision/exported_model.hpp"
#include "vision/session.hpp"

namespace ounce::vision {
namespace {

namespace fs = std::filesystem;

/// The shape of what apply(recipe) makes.
std::vector<std::int64_t> input_shape(Recipe const& recipe) {
    return recipe.layout == Recipe::Layout::Nchw
               ? std::vector<std::int64_t>{1, 3, recipe.height_px, recipe.width_px}
               : std::vector<std::int64_t>{1, recipe.height_px, recipe.width_px, 3};
}

std::string words(std::vector<std::int64_t> const& shape) {
    std::string text;
    for (auto const side : shape)
        text += fmt::format("{}{}", text.empty() ? "" : "x", side < 0 ? "?" : std::to_string(side));
    return text;
}

/// The model's ports against the package: what can be seen without running it.
Status check_ports(Session const& session, PackageInfo const& info) {
    auto const expected = input_shape(info.recipe);
    if (session.inputs().size() != 1 || session.inputs()[0].name != info.input)
        return fail(Code::DataLoss, "the model must have one input, named '{}'", info.input);
    auto const& shape = session.inputs()[0].shape;
    bool fits = shape.size() == expected.size();
    for (std::size_t axis = 0; fits && axis < shape.size(); ++axis)
        fits = shape[axis] < 0 || shape[axis] == expected[axis];
    if (!fits)
        return fail(Code::DataLoss, "the model takes {}, the recipe makes {}", words(shape), words(expected));
    auto const& outputs = session.outputs();
    if (std::none_of(outputs.begin(), outputs.end(),
                     [&](auto const& port) { return port.name == info.output; }))
        return fail(Code::DataLoss, "the model has no output '{}'", info.output);
    return {};
}

DecodeOptions decode_options(Recipe const& recipe) {
    return {.shorter_side_min_px = decode_shorter_side_px(recipe), .orient = recipe.orient};
}

Result<GoldenReport> measure_golden(Classifier const& classifier, Package const& package) {
    auto const& recipe = package.info.recipe;
    GoldenReport report;
    for (auto const& golden : package.golden) {
        auto const answer = [&]() -> Result<std::vector<float>> {
            TRY(auto const decoded, decode(golden.content, decode_options(recipe)));
            TRY(auto const input, apply(recipe, decoded.image));
            return classifier.run(input);
        }();
        if (!answer) return fail(answer.error().in("golden/" + golden.file));
        if (golden.probabilities.size() != answer->size())
            return fail(Code::InvalidArgument, "golden/{}: {} expected probabilities for {} tags",
                        golden.file, golden.probabilities.size(), answer->size());
        GoldenResult result{golden.file, 0};
        for (std::size_t tag = 0; tag < answer->size(); ++tag)
            result.difference = std::max(
                result.difference, std::abs(double{(*answer)[tag]} - double{golden.probabilities[tag]}));
        if (report.images++ == 0 || result.difference > report.largest_difference) {
            report.largest_difference = result.difference;
            report.worst_file = result.file;
        }
        report.results.push_back(std::move(result));
    }
    return report;
}

Result<GoldenReport> judged_golden(Classifier const& classifier, Package const& package) {
    if (package.golden.empty())
        return fail(Code::FailedPrecondition,
                    "the package has no golden images: nothing shows that the model answers here as it did "
                    "where it was trained");
    TRY(auto report, measure_golden(classifier, package));
    if (report.largest_difference > package.info.golden_tolerance)
        return fail(Code::FailedPrecondition,
                    "golden/{} comes out {:.3g} off, more than the {:.3g} allowed: the model does not answer "
                    "here as it did where it was trained",
                    report.worst_file, report.largest_difference, package.info.golden_tolerance);
    return report;
}

bool is_package_folder(fs::path const& path) {
    std::error_code error;
    return fs::exists(fs::symlink_status(path / "package.json", error));
}

}  // namespace

struct Classifier::State {
    PackageInfo info;
    Session session;
    DecodeOptions decode;
};

Classifier::Classifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;
Classifier::~Classifier() = default;

Result<Classifier> Classifier::create(Package const& package, int threads) {
    TRY(auto session, Session::create(package.model, {.threads = threads}));
    TRY_STATUS(check_ports(session, package.info));
    Classifier classifier(std::make_unique<State>(
        State{package.info, std::move(session), decode_options(package.info.recipe)}));
    Tensor empty{input_shape(package.info.recipe), {}};
    empty.values.resize(static_cast<std::size_t>(empty.count()));
    TRY_STATUS(classifier.run(empty).map([](auto const&) {}));
    return classifier;
}

Result<Classifier> Classifier::open(fs::path const& path, Options const& options) {
    std::error_code error;
    if (!fs::exists(path, error))
        return fail(Code::NotFound, "{}: no such model; give a package folder or a model.pb", path.string());
    bool const native = is_package_folder(path);
    if (!native && options.public_key_pem)
        return fail(Code::PermissionDenied, "{}: only a package can be signed, and a key is pinned",
                    path.string());
    TRY(auto const package,
        native ? read_package(path, {.public_key_pem = options.public_key_pem}) : read_exported_model(path));
    auto classifier = create(package, options.threads);
    if (!classifier) return fail(classifier.error().in(path.string()));
    if (native && options.check_golden) {
        if (auto const report = judged_golden(*classifier, package); !report)
            return fail(report.error().in(path.string()));
    }
    return classifier;
}

PackageInfo const& Classifier::info() const {
    return state_->info;
}

Result<std::vector<float>> Classifier::run(Tensor const& input) const {
    TRY(auto outputs, state_->session.run(input, {state_->info.output}));
    auto& output = outputs.at(0);
    if (output.values.size() != state_->info.tags.size())
        return fail(Code::DataLoss, "the model answers {} numbers for {} tags", output.values.size(),
                    state_->info.tags.size());
    for (auto const value : output.values)
        if (!std::isfinite(value)) return fail(Code::DataLoss, "the model answers what is no number");
    return std::move(output.values);
}

Result<Classification> Classifier::classify(ByteView picture_file) const {
    TRY(auto decoded, decode(picture_file, state_->decode));
    TRY(auto const input, apply(state_->info.recipe, decoded.image));
    TRY(auto const probabilities, run(input));
    Classification answer;
    answer.damaged = decoded.damaged;
    answer.damage = std::move(decoded.damage);
    std::vector<std::size_t> order(probabilities.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
        return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a < b;
    });
    for (auto const tag : order)
        answer.predictions.push_back({state_->info.tags[tag].name, double{probabilities[tag]}});
    return answer;
}

Result<GoldenReport> run_golden(Package const& package) {
    TRY(auto const classifier, Classifier::create(package));
    return measure_golden(classifier, package);
}

Result<GoldenReport> check_golden(Package const& package) {
    TRY(auto const classifier, Classifier::create(package));
    return judged_golden(classifier, package);
}

}  // namespace ounce::vision
