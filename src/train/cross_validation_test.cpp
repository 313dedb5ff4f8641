#include "train/cross_validation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace ounce::train {
namespace {

struct Toy {
    Matrix features;
    Labels labels;
    std::vector<int> groups;
};

/// Two tags; the first feature tells them apart as far as `signal` goes, the rest is noise.
Toy noisy(std::size_t count, std::size_t width, double signal, std::uint64_t seed) {
    Random random(seed);
    Toy toy{Matrix(count, width), {}, std::vector<int>(count, -1)};
    std::vector<int> tags;
    for (std::size_t i = 0; i < count; ++i) {
        tags.push_back(static_cast<int>(i % 2));
        for (std::size_t j = 0; j < width; ++j) toy.features.row(i)[j] = static_cast<float>(random.unit());
        toy.features.row(i)[0] += static_cast<float>(signal * static_cast<double>(i % 2));
    }
    toy.labels = one_of(tags, 2);
    return toy;
}

double accuracy(CrossValidation const& validation, Labels const& labels) {
    std::size_t right = 0;
    for (std::size_t i = 0; i < labels.count(); ++i)
        right += (validation.probabilities.row(i)[1] > 0.5F) == labels.has(i, 1) ? 1 : 0;
    return static_cast<double>(right) / static_cast<double>(labels.count());
}

TEST(CrossValidate, FindsWhatIsThere) {
    auto const toy = noisy(120, 30, 2, 1);
    auto const fitted = fit(toy.features, toy.labels, toy.groups, {});
    ASSERT_TRUE(fitted) << fitted.error().message;
    EXPECT_GT(accuracy(fitted->validation, toy.labels), 0.95);
}

TEST(CrossValidate, PicturesThatAreAllAlikeTellNothing) {
    auto toy = noisy(20, 3, 0, 1);
    std::ranges::fill(toy.features.values, 0.25F);
    for (bool const standardise : {true, false}) {
        CrossValidationOptions options;
        options.head.standardise = standardise;
        auto const fitted = fit(toy.features, toy.labels, toy.groups, options);
        ASSERT_TRUE(fitted) << fitted.error().message;
        for (auto const probability : fitted->validation.probabilities.values)
            EXPECT_NEAR(probability, 0.5, 1e-3);
    }
}

TEST(CrossValidate, ChoosesOnFeaturesAsTheyAreIfNotToldToStandardise) {
    auto const toy = noisy(60, 2, 1, 3);
    auto larger = toy.features;
    for (auto& value : larger.values) value *= 10;
    for (bool const standardise : {true, false}) {
        CrossValidationOptions options;
        options.l2s = {0.1};
        options.head.standardise = standardise;
        auto const one = cross_validate({{"", &toy.features}}, toy.labels, toy.groups, options);
        auto const other = cross_validate({{"", &larger}}, toy.labels, toy.groups, options);
        ASSERT_TRUE(one && other);
        double const difference = std::abs(one->chosen.temperature - other->chosen.temperature);
        if (standardise)
            EXPECT_LT(difference, 1e-2);
        else
            EXPECT_GT(difference, 0.1);
    }
}

TEST(CrossValidate, DoesNotFlatterNoise) {
    // 400 useless features for 100 pictures: learnt by heart, they would look perfect.
    double mean = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        auto const toy = noisy(100, 400, 0, seed);
        mean += accuracy(fit(toy.features, toy.labels, toy.groups, {})->validation, toy.labels) / 8;
    }
    EXPECT_NEAR(mean, 0.5, 0.06);
}

TEST(CrossValidate, ChoosesTheBetterCandidate) {
    auto const good = noisy(120, 20, 2, 1);
    auto const bad = noisy(120, 20, 0, 2);
    std::vector<Candidate> const candidates{{"bad", &bad.features}, {"good", &good.features}};
    auto const result = cross_validate(candidates, good.labels, good.groups, {});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->chosen.candidate, 1U);
    for (auto const& choice : result->by_fold) EXPECT_EQ(choice.candidate, 1U);
}

TEST(CrossValidate, DoesNotDependOnThreads) {
    auto const toy = noisy(60, 40, 0.5, 4);
    CrossValidationOptions one;
    auto three = one;
    three.threads = 3;
    auto const a = fit(toy.features, toy.labels, toy.groups, one);
    auto const b = fit(toy.features, toy.labels, toy.groups, three);
    EXPECT_EQ(a->head.weights, b->head.weights);
    EXPECT_EQ(a->validation.probabilities.values, b->validation.probabilities.values);
}

TEST(CrossValidate, ViewsAreLearntFromAndNotMeasuredOn) {
    auto const toy = noisy(60, 20, 2, 5);
    Matrix twice(120, 20);
    std::ranges::copy(toy.features.values, twice.values.begin());
    std::ranges::copy(toy.features.values, twice.values.begin() + 60 * 20);
    std::vector<Candidate> const candidates{{"views", &twice}};
    auto const result = cross_validate(candidates, toy.labels, toy.groups, {});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->probabilities.rows, 60U);
    EXPECT_GT(accuracy(*result, toy.labels), 0.9);
}

TEST(CrossValidate, StopsWhenAsked) {
    auto const toy = noisy(60, 20, 2, 5);
    std::stop_source source;
    source.request_stop();
    CrossValidationOptions options;
    options.stop = source.get_token();
    auto const result = fit(toy.features, toy.labels, toy.groups, options);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::Cancelled);
}

TEST(BestTemperature, CoolsOverconfidentLogits) {
    // Right 8 times of 10 with logits that claim certainty: the honest logit is log(.8 / .2).
    Matrix logits(10, 2);
    std::vector<int> tags;
    for (std::size_t i = 0; i < 10; ++i) {
        logits.row(i)[1] = 8;
        tags.push_back(i < 8 ? 1 : 0);
    }
    std::vector<double> const use(10, 1.0);
    double const t = best_temperature(vision::Kind::Multiclass, logits, one_of(tags, 2), use);
    EXPECT_NEAR(8 / t, std::log(4.0), 0.02);
}

}  // namespace
}  // namespace ounce::train
