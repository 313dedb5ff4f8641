#include "vision/recipe.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

#include "crypto/sha256.hpp"
#include "vision/decode.hpp"
#include "vision/resize.hpp"
#include "vision/seed_models_test.hpp"

namespace ounce::vision {
namespace {

class CustomVisionRecipe : public testing::Test {
  protected:
    Image picture(std::string const& name, int width, int height) {
        if (name[0] != 'E') return synthetic(name, width, height);
        auto found = photos_.find(name);
        if (found == photos_.end()) {
            auto const file = photograph_file(name);
            EXPECT_EQ(crypto::sha256_hex(file),
                      answers_["photos"]["files"][name]["sha256"].get<std::string>());
            auto decoded = decode(file);
            EXPECT_TRUE(decoded) << name;
            EXPECT_EQ(hash_of(decoded->image),
                      answers_["photos"]["files"][name]["decoded_rgb_sha256"].get<std::string>());
            found = photos_.emplace(name, decoded->image).first;
        }
        return stretched_by_nearest(found->second, width, height);
    }

    void expect_tensor(Json const& answer, Image const& image) {
        auto const tensor = apply(custom_vision_recipe(), image);
        ASSERT_TRUE(tensor);
        EXPECT_EQ(tensor->shape, (std::vector<std::int64_t>{1, 227, 227, 3}));
        EXPECT_EQ(hash_of(*tensor), answer["tensor_sha256"].get<std::string>());
        double sum = 0;
        for (auto const value : tensor->values) sum += value;
        EXPECT_NEAR(sum / static_cast<double>(tensor->count()), answer["mean"].get<double>(), 1e-5);
        auto const& places = answers_["px_at_xy"];
        for (std::size_t i = 0; i < places.size(); ++i)
            for (std::size_t c = 0; c < 3; ++c) {
                auto const at = (places[i][1].get<std::size_t>() * 227 + places[i][0].get<std::size_t>()) * 3;
                EXPECT_NEAR(tensor->values[at + c], answer["px"][i][c].get<double>(), 1e-5);
            }
    }

    Json answers_ = expected_answers();
    std::map<std::string, Image> photos_;
};

TEST_F(CustomVisionRecipe, GivesTheRecordedTensorForEveryPicture) {
    ASSERT_EQ(answers_["pipeline"].size(), 104U);
    std::size_t shrunk = 0;
    for (auto const& answer : answers_["pipeline"]) {
        auto const name = answer["src"].get<std::string>();
        SCOPED_TRACE(name + " " + answer["size"].dump());
        auto const image = picture(name, answer["size"][0].get<int>(), answer["size"][1].get<int>());
        ASSERT_EQ(hash_of(image), answer["rgb_sha256"].get<std::string>());
        if (answer.contains("down")) {
            auto const& down = answer["down"];
            auto const filter = image.width_px > 3200 ? Recipe::Filter::Cubic : Recipe::Filter::Triangle;
            auto const smaller =
                resized(image, down["size"][0].get<int>(), down["size"][1].get<int>(), filter);
            EXPECT_EQ(hash_of(smaller), down["rgb_sha256"].get<std::string>());
            ++shrunk;
        }
        expect_tensor(answer, image);
    }
    EXPECT_EQ(shrunk, 20U);
}

TEST_F(CustomVisionRecipe, TurnsPicturesByTheirExif) {
    ASSERT_EQ(answers_["exif"].size(), 8U);
    auto const photo = photograph_file("E001");
    ASSERT_GT(photo.size(), 2U);
    for (auto const& answer : answers_["exif"]) {
        auto const orientation = answer["orientation"].get<std::uint8_t>();
        SCOPED_TRACE(orientation);
        auto const file = with_orientation(photo, orientation);
        ASSERT_EQ(crypto::sha256_hex(file), answer["file_sha256"].get<std::string>());
        auto const decoded = decode(file);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(decoded->image.width_px, answer["upright_size"][0].get<int>());
        EXPECT_EQ(decoded->full_height_px, answer["upright_size"][1].get<int>());
        EXPECT_EQ(hash_of(decoded->image), answer["upright_rgb_sha256"].get<std::string>());
        expect_tensor(answer, decoded->image);
    }
}

TEST(ArticleRecipe, CutsTheCentreOfTheShorterSideAt256) {
    auto const recipe = custom_vision_article_recipe();
    // 512 x 256 keeps its size, so the input is the picture itself: columns 256 - 113 on, rows 15 on.
    auto const image = synthetic("noise", 512, 256);
    auto const tensor = apply(recipe, image);
    ASSERT_TRUE(tensor);
    for (int y : {0, 100, 226})
        for (int x : {0, 57, 226})
            for (std::size_t c = 0; c < 3; ++c) {
                auto const at = static_cast<std::size_t>(y * 227 + x) * 3;
                EXPECT_EQ(tensor->values[at + c], image.row(y + 15)[(x + 143) * 3 + 2 - static_cast<int>(c)]);
            }
}

TEST(Apply, RefusesAnEmptyPicture) {
    EXPECT_EQ(apply(Recipe{}, Image{}).error().code, Code::InvalidArgument);
}

TEST(Apply, NormsEachChannelInTheRecipesOrder) {
    Recipe recipe;
    recipe.width_px = 2;
    recipe.height_px = 1;
    recipe.scale = 0.5F;
    recipe.mean = {1, 2, 3};
    recipe.std = {2, 4, 8};
    Image const image{2, 1, {10, 20, 30, 40, 50, 60}};
    EXPECT_EQ(apply(recipe, image)->values, (std::vector<float>{2, 9.5F, 2, 5.75F, 1.5F, 3.375F}));
    EXPECT_EQ(apply(recipe, image)->shape, (std::vector<std::int64_t>{1, 3, 1, 2}));
    recipe.layout = Recipe::Layout::Nhwc;
    EXPECT_EQ(apply(recipe, image)->values, (std::vector<float>{2, 2, 1.5F, 9.5F, 5.75F, 3.375F}));
    EXPECT_EQ(apply(recipe, image)->shape, (std::vector<std::int64_t>{1, 1, 2, 3}));
    recipe.channels = Recipe::Channels::Bgr;
    EXPECT_EQ(apply(recipe, image)->values, (std::vector<float>{7, 2, 0.25F, 14.5F, 5.75F, 2.125F}));
}

TEST(Apply, LetterboxKeepsTheShapeAndFillsTheRest) {
    Recipe recipe;
    recipe.resize = Recipe::Resize::Letterbox;
    recipe.width_px = recipe.height_px = 8;
    recipe.layout = Recipe::Layout::Nhwc;
    auto image = make_image(16, 8);
    std::fill(image.rgb.begin(), image.rgb.end(), std::uint8_t{200});
    auto const tensor = apply(recipe, image);
    ASSERT_TRUE(tensor);
    for (std::size_t y = 0; y < 8; ++y)
        for (std::size_t x = 0; x < 8 * 3; ++x)
            EXPECT_EQ(tensor->values[y * 24 + x], y >= 2 && y < 6 ? 200.0F : 114.0F) << x << ' ' << y;
}

TEST(Apply, EveryModeAndFilterKeepsAPlainColourForOddShapes) {
    for (auto const resize : {Recipe::Resize::Stretch, Recipe::Resize::ShorterSide,
                              Recipe::Resize::CentreSquare, Recipe::Resize::Letterbox})
        for (auto const filter : {Recipe::Filter::Triangle, Recipe::Filter::Cubic,
                                  Recipe::Filter::TwoTapBilinear, Recipe::Filter::Area})
            for (auto const& [width, height] :
                 {std::pair{1, 1}, {1, 5000}, {5000, 1}, {3, 7}, {640, 333}, {7, 6}}) {
                SCOPED_TRACE(fmt::format("{} {} {}x{}", static_cast<int>(resize), static_cast<int>(filter),
                                         width, height));
                Recipe recipe;
                recipe.resize = resize;
                recipe.filter = filter;
                recipe.resize_px = 40;
                recipe.width_px = 33;
                recipe.height_px = 20;
                recipe.fill = 77;
                auto image = make_image(width, height);
                std::fill(image.rgb.begin(), image.rgb.end(), std::uint8_t{77});
                auto const tensor = apply(recipe, image);
                ASSERT_TRUE(tensor);
                for (auto const value : tensor->values) ASSERT_NEAR(value, 77, 1e-4);
            }
}

/// The rules of resize.hpp written down once more, slowly: each output pixel by itself, in double sums of
/// the same fixed-point weights.
Image resized_slowly(Image const& image, int width, int height, Recipe::Filter filter) {
    auto const pass = [filter](Image const& from, int to_px) {  // along rows, result turned
        auto const weights = weights_of(filter, from.width_px, to_px, 0, to_px);
        auto out = make_image(from.height_px, to_px);
        for (int i = 0; i < to_px; ++i)
            for (int y = 0; y < from.height_px; ++y)
                for (int c = 0; c < 3; ++c) {
                    double sum = 0;
                    for (int k = 0; k < weights.taps; ++k)
                        sum += from.row(y)[(weights.starts[static_cast<std::size_t>(i)] + k) * 3 + c] *
                               static_cast<double>(
                                   weights.weights[static_cast<std::size_t>(i * weights.taps + k)]);
                    auto const value = std::floor(sum / (1 << 22) + 0.5);
                    out.row(i)[y * 3 + c] = static_cast<std::uint8_t>(std::min(std::max(value, 0.0), 255.0));
                }
        return out;
    };
    return pass(pass(image, width), height);
}

TEST(Resized, FastLoopsEqualTheSlowRule) {
    auto const image = synthetic("noise", 101, 67);
    for (auto const filter : {Recipe::Filter::Triangle, Recipe::Filter::Cubic, Recipe::Filter::Area})
        for (auto const& [width, height] : {std::pair{33, 20}, {101, 67}, {300, 150}, {1, 1}, {100, 13}})
            EXPECT_EQ(resized(image, width, height, filter).rgb,
                      resized_slowly(image, width, height, filter).rgb)
                << static_cast<int>(filter) << ' ' << width;
}

TEST(Resized, AreaIsTheMeanOfTheCoveredPixels) {
    Image const image{
        4, 2, {0, 0, 0, 10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40, 50, 50, 50, 60, 60, 60, 70, 70, 70}};
    EXPECT_EQ(resized(image, 2, 1, Recipe::Filter::Area).rgb,
              (std::vector<std::uint8_t>{25, 25, 25, 45, 45, 45}));
    // Three outputs of four pixels: the second covers two halves... of pixels 1 and 2, two thirds each.
    auto const row = resized(image, 3, 2, Recipe::Filter::Area);
    EXPECT_EQ(row.rgb[3], 15);
}

TEST(Resized, SameSizeIsTheSamePicture) {
    auto const image = synthetic("noise", 50, 40);
    for (auto const filter : {Recipe::Filter::Triangle, Recipe::Filter::Cubic, Recipe::Filter::Area,
                              Recipe::Filter::TwoTapBilinear})
        EXPECT_EQ(resized(image, 50, 40, filter).rgb, image.rgb);
}

TEST(DecodeShorterSide, NeverReducesTheVendorsRecipes) {
    EXPECT_EQ(decode_shorter_side_px(custom_vision_recipe()), 0);
    EXPECT_EQ(decode_shorter_side_px(custom_vision_article_recipe()), 0);
    Recipe recipe;
    EXPECT_EQ(decode_shorter_side_px(recipe), 224);
    recipe.resize = Recipe::Resize::ShorterSide;
    recipe.resize_px = 256;
    EXPECT_EQ(decode_shorter_side_px(recipe), 256);
}

TEST(RecipeJson, ComesBackAsItWas) {
    Recipe lite;
    lite.mean = {0.485F, 0.456F, 0.406F};
    lite.std = {0.229F, 0.224F, 0.225F};
    lite.scale = 1.0F / 255;
    lite.resize = Recipe::Resize::Letterbox;
    lite.filter = Recipe::Filter::Area;
    for (auto const& recipe : {lite, custom_vision_recipe(), custom_vision_article_recipe(224), Recipe{}}) {
        auto const text = dump_json(to_json(recipe));
        auto const back = parse_recipe(*parse_json(text));
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(*back, recipe) << text;
    }
    EXPECT_NE(dump_json(to_json(lite)).find("0.485,0.456,0.406"), std::string::npos);
}

TEST(RecipeJson, ErrorsNameTheKey) {
    struct Case {
        char const* key;
        Json value;
    };
    Case const cases[] = {{"shrink_longer_side_px", -1},
                          {"shrink_longer_side_px", 70'000},
                          {"resize", "squash"},
                          {"resize", 3},
                          {"filter", "lanczos"},
                          {"resize_px", 100},
                          {"resize_px", 9000},
                          {"width_px", 0},
                          {"width_px", 5000},
                          {"width_px", 18'446'744'073'709'551'615U},
                          {"height_px", 22.5},
                          {"height_px", "224"},
                          {"channels", "rgba"},
                          {"mean", {1, 2}},
                          {"mean", {1, 2, "3"}},
                          {"mean", {1, 2, 1e300}},
                          {"std", {1, 0, 1}},
                          {"scale", 0},
                          {"scale", nullptr},
                          {"fill", 256},
                          {"layout", "hwc"},
                          {"reduced_decode", 1},
                          {"orient", "yes"},
                          {"colour", 1}};
    auto const good = *parse_json(dump_json(to_json(custom_vision_recipe())));
    for (auto const& [key, value] : cases) {
        auto bad = good;
        bad[key] = value;
        auto const parsed = parse_recipe(bad);
        ASSERT_FALSE(parsed) << key << value;
        EXPECT_EQ(parsed.error().code, Code::InvalidArgument);
        EXPECT_NE(parsed.error().message.find("'" + std::string(key) + "'"), std::string::npos)
            << parsed.error().message;
    }
    for (auto const& [key, value] : good.items()) {
        auto bad = good;
        bad.erase(key);
        auto const parsed = parse_recipe(bad);
        ASSERT_FALSE(parsed) << key;
        EXPECT_NE(parsed.error().message.find("'" + key + "'"), std::string::npos) << parsed.error().message;
    }
    EXPECT_FALSE(parse_recipe(Json(3)));
}

}  // namespace
}  // namespace ounce::vision
