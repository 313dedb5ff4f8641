#include "iot/identities.hpp"

#include <sys/stat.h>

#include "crypto/base64.hpp"
#include "iot/hub_fixture_test.hpp"

namespace ounce::iot {
namespace {

std::string key_text(crypto::Secret const& key) {
    return crypto::to_base64(key.bytes());
}

TEST(IdTest, HasTheLettersOfTheSpec) {
    for (auto const* const good : {"a", "cam-7", "$edgeAgent", "a.b+c%d_e#f*g?h!i(j),k:l=m@n$o'"})
        EXPECT_TRUE(is_id(good)) << good;
    EXPECT_TRUE(is_id(std::string(128, 'x')));
    for (auto const* const bad : {"", "a b", "a/b", "a\\b", "ä", "a\n", "a\"", "<a>", "a&b"})
        EXPECT_FALSE(is_id(bad)) << bad;
    EXPECT_FALSE(is_id(std::string(129, 'x')));
}

using IdentitiesTest = HubTest;

TEST_F(IdentitiesTest, ANewDeviceGetsTwoKeysAndIsEnabled) {
    auto const device = put(Json::parse(R"({"deviceId":"a","authentication":{"type":"sas",
        "symmetricKey":{"primaryKey":"","secondaryKey":""}}})"),
                            {"a", ""});
    ASSERT_TRUE(device) << device.error().message;
    EXPECT_EQ(device->authentication.primary_key.bytes().size(), 32U);
    EXPECT_NE(key_text(device->authentication.primary_key), key_text(device->authentication.secondary_key));
    auto const json = identity_to_json(*get({"a", ""}), {});
    EXPECT_EQ(json["authentication"]["symmetricKey"]["primaryKey"],
              key_text(device->authentication.primary_key));
    EXPECT_EQ(json["authentication"]["type"], "sas");
    EXPECT_EQ(json["status"], "enabled");
    EXPECT_EQ(json["connectionState"], "Disconnected");
    EXPECT_EQ(json["lastActivityTime"], "0001-01-01T00:00:00Z");
    EXPECT_EQ(json["etag"], device->etag);
    EXPECT_EQ(json["capabilities"]["iotEdge"], false);
}

TEST_F(IdentitiesTest, OnlyTheOwnerMayReadTheFileWithTheKeys) {
    struct stat found{};
    ASSERT_EQ(stat((folder_->path() / "iot.db").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(IdentitiesTest, EachRefusalHasItsName) {
    ASSERT_TRUE(put(Json::object(), {"a", ""}));
    ASSERT_TRUE(put(Json::object(), {"a", "m"}));
    EXPECT_EQ(reason(put(Json::object(), {"a", ""})), "DeviceAlreadyExists");
    EXPECT_EQ(reason(put(Json::object(), {"a", "m"})), "ModuleAlreadyExistsOnDevice");
    EXPECT_EQ(reason(put(Json::object(), {"b", "m"})), "DeviceNotFound");
    EXPECT_EQ(reason(get({"b", ""})), "DeviceNotFound");
    EXPECT_EQ(reason(get({"a", "n"})), "ModuleNotFound");
    EXPECT_EQ(reason(remove({"b", ""})), "DeviceNotFound");
    EXPECT_EQ(reason(put(Json::object(), {"b", ""}, Precondition::any())), "DeviceNotFound");
    EXPECT_EQ(reason(put(Json::object(), {"a", ""}, Precondition::parse("\"x\""))), "PreconditionFailed");
    EXPECT_EQ(reason(remove({"a", ""}, Precondition::parse("x"))), "PreconditionFailed");
    EXPECT_EQ(reason(put({{"deviceId", "other"}}, {"b", ""})), "ArgumentInvalid");
    EXPECT_EQ(reason(put(Json::object(), {"b c", ""})), "ArgumentInvalid");
}

TEST(IdentityRequestTest, RefusesWhatCannotBe) {
    for (auto const* const body :
         {R"([])", R"({"status":"asleep"})", R"({"status":1})", R"({"authentication":"x"})",
          R"({"authentication":{"symmetricKey":{"primaryKey":"short"}}})",
          R"({"authentication":{"symmetricKey":{"primaryKey":"YWJj"}}})",
          R"({"authentication":{"type":"password"}})", R"({"authentication":{"type":"selfSigned"}})",
          R"({"authentication":{"x509Thumbprint":{"primaryThumbprint":"zz"}}})",
          R"({"capabilities":{"iotEdge":"yes"}})", R"({"parentScopes":["a","b"]})", R"({"parentScopes":[1]})",
          R"({"statusReason":7})"})
        EXPECT_FALSE(parse_identity_request(Json::parse(body), {"a", ""})) << body;
}

TEST(IdentityRequestTest, HoldsItsBounds) {
    auto const reads = [](Json const& body) { return parse_identity_request(body, {"a", ""}).has_value(); };
    EXPECT_TRUE(reads({{"statusReason", std::string(kStatusReasonBytesMax, 'x')}}));
    EXPECT_FALSE(reads({{"statusReason", std::string(kStatusReasonBytesMax + 1, 'x')}}));
    auto const with_key = [](std::size_t bytes) -> Json {
        return {{"authentication", {{"symmetricKey", {{"primaryKey", crypto::to_base64(Bytes(bytes, 7))}}}}}};
    };
    for (auto const bytes : {kKeyBytesMin, kKeyBytesMax}) EXPECT_TRUE(reads(with_key(bytes))) << bytes;
    for (auto const bytes : {kKeyBytesMin - 1, kKeyBytesMax + 1})
        EXPECT_FALSE(reads(with_key(bytes))) << bytes;
}

TEST_F(IdentitiesTest, EdgeDevicesAboveEachOtherHaveABound) {
    auto parent = Json::array();
    auto const below = [&](char const* id, bool edge) {
        return put({{"capabilities", {{"iotEdge", edge}}}, {"parentScopes", parent}}, {id, ""});
    };
    for (auto const* const id : {"e0", "e1", "e2", "e3", "e4"}) {
        auto const edge = below(id, true);
        ASSERT_TRUE(edge) << id << ": " << edge.error().message;
        parent = {edge->scope};
    }
    auto const lowest = below("e5", true);
    ASSERT_TRUE(lowest) << lowest.error().message;
    EXPECT_TRUE(below("leaf", false));
    parent = {lowest->scope};
    EXPECT_EQ(reason(below("e6", true)), "ArgumentInvalid");
    EXPECT_EQ(reason(below("leaf2", false)), "ArgumentInvalid");
}

TEST_F(IdentitiesTest, AnUpdateKeepsWhatItDoesNotState) {
    auto const made = put({{"statusReason", "new"}}, {"a", ""});
    ASSERT_TRUE(made);
    clock_.advance(std::chrono::seconds(1));
    auto const changed =
        put({{"status", "disabled"}}, {"a", ""}, Precondition::parse('"' + made->etag + '"'));
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_NE(changed->etag, made->etag);
    EXPECT_EQ(changed->generation, made->generation);
    EXPECT_EQ(changed->status_reason, "new");
    EXPECT_EQ(changed->status_changed, clock_.now());
    EXPECT_EQ(key_text(changed->authentication.primary_key), key_text(made->authentication.primary_key));
    auto const changes = told();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(std::get<AccessRevoked>(changes[0]).who, (Name{"a", ""}));
}

TEST_F(IdentitiesTest, ANewKeyRevokesTheConnectionAndTheSameOneDoesNot) {
    ASSERT_TRUE(put(Json::object(), {"a", ""}));
    ASSERT_TRUE(put({{"statusReason", "x"}}, {"a", ""}, Precondition::any()));
    EXPECT_TRUE(told().empty());
    auto const key = crypto::to_base64(Bytes(32, 7));
    auto const keys = Json{{"authentication", {{"symmetricKey", {{"primaryKey", key}}}}}};
    auto const changed = put(keys, {"a", ""}, Precondition::any());
    ASSERT_TRUE(changed);
    EXPECT_EQ(key_text(changed->authentication.primary_key), key);
    EXPECT_EQ(told().size(), 1U);
}

TEST_F(IdentitiesTest, OneMadeAnewHasAnotherGeneration) {
    auto const first = put(Json::object(), {"a", ""});
    ASSERT_TRUE(remove({"a", ""}));
    EXPECT_TRUE(std::get<AccessRevoked>(told().at(0)).removed);
    auto const second = put(Json::object(), {"a", ""});
    ASSERT_TRUE(first && second);
    EXPECT_LT(first->generation, second->generation);
    EXPECT_NE(first->etag, second->etag);
}

TEST_F(IdentitiesTest, AnEdgeDeviceHasItsScopeAndTwoModules) {
    auto const edge = put({{"capabilities", {{"iotEdge", true}}}}, {"e", ""});
    ASSERT_TRUE(edge);
    EXPECT_EQ(edge->scope, "ms-azure-iot-edge://e-" + edge->generation);
    auto const modules = hub_->run([](Work& work) { return list_modules(work, "e"); });
    ASSERT_TRUE(modules);
    ASSERT_EQ(modules->size(), 2U);
    EXPECT_EQ((*modules)[0].name.module, "$edgeAgent");
    EXPECT_EQ((*modules)[1].name.module, "$edgeHub");

    auto const child = put({{"deviceScope", edge->scope}}, {"c", ""});
    ASSERT_TRUE(child) << child.error().message;
    EXPECT_EQ(child->parent, edge->scope);
    EXPECT_EQ(reason(put({{"deviceScope", "ms-azure-iot-edge://x-1"}}, {"d", ""})), "ArgumentInvalid");
    EXPECT_EQ(reason(put({{"capabilities", {{"iotEdge", false}}}}, {"e", ""}, Precondition::any())),
              "InvalidOperation");
    EXPECT_EQ(reason(put({{"parentScopes", {edge->scope}}}, {"e", ""}, Precondition::any())),
              "ArgumentInvalid");

    ASSERT_TRUE(remove({"e", ""}));
    EXPECT_EQ(get({"c", ""})->scope, "");
    EXPECT_EQ(reason(get({"e", "$edgeHub"})), "DeviceNotFound");
}

TEST_F(IdentitiesTest, ADeviceBecomesAnEdgeDevice) {
    ASSERT_TRUE(put(Json::object(), {"e", ""}));
    auto const edge = put({{"capabilities", {{"iotEdge", true}}}}, {"e", ""}, Precondition::any());
    ASSERT_TRUE(edge) << edge.error().message;
    EXPECT_FALSE(edge->scope.empty());
    EXPECT_TRUE(get({"e", "$edgeAgent"}));
}

TEST_F(IdentitiesTest, ADeviceThatHasAnAgentAlreadyBecomesAnEdgeDevice) {
    ASSERT_TRUE(put(Json::object(), {"e", ""}));
    auto const agent = put(Json::object(), {"e", "$edgeAgent"});
    auto const edge = put({{"capabilities", {{"iotEdge", true}}}}, {"e", ""}, Precondition::any());
    ASSERT_TRUE(edge) << edge.error().message;
    EXPECT_EQ(get({"e", "$edgeAgent"})->generation, agent->generation);
    EXPECT_TRUE(get({"e", "$edgeHub"}));
}

TEST_F(IdentitiesTest, ModulesHaveABound) {
    ASSERT_TRUE(put(Json::object(), {"a", ""}));
    for (int i = 0; i < kModulesMax; ++i) ASSERT_TRUE(put(Json::object(), {"a", fmt::format("m{}", i)}));
    EXPECT_EQ(reason(put(Json::object(), {"a", "more"})), "TooManyModulesOnDevice");
}

TEST_F(IdentitiesTest, ListsInOrderAndCounts) {
    for (auto const* const id : {"c", "a", "b"}) ASSERT_TRUE(put(Json::object(), {id, ""}));
    ASSERT_TRUE(put(Json::object(), {"a", "m"}));
    ASSERT_TRUE(put({{"status", "disabled"}}, {"b", ""}, Precondition::any()));
    auto const devices = hub_->run([](Work& work) { return list_devices(work, 2); });
    ASSERT_TRUE(devices);
    ASSERT_EQ(devices->size(), 2U);
    EXPECT_EQ((*devices)[1].name.device, "b");
    auto const rest = hub_->run([](Work& work) { return list_devices(work, 2, "b"); });
    ASSERT_TRUE(rest);
    ASSERT_EQ(rest->size(), 1U);
    auto const counts = hub_->run([](Work& work) { return count_devices(work); });
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->total, 3);
    EXPECT_EQ(counts->enabled, 2);
}

TEST_F(IdentitiesTest, ABulkDoesWhatItCanAndTellsTheRest) {
    ASSERT_TRUE(put(Json::object(), {"a", ""}));
    auto const items = parse_bulk(Json::parse(R"([
        {"id":"b","importMode":"create","status":"disabled"},
        {"id":"a","importMode":"create"},
        {"id":"a2","importMode":"Delete"},
        {"id":"c","moduleId":"m","importMode":"CREATE"}])"));
    ASSERT_TRUE(items) << items.error().message;
    auto const errors = hub_->run([&](Work& work) { return change_identities(work, *items); });
    ASSERT_TRUE(errors);
    ASSERT_EQ(errors->size(), 3U);
    EXPECT_EQ((*errors)[0].error.reason, "DeviceAlreadyExists");
    EXPECT_EQ((*errors)[1].error.reason, "DeviceNotFound");
    EXPECT_EQ((*errors)[2].name, (Name{"c", "m"}));
    EXPECT_EQ(get({"b", ""})->status, DeviceStatus::Disabled);
}

TEST(BulkTest, RefusesWhatCannotBe) {
    auto many = Json::array();
    for (int i = 0; i < 101; ++i) many.push_back({{"id", fmt::format("d{}", i)}, {"importMode", "create"}});
    for (auto const& body : {Json::object(), Json::array(), many, Json::parse(R"([{"id":"a"}])"),
                             Json::parse(R"([1])"), Json::parse(R"([{"id":"a b","importMode":"create"}])"),
                             Json::parse(R"([{"id":"a","importMode":"deleteIfMatchETag"}])")})
        EXPECT_FALSE(parse_bulk(body)) << body.dump().substr(0, 80);
    auto const twice =
        parse_bulk(Json::parse(R"([{"id":"a","importMode":"create"},{"id":"a","importMode":"delete"}])"));
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().reason, "DeviceDefinedMultipleTimes");
}

TEST_F(IdentitiesTest, RemembersFeeds) {
    ASSERT_TRUE(put(Json::object(), {"a", ""}));
    ASSERT_TRUE(hub_->run([](Work& work) { return keep_feeds(work, {"a", ""}, 12); }));
    EXPECT_EQ(get({"a", ""})->feeds, 12);
}

}  // namespace
}  // namespace ounce::iot
