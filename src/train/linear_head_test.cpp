#include "train/linear_head.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.hpp"

namespace ounce::train {
namespace {

struct Toy {
    Matrix features;
    Labels labels;
    std::vector<std::size_t> rows;
};

/// Three clouds of points, somewhat apart.
Toy clouds(std::size_t count, std::size_t width, double apart) {
    Random random(3);
    Toy toy{Matrix(count, width), {}, std::vector<std::size_t>(count)};
    std::vector<int> tags;
    for (std::size_t i = 0; i < count; ++i) {
        tags.push_back(static_cast<int>(i % 3));
        for (std::size_t j = 0; j < width; ++j)
            toy.features.row(i)[j] =
                static_cast<float>(random.unit() * 4 + (j % 3 == i % 3 ? apart : 0) + static_cast<double>(j));
    }
    toy.labels = one_of(tags, 3);
    std::iota(toy.rows.begin(), toy.rows.end(), std::size_t{0});
    return toy;
}

HeadOptions const kAll[] = {{.kind = vision::Kind::Multiclass, .loss = Loss::Logistic},
                            {.kind = vision::Kind::Multiclass, .loss = Loss::Logistic, .balanced = false},
                            {.kind = vision::Kind::Multilabel, .loss = Loss::Logistic},
                            {.kind = vision::Kind::Multiclass, .loss = Loss::Svm}};

TEST(HeadObjective, TakesFeaturesAsTheyAreIfNotToldToStandardise) {
    auto const toy = clouds(40, 6, 1);
    HeadObjective objective(toy.features, toy.rows, toy.labels, {.standardise = false, .balanced = false});
    std::vector<float> parameters(objective.parameter_count());
    Random random(5);
    for (auto& value : parameters) value = static_cast<float>(random.unit() - 0.5);
    auto const head = objective.head(parameters);
    EXPECT_TRUE(std::equal(head.weights.begin(), head.weights.end(), parameters.begin()));
    EXPECT_TRUE(std::equal(head.bias.begin(), head.bias.end(), parameters.begin() + 18));

    auto probabilities = head.logits(toy.features);
    to_probabilities(vision::Kind::Multiclass, probabilities);
    double loss = 0;
    for (std::size_t i = 0; i < 40; ++i)
        loss -= std::log(static_cast<double>(probabilities.row(i)[toy.labels.first(i)])) / 40;
    std::vector<float> gradient(parameters.size());
    EXPECT_NEAR(objective.evaluate(parameters, 0, gradient), loss, 1e-5);
}

TEST(HeadObjective, GradientMatchesFiniteDifferences) {
    auto const toy = clouds(40, 6, 1);
    for (auto const& options : kAll) {
        HeadObjective objective(toy.features, toy.rows, toy.labels, options);
        std::vector<float> parameters(objective.parameter_count());
        Random random(5);
        for (auto& value : parameters) value = static_cast<float>(random.unit() - 0.5);
        std::vector<float> gradient(parameters.size());
        std::vector<float> unused(parameters.size());
        objective.evaluate(parameters, 0.01, gradient);
        for (std::size_t p = 0; p < parameters.size(); ++p) {
            auto const here = parameters[p];
            parameters[p] = here + 0.01F;
            double const up = objective.evaluate(parameters, 0.01, unused);
            parameters[p] = here - 0.01F;
            double const down = objective.evaluate(parameters, 0.01, unused);
            parameters[p] = here;
            EXPECT_NEAR(gradient[p], (up - down) / 0.02, 2e-4) << p;
        }
    }
}

TEST(FitHeads, ReachesTheMinimum) {
    auto const toy = clouds(60, 20, 1);
    for (auto options : kAll) {
        options.tolerance = 1e-4;
        options.iterations_max = 500;
        double const l2s[] = {0.1, 0.001};
        auto const heads = fit_heads(toy.features, toy.rows, toy.labels, l2s, options);
        ASSERT_EQ(heads.size(), 2U);
        // A fit from nothing, with more patience, does not find a better place.
        auto patient = options;
        patient.tolerance = 1e-6;
        patient.iterations_max = 5000;
        double const weak[] = {0.001};
        auto const again = fit_heads(toy.features, toy.rows, toy.labels, weak, patient);
        auto const a = heads[1].logits(toy.features);
        auto const b = again[0].logits(toy.features);
        for (std::size_t i = 0; i < a.values.size(); ++i) EXPECT_NEAR(a.values[i], b.values[i], 0.05);
    }
}

TEST(FitHeads, SeparatesCloudsThatLieApart) {
    auto const toy = clouds(90, 12, 4);
    for (auto const& options : kAll) {
        double const l2s[] = {0.001};
        auto const head = fit_heads(toy.features, toy.rows, toy.labels, l2s, options)[0];
        auto logits = head.logits(toy.features);
        std::size_t right = 0;
        for (std::size_t i = 0; i < logits.rows; ++i) {
            auto const row = logits.row(i);
            right += static_cast<std::size_t>(std::ranges::max_element(row) - row.begin()) == i % 3 ? 1 : 0;
        }
        EXPECT_GE(right, 88U);
    }
}

TEST(FitHeads, GivesTheSameBitsAgain) {
    auto const toy = clouds(50, 33, 1);
    double const l2s[] = {0.1, 0.01};
    auto const a = fit_heads(toy.features, toy.rows, toy.labels, l2s, {});
    auto const b = fit_heads(toy.features, toy.rows, toy.labels, l2s, {});
    EXPECT_EQ(a[1].weights, b[1].weights);
    EXPECT_EQ(a[1].bias, b[1].bias);
}

TEST(FitHeads, ATagWithoutPicturesStaysHarmless) {
    auto toy = clouds(30, 8, 2);
    toy.labels = one_of(std::vector<int>(30, 1), 4);
    for (std::size_t i = 0; i < 10; ++i) {
        toy.labels.on[i * 4 + 1] = 0;
        toy.labels.on[i * 4] = 1;
    }
    double const l2s[] = {0.01};
    for (auto const& options : kAll) {
        auto const head = fit_heads(toy.features, toy.rows, toy.labels, l2s, options)[0];
        for (float const value : head.weights) EXPECT_TRUE(std::isfinite(value));
    }
}

TEST(LinearHead, JsonRoundTripKeepsEveryBit) {
    auto const toy = clouds(30, 8, 2);
    double const l2s[] = {0.01};
    auto const head = fit_heads(toy.features, toy.rows, toy.labels, l2s, {})[0];
    auto const text = dump_json(to_json(head));
    auto const back = parse_linear_head(*parse_json(text));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->weights, head.weights);
    EXPECT_EQ(back->bias, head.bias);
}

TEST(LinearHead, BrokenJsonIsRefused) {
    for (char const* text :
         {"{}", R"({"kind":"x","classes":1,"width":1,"bias":[0],"weights":[0]})",
          R"({"kind":"multiclass","classes":2,"width":1,"bias":[0],"weights":[0,0]})",
          R"({"kind":"multiclass","classes":1000000000,"width":1000000000,"bias":[],"weights":[]})",
          R"({"kind":"multiclass","classes":1,"width":1,"bias":[1e99],"weights":[0]})"}) {
        EXPECT_FALSE(parse_linear_head(*parse_json(text))) << text;
    }
}

TEST(ToProbabilities, AddUpToOneEvenForHugeLogits) {
    Matrix logits(1, 3);
    logits.values = {1000, 999, -1000};
    to_probabilities(vision::Kind::Multiclass, logits);
    EXPECT_NEAR(logits.values[0] + logits.values[1] + logits.values[2], 1, 1e-6);
    EXPECT_NEAR(logits.values[0], 0.731, 1e-3);
}

}  // namespace
}  // namespace ounce::train
