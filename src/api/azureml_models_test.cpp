#include "api/azureml_models.hpp"

#include <gtest/gtest.h>

#include "api/azureml_errors.hpp"
#include "api/azureml_urls.hpp"
#include "crypto/signed_url.hpp"

namespace ounce::api {
namespace {

using registry::Model;
using registry::ModelFilter;

TEST(AzureMl, AModelHasTheMembersThatTheSdkCannotDoWithout) {
    Model model;
    model.id = {.name = "m", .version = 3};
    model.asset = "a1";
    auto const json = to_azureml_json(model);
    EXPECT_EQ(json["id"], "m:3");
    EXPECT_EQ(json["version"], 3);
    EXPECT_EQ(json["url"], "aml://asset/a1");
    EXPECT_EQ(json["datasets"], Json::array());
    EXPECT_EQ(json["kvTags"], Json::object());
    EXPECT_EQ(json["properties"], Json::object());
    EXPECT_TRUE(json["description"].is_null());
}

TEST(AzureMl, FiltersAreKeysAndValuesWithCommasBetween) {
    EXPECT_EQ(parse_wanted(""), ModelFilter::Wanted{});
    EXPECT_EQ(parse_wanted("a,b=c d,,e="),
              (ModelFilter::Wanted{{"a", std::nullopt}, {"b", "c d"}, {"e", ""}}));
}

TEST(AzureMl, APatchNamesWhatItMayChange) {
    auto const update = parse_model_patch(Json::parse(
        R"([{"op":"replace","path":"/kvTags","value":{"a":"b"}},{"op":"add","path":"/properties","value":{}},
            {"op":"replace","path":"/description","value":null},
            {"op":"replace","path":"/resourceRequirements","value":{"cpu":1.0}}])"));
    ASSERT_TRUE(update) << update.error().message;
    EXPECT_EQ(update->tags->at("a"), "b");
    EXPECT_TRUE(update->properties->empty());
    EXPECT_EQ(*update->description, "");
    EXPECT_EQ((*update->resources)["cpu"], 1.0);
    for (auto const* const bad : {"{}", "[1]", R"([{"op":"remove","path":"/kvTags"}])",
                                  R"([{"op":"add","path":"/name","value":"x"}])",
                                  R"([{"op":"add","path":"/kvTags","value":{"a":1}}])"})
        EXPECT_FALSE(parse_model_patch(Json::parse(bad))) << bad;
}

TEST(AzureMl, ThePrefixOfAModelIsItsFolderItsFileOrItsName) {
    Model model;
    model.id.name = "m";
    EXPECT_EQ(model_prefix(model, {{.path = "a/x.pb", .digest = "", .size = 0}}), "a/x.pb");
    EXPECT_EQ(
        model_prefix(model, {{.path = "a", .digest = "", .size = 0}, {.path = "b", .digest = "", .size = 0}}),
        "m");
    model.root = "folder";
    EXPECT_EQ(model_prefix(model, {{.path = "a", .digest = "", .size = 0}}), "folder");
}

TEST(AzureMl, AnUploadAddressSurvivesBeingTakenApart) {
    Call call;
    call.request.headers.add("Host", "10.0.0.7:8443");
    Bytes const key(32, 7);
    Time const now(std::chrono::seconds(1'700'000'000));
    registry::ArtifactPlace const place{.origin = "LocalUpload", .container = "c", .path = "ä b/100%+.pb"};
    auto const url = upload_url(call, key, place, now);
    // account, "blob", and the rest: as the SDK splits it.
    std::string_view const begin = "https://ounce.blob.@10.0.0.7:8443/blob/upload/";
    ASSERT_TRUE(url.starts_with(begin)) << url;
    auto const question = url.find('?');
    auto const segment = url.substr(begin.size(), question - begin.size());
    EXPECT_EQ(segment.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
              std::string::npos);
    auto const back = parse_upload_place(segment);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->path, place.path);
    EXPECT_TRUE(crypto::verify_signed_url(key, crypto::UrlAccess::Write, "/blob/upload/" + segment,
                                          url.substr(question + 1), now));
    for (auto const* const bad : {"", "%", "YQ", "YS9i"}) EXPECT_FALSE(parse_upload_place(bad)) << bad;
    call.request.headers.set("Host", "evil\"<x>");
    EXPECT_EQ(hub_url(call), "https://localhost");
}

TEST(AzureMl, ErrorsHaveTheShapeThatIsShown) {
    Error const forbidden{Code::PermissionDenied, "no right to this", ""};
    EXPECT_EQ(azureml_history_error(forbidden).status, 401) << "the SDK hides what a 403 says";
    EXPECT_EQ(azureml_model_error(forbidden).status, 401);
    auto const history =
        Json::parse(std::get<std::string>(azureml_history_error({Code::NotFound, "gone", ""}).body));
    EXPECT_EQ(history["error"]["code"], "NotFound");
    EXPECT_TRUE(history["error"]["details"].is_array());
    auto const model = Json::parse(
        std::get<std::string>(azureml_model_error({Code::NotFound, "gone", "ModelNotFound"}).body));
    EXPECT_EQ(model["code"], "ModelNotFound");
    EXPECT_EQ(model["statusCode"], 404);
    EXPECT_EQ(model["correlation"]["Reason"], "gone");
    auto const login = azureml_login_error({Code::Unauthenticated, "wrong key", "invalid_client"});
    EXPECT_EQ(login.status, 401);
    EXPECT_EQ(Json::parse(std::get<std::string>(login.body))["error_description"], "wrong key");
    auto const full = azureml_blob_error({Code::ResourceExhausted, "disk <full> & more", ""});
    EXPECT_EQ(full.status, 413) << "5xx would be tried again for minutes";
    EXPECT_NE(std::get<std::string>(full.body).find("disk &lt;full&gt; &amp; more"), std::string::npos);
    EXPECT_EQ(azureml_blob_error({Code::Unauthenticated, "expired", ""}).status, 403);
}

}  // namespace
}  // namespace ounce::api
