#include "api/models_json.hpp"

#include <gtest/gtest.h>

namespace ounce::api {
namespace {

using registry::ModelFilter;

TEST(ModelsJson, ReadsAModelAndNamesWhatIsWrong) {
    auto const good = parse_new_model(Json::parse(
        R"({"name":"m","root":"r","description":null,"tags":{"a":"b"},"properties":{},"framework":"ONNX",
            "files":[{"path":"x/y","sha256":"00","size":3}]})"));
    ASSERT_TRUE(good) << good.error().message;
    EXPECT_EQ(good->name, "m");
    EXPECT_EQ(good->root, "r");
    EXPECT_EQ(good->tags.at("a"), "b");
    ASSERT_EQ(good->files.size(), 1U);
    EXPECT_EQ(good->files[0].path, "x/y");
    for (auto const& [text, word] : std::initializer_list<std::pair<char const*, char const*>>{
             {"[]", "object"},
             {"{}", "name"},
             {R"({"name":7})", "name"},
             {R"({"name":"m","tags":["a"]})", "tags"},
             {R"({"name":"m","tags":{"a":1}})", "tags"},
             {R"({"name":"m","description":1})", "description"},
             {R"({"name":"m","files":{}})", "files"},
             {R"({"name":"m","files":["a"]})", "path"},
             {R"({"name":"m","files":[{"path":"a"}]})", "sha256"}}) {
        auto const wrong = parse_new_model(Json::parse(text));
        ASSERT_FALSE(wrong) << text;
        EXPECT_EQ(wrong.error().code, Code::InvalidArgument);
        EXPECT_NE(wrong.error().message.find(word), std::string::npos) << wrong.error().message;
    }
    auto many = Json{{"name", "m"}, {"files", Json::array()}};
    many["files"].get_ref<Json::array_t&>().resize(registry::kModelFilesMax + 1);
    EXPECT_EQ(parse_new_model(many).error().code, Code::ResourceExhausted);
}

TEST(ModelsJson, ReadsAnUpdate) {
    auto const update = parse_model_update(Json::parse(R"({"tags":{"a":"b"},"description":"d"})"));
    ASSERT_TRUE(update);
    EXPECT_EQ(update->tags->at("a"), "b");
    EXPECT_EQ(*update->description, "d");
    EXPECT_FALSE(update->properties);
    EXPECT_FALSE(parse_model_update(Json::parse(R"({"name":"x"})")));
    EXPECT_FALSE(parse_model_update(Json::parse(R"({"tags":null})")));
    EXPECT_FALSE(parse_model_update(Json::parse("[]")));
}

TEST(ModelsJson, ReadsAFilter) {
    std::pair<std::string, std::string> const query[] = {
        {"name", "m"},         {"tag", "a"},   {"tag", "b=c=d"}, {"property", "p="}, {"latest", "true"},
        {"order", "modified"}, {"count", "7"}, {"next", "1.2"},  {"framework", "TF"}};
    auto const filter = parse_model_filter(query);
    ASSERT_TRUE(filter) << filter.error().message;
    EXPECT_EQ(filter->name, "m");
    EXPECT_EQ(filter->framework, "TF");
    EXPECT_EQ(filter->tags, (ModelFilter::Wanted{{"a", std::nullopt}, {"b", "c=d"}}));
    EXPECT_EQ(filter->properties, (ModelFilter::Wanted{{"p", ""}}));
    EXPECT_TRUE(filter->latest_only);
    EXPECT_EQ(filter->order, ModelFilter::Order::ModifiedAscending);
    EXPECT_EQ(filter->count, 7U);
    EXPECT_EQ(filter->skip_token, "1.2");
    for (auto const& bad : std::initializer_list<std::pair<std::string, std::string>>{
             {"latest", "1"}, {"order", "x"}, {"count", "x"}, {"count", "-1"}, {"tags", "a"}})
        EXPECT_EQ(parse_model_filter({&bad, 1}).error().code, Code::InvalidArgument) << bad.first;
}

}  // namespace
}  // namespace ounce::api
