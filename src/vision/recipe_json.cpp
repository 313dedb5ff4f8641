#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "vision/recipe.hpp"

// How a recipe is written in a package; docs/formats/recipe.md is the page for people.
namespace ounce::vision {
namespace {

template <class E>
struct Name {
    E value;
    std::string_view name;
};

constexpr std::array kResizes{
    Name{Recipe::Resize::Stretch, "stretch"}, Name{Recipe::Resize::ShorterSide, "shorter-side"},
    Name{Recipe::Resize::CentreSquare, "centre-square"}, Name{Recipe::Resize::Letterbox, "letterbox"}};
constexpr std::array kFilters{
    Name{Recipe::Filter::Triangle, "triangle"}, Name{Recipe::Filter::Cubic, "cubic"},
    Name{Recipe::Filter::TwoTapBilinear, "two-tap-bilinear"}, Name{Recipe::Filter::Area, "area"}};
constexpr std::array kChannels{Name{Recipe::Channels::Rgb, "rgb"}, Name{Recipe::Channels::Bgr, "bgr"}};
constexpr std::array kLayouts{Name{Recipe::Layout::Nchw, "nchw"}, Name{Recipe::Layout::Nhwc, "nhwc"}};

constexpr int kSideMax = 4096;      // of a model's input
constexpr int kResizeMax = 8192;    // before the crop
constexpr int kShrinkMax = 65'535;  // no JPEG is larger

constexpr std::array<std::string_view, 14> kKeys{"shrink_longer_side_px",
                                                 "resize",
                                                 "filter",
                                                 "resize_px",
                                                 "width_px",
                                                 "height_px",
                                                 "channels",
                                                 "mean",
                                                 "std",
                                                 "scale",
                                                 "fill",
                                                 "layout",
                                                 "reduced_decode",
                                                 "orient"};

template <class E, std::size_t N>
std::string_view name_of(std::array<Name<E>, N> const& names, E value) {
    for (auto const& entry : names)
        if (entry.value == value) return entry.name;
    return names[0].name;
}

template <class E, std::size_t N>
Result<E> choice(Json const& json, char const* key, std::array<Name<E>, N> const& names) {
    TRY(auto const text, json_member<std::string>(json, key));
    std::string known;
    for (auto const& entry : names) {
        if (entry.name == text) return entry.value;
        known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    return fail(Code::InvalidArgument, "'{}' must be one of {}; it is '{}'", key, known, text);
}

Result<int> whole_number(Json const& json, char const* key, int least, int most) {
    auto const found = json.find(key);
    if (found == json.end() || !found->is_number_integer())
        return fail(Code::InvalidArgument, "'{}' is missing or no whole number", key);
    auto const in_range = found->is_number_unsigned()
                              ? found->get<std::uint64_t>() <= static_cast<std::uint64_t>(most) &&
                                    found->get<std::int64_t>() >= least
                              : found->get<std::int64_t>() >= least && found->get<std::int64_t>() <= most;
    if (!in_range) return fail(Code::InvalidArgument, "'{}' must be {} to {}", key, least, most);
    return found->get<int>();
}

Result<float> number(Json const& value, char const* key) {
    if (!value.is_number()) return fail(Code::InvalidArgument, "'{}' is missing or no number", key);
    auto const wide = value.get<double>();
    if (!(std::abs(wide) <= 1e6)) return fail(Code::InvalidArgument, "'{}' must be within +-1000000", key);
    return static_cast<float>(wide);
}

Result<std::array<float, 3>> three(Json const& json, char const* key) {
    auto const found = json.find(key);
    if (found == json.end() || !found->is_array() || found->size() != 3)
        return fail(Code::InvalidArgument, "'{}' is missing or no list of three numbers", key);
    std::array<float, 3> values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
        TRY(values[i], number((*found)[i], key));
    }
    return values;
}

/// Smaller would overflow float32 for bytes.
bool too_near_zero(float value) {
    return std::abs(value) < 1e-6F;
}

Result<bool> yes_or_no(Json const& json, char const* key) {
    auto const found = json.find(key);
    if (found == json.end() || !found->is_boolean())
        return fail(Code::InvalidArgument, "'{}' is missing or neither true nor false", key);
    return found->get<bool>();
}

/// A float as the shortest number that reads back as it: 0.485, not 0.48500001430511475.
OrderedJson short_number(float value) {
    return OrderedJson::parse(fmt::format("{}", value));
}

OrderedJson short_numbers(std::array<float, 3> const& values) {
    auto list = OrderedJson::array();
    for (auto const value : values) list.push_back(short_number(value));
    return list;
}

}  // namespace

OrderedJson to_json(Recipe const& recipe) {
    OrderedJson json;
    json["shrink_longer_side_px"] = recipe.shrink_longer_side_px;
    json["resize"] = name_of(kResizes, recipe.resize);
    json["filter"] = name_of(kFilters, recipe.filter);
    json["resize_px"] = recipe.resize_px;
    json["width_px"] = recipe.width_px;
    json["height_px"] = recipe.height_px;
    json["channels"] = name_of(kChannels, recipe.channels);
    json["mean"] = short_numbers(recipe.mean);
    json["std"] = short_numbers(recipe.std);
    json["scale"] = short_number(recipe.scale);
    json["fill"] = recipe.fill;
    json["layout"] = name_of(kLayouts, recipe.layout);
    json["reduced_decode"] = recipe.reduced_decode;
    json["orient"] = recipe.orient;
    return json;
}

Result<Recipe> parse_recipe(Json const& json) {
    if (!json.is_object()) return fail(Code::InvalidArgument, "the recipe is no JSON object");
    for (auto const& [key, value] : json.items())
        if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
            return fail(Code::InvalidArgument, "the recipe has an unknown key '{}'", key);

    Recipe recipe;
    TRY(recipe.shrink_longer_side_px, whole_number(json, "shrink_longer_side_px", 0, kShrinkMax));
    TRY(recipe.resize, choice(json, "resize", kResizes));
    TRY(recipe.filter, choice(json, "filter", kFilters));
    TRY(recipe.width_px, whole_number(json, "width_px", 1, kSideMax));
    TRY(recipe.height_px, whole_number(json, "height_px", 1, kSideMax));
    auto const cropped =
        recipe.resize == Recipe::Resize::ShorterSide || recipe.resize == Recipe::Resize::CentreSquare;
    // What is cropped must be there after resizing.
    auto const resize_min = cropped ? std::max(recipe.width_px, recipe.height_px) : 0;
    TRY(recipe.resize_px, whole_number(json, "resize_px", resize_min, kResizeMax));
    TRY(recipe.channels, choice(json, "channels", kChannels));
    TRY(recipe.mean, three(json, "mean"));
    TRY(recipe.std, three(json, "std"));
    for (auto const value : recipe.std)
        if (too_near_zero(value)) return fail(Code::InvalidArgument, "'std' must not be zero");
    TRY(auto const& scale, json_member<Json>(json, "scale"));
    TRY(recipe.scale, number(scale, "scale"));
    if (too_near_zero(recipe.scale)) return fail(Code::InvalidArgument, "'scale' must not be zero");
    TRY(auto const fill, whole_number(json, "fill", 0, 255));
    recipe.fill = static_cast<std::uint8_t>(fill);
    TRY(recipe.layout, choice(json, "layout", kLayouts));
    TRY(recipe.reduced_decode, yes_or_no(json, "reduced_decode"));
    TRY(recipe.orient, yes_or_no(json, "orient"));
    return recipe;
}

}  // namespace ounce::vision
