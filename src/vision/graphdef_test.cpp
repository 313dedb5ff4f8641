#include "vision/graphdef.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/file.hpp"
#include "proto/graphdef.pb.h"
#include "vision/decode.hpp"
#include "vision/recipe.hpp"
#include "vision/seed_models_test.hpp"
#include "vision/session.hpp"

namespace ounce::vision {
namespace {

namespace format = tensorflow_format;

Bytes seed_model(std::string const& name) {
    auto file = read_file(OUNCE_SOURCE_DIR "/tests/data/seed-models/" + name + "/model.pb", 64 << 20);
    EXPECT_TRUE(file) << name;
    return file ? *std::move(file) : Bytes{};
}

/// Both real models, imported and ready, against what TensorFlow answered for them.
class SeedModels : public testing::Test {
  protected:
    void SetUp() override {
        for (auto const& [name, model] : answers_["models"].items()) {
            auto const imported = import_graphdef(
                seed_model(name),
                {.input = model["input"], .output = model["output"], .more_outputs = {"fc/fc"}});
            ASSERT_TRUE(imported) << imported.error().message;
            EXPECT_EQ(imported->input, "Placeholder");
            EXPECT_EQ(imported->output, "loss");
            EXPECT_EQ(imported->width_px, 227);
            EXPECT_EQ(imported->height_px, 227);
            auto session = Session::create(imported->onnx);
            ASSERT_TRUE(session) << session.error().message;
            EXPECT_EQ(session->inputs().front().shape, (std::vector<std::int64_t>{-1, 227, 227, 3}));
            sessions_.emplace(name, *std::move(session));
        }
    }

    // `answer`: probabilities "p" and, where recorded, logits "z" for each model.
    void expect_answer(Tensor const& input, Json const& answer) {
        for (auto const& [name, session] : sessions_) {
            auto const out = session.run(input, {"loss", "fc/fc"});
            ASSERT_TRUE(out) << out.error().message;
            expect_near(out->at(0), answer["p"][name], 1e-4);
            if (answer.contains("z")) expect_near(out->at(1), answer["z"][name], 1e-3);
        }
    }

    static void expect_near(Tensor const& made, Json const& recorded, double tolerance) {
        ASSERT_EQ(made.shape, (std::vector<std::int64_t>{1, static_cast<std::int64_t>(recorded.size())}));
        for (std::size_t i = 0; i < recorded.size(); ++i)
            EXPECT_NEAR(made.values[i], recorded[i].get<double>(), tolerance) << i;
    }

    Image picture(std::string const& name, int width, int height) {
        if (name[0] != 'E') return synthetic(name, width, height);
        auto found = photos_.find(name);
        if (found == photos_.end()) {
            auto decoded = decode(photograph_file(name));
            EXPECT_TRUE(decoded) << name;
            found = photos_.emplace(name, decoded->image).first;
        }
        return stretched_by_nearest(found->second, width, height);
    }

    Tensor raw_tensor(std::string const& source) {
        constexpr int kSide = 227;
        Tensor tensor{.shape = {1, kSide, kSide, 3}, .values = {}};
        auto const count = static_cast<std::size_t>(tensor.count());
        if (source == "zero") {
            tensor.values.assign(count, 0);
        } else if (source == "mean") {
            for (std::size_t i = 0; i < count; i += 3)
                tensor.values.insert(tensor.values.end(), {104, 117, 123});
        } else if (source == "ramp") {
            for (std::size_t i = 0; i < count; ++i)
                tensor.values.push_back(static_cast<float>(i % 1021) * 0.25F);
        } else {
            auto const image = picture(source, kSide, kSide);
            for (std::size_t i = 0; i < count; ++i)
                tensor.values.push_back(image.rgb[i - i % 3 + (2 - i % 3)]);  // B, G, R
        }
        return tensor;
    }

    Json answers_ = expected_answers();
    std::map<std::string, Session> sessions_;
    std::map<std::string, Image> photos_;
};

TEST_F(SeedModels, AnswerRawTensorsAsTensorFlowDid) {
    ASSERT_EQ(answers_["raw"].size(), 19U);
    for (auto const& answer : answers_["raw"]) {
        auto const source = answer["src"].get<std::string>();
        SCOPED_TRACE(source);
        auto const tensor = raw_tensor(source);
        ASSERT_EQ(hash_of(tensor), answer["tensor_sha256"].get<std::string>());
        expect_answer(tensor, answer);
    }
}

TEST_F(SeedModels, AnswerWholePicturesAsTheSampleDid) {
    ASSERT_EQ(answers_["pipeline"].size(), 104U);
    for (auto const& answer : answers_["pipeline"]) {
        auto const name = answer["src"].get<std::string>();
        SCOPED_TRACE(name + " " + answer["size"].dump());
        auto const tensor = apply(custom_vision_recipe(),
                                  picture(name, answer["size"][0].get<int>(), answer["size"][1].get<int>()));
        ASSERT_TRUE(tensor);
        expect_answer(*tensor, answer);
    }
}

TEST_F(SeedModels, AnswerTurnedPicturesAsTheSampleDid) {
    ASSERT_EQ(answers_["exif"].size(), 8U);
    auto const photo = photograph_file("E001");
    ASSERT_GT(photo.size(), 2U);
    for (auto const& answer : answers_["exif"]) {
        SCOPED_TRACE(answer["orientation"].dump());
        auto const decoded = decode(with_orientation(photo, answer["orientation"].get<std::uint8_t>()));
        ASSERT_TRUE(decoded);
        auto const tensor = apply(custom_vision_recipe(), decoded->image);
        ASSERT_TRUE(tensor);
        expect_answer(*tensor, answer);
    }
}

TEST_F(SeedModels, AnswerABatchAsOneByOne) {
    auto const batch = stack({raw_tensor("gradient"), raw_tensor("noise"), raw_tensor("ramp")});
    ASSERT_TRUE(batch);
    for (auto const& [name, session] : sessions_) {
        auto const together = session.run(*batch, {"loss"});
        ASSERT_TRUE(together);
        auto const classes = static_cast<std::size_t>(together->front().shape.at(1));
        auto const last = session.run(raw_tensor("ramp"), {"loss"});
        for (std::size_t i = 0; i < classes; ++i)
            EXPECT_NEAR(together->front().values.at(2 * classes + i), last->front().values.at(i), 1e-6);
    }
}

TEST(ImportGraphdef, GivesTheSameBytesForTheSameGraph) {
    auto const model = seed_model("fruits");
    EXPECT_EQ(import_graphdef(model)->onnx, import_graphdef(model)->onnx);
}

TEST(ImportGraphdef, NamesANodeThatIsNotThere) {
    auto const model = seed_model("apple-banana");
    for (auto const& options :
         {ImportOptions{.input = "x", .output = "loss", .more_outputs = {}},
          ImportOptions{.input = "Placeholder", .output = "model_outputs", .more_outputs = {}},
          ImportOptions{.input = "Placeholder", .output = "loss", .more_outputs = {"fc/z"}}}) {
        auto const imported = import_graphdef(model, options);
        ASSERT_FALSE(imported);
        EXPECT_EQ(imported.error().code, Code::NotFound) << imported.error().message;
    }
    EXPECT_EQ(import_graphdef(model, {.input = "fc/fc", .output = "loss", .more_outputs = {}}).error().code,
              Code::InvalidArgument);
    EXPECT_EQ(import_graphdef(model, {.input = "Placeholder", .output = "Placeholder", .more_outputs = {}})
                  .error()
                  .code,
              Code::InvalidArgument);
}

TEST(ImportGraphdef, RefusesWhatIsNoGraph) {
    for (auto const text : {"", "PK\x03\x04 a zip", "\x0A\xFF\xFF\xFF\xFF\x0F"}) {
        auto const imported = import_graphdef(as_bytes(text));
        ASSERT_FALSE(imported);
        EXPECT_EQ(imported.error().code, Code::DataLoss) << imported.error().message;
    }
    // A real graph broken off anywhere.
    auto const model = seed_model("apple-banana");
    for (std::size_t part = 1; part < 40; ++part) {
        auto const size = model.size() * part / 40;
        EXPECT_FALSE(import_graphdef(ByteView(model).first(size)));
    }
}

/// A graph written by hand: a picture of 4 x 4 x 2 and what a test adds.
class HandGraph {
  public:
    HandGraph() {
        auto& input = add("Placeholder", "Placeholder", {});
        set_type(input, "dtype", format::FLOAT);
        for (std::int64_t const side : {-1, 4, 4, 2})
            (*input.mutable_attr())["shape"].mutable_shape()->add_dim()->set_size(side);
    }

    format::NodeDef& add(std::string const& op, std::string const& name,
                         std::vector<std::string> const& inputs) {
        auto& node = *graph.add_node();
        node.set_op(op);
        node.set_name(name);
        for (auto const& input : inputs) node.add_input(input);
        return node;
    }
    static void set_type(format::NodeDef& node, char const* name, format::DataType type) {
        (*node.mutable_attr())[name].set_type(type);
    }
    /// A constant of that shape whose every value is `value`, spelled once.
    format::Tensor& add_filled(std::string const& name, std::vector<std::int64_t> const& shape, float value) {
        auto& tensor = *(*add("Const", name, {}).mutable_attr())["value"].mutable_tensor();
        tensor.set_dtype(format::FLOAT);
        for (auto const side : shape) tensor.mutable_tensor_shape()->add_dim()->set_size(side);
        tensor.add_float_val(value);
        return tensor;
    }
    [[nodiscard]] Result<ImportedGraph> import(std::string const& output = "loss") const {
        return import_graphdef(as_bytes(graph.SerializeAsString()),
                               {.input = "Placeholder", .output = output, .more_outputs = {}});
    }
    [[nodiscard]] Error error() const {
        auto const imported = import();
        EXPECT_FALSE(imported);
        return imported ? Error{} : imported.error();
    }

    format::GraphDef graph;
};

TEST(ImportGraphdef, RunsAHandWrittenGraph) {
    HandGraph made;
    made.add_filled("two", {2}, 2);
    made.add("Mul", "loss", {"Placeholder:0", "two", "^Placeholder"});
    auto const imported = made.import();
    ASSERT_TRUE(imported) << imported.error().message;
    auto const session = Session::create(imported->onnx);
    ASSERT_TRUE(session);
    auto const out = session->run({{1, 4, 4, 2}, std::vector<float>(32, 3)}, {"loss"});
    ASSERT_TRUE(out);
    EXPECT_EQ(out->front().values, std::vector<float>(32, 6));
}

TEST(ImportGraphdef, NamesAnOpItDoesNotKnow) {
    HandGraph made;
    made.add("Relu", "first", {"Placeholder"});
    made.add("NonMaxSuppressionV5", "boxes/nms", {"first"});
    made.add("Identity", "loss", {"boxes/nms"});
    auto const error = made.error();
    EXPECT_EQ(error.code, Code::Unimplemented);
    EXPECT_NE(error.message.find("'NonMaxSuppressionV5'"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("'boxes/nms'"), std::string::npos) << error.message;
}

TEST(ImportGraphdef, IgnoresWhatTheOutputDoesNotNeed) {
    HandGraph made;
    made.add("DecodeJpeg", "reader", {"nowhere"});
    made.add("Relu", "loss", {"Placeholder"});
    EXPECT_TRUE(made.import());
}

TEST(ImportGraphdef, RefusesACircle) {
    HandGraph made;
    made.add("Add", "a", {"Placeholder", "c"});
    made.add("Relu", "b", {"a"});
    made.add("Relu", "c", {"b"});
    made.add("Identity", "loss", {"c"});
    EXPECT_EQ(made.error().code, Code::DataLoss);
    HandGraph own;
    own.add("Add", "loss", {"Placeholder", "loss"});
    EXPECT_EQ(own.error().code, Code::DataLoss);
}

TEST(ImportGraphdef, RefusesInputsThatAreNotThere) {
    HandGraph made;
    made.add("Relu", "loss", {"nowhere"});
    EXPECT_NE(made.error().message.find("'nowhere'"), std::string::npos);
    HandGraph further;
    further.add("Relu", "loss", {"Placeholder:1"});
    EXPECT_EQ(further.error().code, Code::Unimplemented);
    HandGraph fewer;
    fewer.add("Add", "loss", {"Placeholder"});
    EXPECT_EQ(fewer.error().code, Code::DataLoss);
    HandGraph twice;
    twice.add("Relu", "loss", {"Placeholder"});
    twice.add("Relu", "loss", {"Placeholder"});
    EXPECT_EQ(twice.error().code, Code::DataLoss);
}

TEST(ImportGraphdef, AChainOf50000NodesTakesNoStack) {
    HandGraph made;
    std::string last = "Placeholder";
    for (int i = 0; i < 50'000; ++i) {
        auto name = "n" + std::to_string(i);
        made.add("Identity", name, {last});
        last = std::move(name);
    }
    made.add("Relu", "loss", {last});
    EXPECT_TRUE(made.import());
}

TEST(ImportGraphdef, RefusesConstantsThatDoNotFitTheirBytes) {
    HandGraph made;
    auto& tensor = made.add_filled("two", {2}, 2);
    tensor.clear_float_val();
    tensor.set_tensor_content("1234567");  // 7 bytes for two floats
    made.add("Mul", "loss", {"Placeholder", "two"});
    EXPECT_EQ(made.error().code, Code::DataLoss);
    tensor.set_tensor_content("");
    EXPECT_EQ(made.error().code, Code::DataLoss);
    tensor.add_float_val(1);
    tensor.add_float_val(1);
    tensor.add_float_val(1);  // three for two
    EXPECT_EQ(made.error().code, Code::DataLoss);
    tensor.set_dtype(static_cast<format::DataType>(19));  // half
    EXPECT_EQ(made.error().code, Code::Unimplemented);
}

TEST(ImportGraphdef, AFewBytesCannotAskForGigabytes) {
    for (auto const& shape : {std::vector<std::int64_t>{1'000'000'000},
                              {60'000, 60'000},
                              {4, 2'000'000, 2},
                              {INT64_MAX, INT64_MAX},
                              {-1},
                              {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}) {
        HandGraph made;
        made.add_filled("big", shape, 2);
        made.add("Mul", "loss", {"Placeholder", "big"});
        auto const code = made.error().code;
        EXPECT_TRUE(code == Code::ResourceExhausted || code == Code::DataLoss);
    }
    // Each of these doubles what is there: constants by broadcasting, maps by joining.
    HandGraph outer;
    outer.add_filled("row", {1000, 1}, 2);
    outer.add_filled("column", {1, 2000}, 2);
    outer.add("Mul", "product", {"row", "column"});
    outer.add("Mul", "loss", {"Placeholder", "product"});
    EXPECT_EQ(outer.error().code, Code::ResourceExhausted);
    HandGraph joined;
    auto& axis = joined.add_filled("axis", {}, 0);
    axis.clear_float_val();
    axis.set_dtype(format::INT32);
    axis.add_int_val(3);
    std::string last = "Placeholder";
    for (int i = 0; i < 60; ++i) {
        auto name = "n" + std::to_string(i);
        joined.add("ConcatV2", name, {last, last, "axis"});
        last = std::move(name);
    }
    joined.add("Relu", "loss", {last});
    EXPECT_EQ(joined.error().code, Code::ResourceExhausted);
}

TEST(ImportGraphdef, SaysWhenTheInputsSizeIsNotThere) {
    auto const with_shape = [](std::vector<std::int64_t> const& sides) {
        HandGraph made;
        made.add("Relu", "loss", {"Placeholder"});
        auto& shape = *(*made.graph.mutable_node(0)->mutable_attr())["shape"].mutable_shape();
        shape.clear_dim();
        for (auto const side : sides) shape.add_dim()->set_size(side);
        return made.import();
    };
    for (auto const& sides : {std::vector<std::int64_t>{},
                              {-1, -1, -1, 3},
                              {-1, 100, 100},
                              {-1, 4, 4, 0},
                              {-1, INT64_MAX, 4, 3}}) {
        auto const imported = with_shape(sides);
        ASSERT_FALSE(imported);
        EXPECT_EQ(imported.error().code, Code::Unimplemented) << imported.error().message;
    }
    EXPECT_EQ(with_shape({-1, 65'536, 65'536, 3}).error().code, Code::ResourceExhausted);
    EXPECT_TRUE(with_shape({-1, 8, 9, 1}));
    EXPECT_TRUE(with_shape({3, 8, 9, 1}));
}

TEST(ImportGraphdef, RefusesAnOutputWithoutThePicture) {
    HandGraph made;
    made.add_filled("loss", {2}, 1);
    EXPECT_EQ(made.error().code, Code::InvalidArgument);
}

TEST(ImportGraphdef, ShowsHostileNamesSafely) {
    HandGraph made;
    made.add("\x1b[31mEvil\n" + std::string(10'000, 'x'), "loss", {"Placeholder"});
    auto const message = made.error().message;
    EXPECT_LT(message.size(), 500U);
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

/// Small graphs that tests/data/graphdef/record.py made, against what TensorFlow answered.
class RecordedGraphs : public testing::TestWithParam<std::string> {};

TEST_P(RecordedGraphs, AnswerAsTensorFlowDid) {
    std::string const folder = OUNCE_SOURCE_DIR "/tests/data/graphdef/";
    auto const file = read_file(folder + "answers.json", 1 << 22);
    ASSERT_TRUE(file);
    auto const answers = parse_json(as_text(*file));
    ASSERT_TRUE(answers);
    auto const& recorded = (*answers)["cases"][GetParam()];
    auto const model = read_file(folder + GetParam() + ".pb", 1 << 20);
    ASSERT_TRUE(model) << model.error().message;

    Tensor input{.shape = recorded["input"].get<std::vector<std::int64_t>>(), .values = {}};
    for (std::int64_t i = 0; i < input.count(); ++i)  // as picture() of record.py
        input.values.push_back(static_cast<float>(static_cast<double>(i * 37 % 101) / 25.0 - 2.0));
    auto const& outputs = recorded["outputs"];
    ASSERT_FALSE(outputs.empty());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        auto const name = "output" + std::to_string(i);
        SCOPED_TRACE(name);
        auto const imported =
            import_graphdef(*model, {.input = "Placeholder", .output = name, .more_outputs = {}});
        ASSERT_TRUE(imported) << imported.error().message;
        auto const session = Session::create(imported->onnx);
        ASSERT_TRUE(session) << session.error().message;
        auto const out = session->run(input, {name});
        ASSERT_TRUE(out) << out.error().message;
        EXPECT_EQ(out->front().shape, outputs[i]["shape"].get<std::vector<std::int64_t>>());
        auto const& values = outputs[i]["values"];
        ASSERT_EQ(out->front().values.size(), values.size());
        for (std::size_t k = 0; k < values.size(); ++k) {
            auto const value = values[k].get<double>();
            ASSERT_NEAR(out->front().values[k], value, 2e-5 * std::max(1.0, std::abs(value))) << k;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(TensorFlow, RecordedGraphs,
                         testing::Values("batch_norms", "convolutions", "depthwise", "elements",
                                         "fixed_batch", "flat", "joins", "means", "pads", "pools", "shapes",
                                         "slices", "small_network"),
                         [](auto const& parameter) { return parameter.param; });

}  // namespace
}  // namespace ounce::vision
