#include "iot/device_content.hpp"

#include "iot/hub_fixture_test.hpp"

namespace ounce::iot {
namespace {

class DeviceContentTest : public HubTest {
  protected:
    void SetUp() override {
        HubTest::SetUp();
        ASSERT_TRUE(put({{"capabilities", {{"iotEdge", true}}}}, {"e", ""}));
        ASSERT_TRUE(put(Json::object(), {"e", "mine"}));
        ASSERT_TRUE(put(Json::object(), {"plain", ""}));
    }
    Status apply(char const* content, std::string const& device = "e") {
        TRY(auto const parsed, parse_device_content(Json::parse(content)));
        return hub_->run([&](Work& work) { return apply_device_content(work, device, parsed); });
    }
    std::string modules() {
        auto const list = hub_->run([](Work& work) { return list_modules(work, "e"); });
        std::string names;
        for (auto const& module : *list)
            names += module.name.module + (module.managed_by.empty() ? " " : "* ");
        return names;
    }
};

constexpr char const* kManifest = R"({"modulesContent":{
    "$edgeAgent":{"properties.desired":{"modules":{"camera":{"type":"docker"},"classifier":{}}}},
    "$edgeHub":{"properties.desired":{"routes":{"r":"FROM /* INTO $upstream"}}},
    "camera":{"properties.desired":{"rate":5}}}})";

TEST_F(DeviceContentTest, MakesWhatIsListedAndRemovesWhatItMadeItself) {
    ASSERT_TRUE(apply(kManifest));
    EXPECT_EQ(modules(), "$edgeAgent* $edgeHub* camera* classifier* mine ");
    EXPECT_EQ(twin({"e", "camera"})->desired.values, Json::parse(R"({"rate":5})"));
    EXPECT_EQ(twin({"e", "camera"})->desired.version, 2);
    EXPECT_EQ(twin({"e", "classifier"})->desired.version, 1);
    told();

    ASSERT_TRUE(apply(R"({"modulesContent":{
        "$edgeAgent":{"properties.desired":{"modules":{"camera":{}, "classifier":null}}}}})"));
    EXPECT_EQ(modules(), "$edgeAgent* $edgeHub* camera* mine ");
    auto const changes = told();
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(std::get<AccessRevoked>(changes[0]).who.module, "classifier");
    EXPECT_EQ(std::get<DesiredChanged>(changes[1]).version, 3);
    EXPECT_EQ(twin({"e", "camera"})->desired.values, Json::parse(R"({"rate":5})"));
}

TEST_F(DeviceContentTest, PathsAreLaidOverTheSection) {
    ASSERT_TRUE(apply(R"({"modulesContent":{"$edgeAgent":{
        "properties.desired":{"modules":{"a":{"x":1}}},
        "properties.desired.modules.b":{"y":2},
        "properties.desired.modules.a.z":3}}})"));
    EXPECT_EQ(twin({"e", "$edgeAgent"})->desired.values,
              Json::parse(R"({"modules":{"a":{"x":1,"z":3},"b":{"y":2}}})"));
    EXPECT_EQ(modules(), "$edgeAgent* $edgeHub* a* b* mine ");
}

TEST_F(DeviceContentTest, TheDevicesOwnTwinMayBeSetToo) {
    ASSERT_TRUE(apply(R"({"deviceContent":{"properties.desired":{"site":"north"}}})"));
    EXPECT_EQ(twin({"e", ""})->desired.values, Json::parse(R"({"site":"north"})"));
    EXPECT_EQ(modules(), "$edgeAgent* $edgeHub* mine ");
}

TEST_F(DeviceContentTest, RefusesWhatCannotBeAndChangesNothing) {
    EXPECT_EQ(reason(apply(kManifest, "plain")), "ArgumentInvalid");
    EXPECT_EQ(reason(apply(kManifest, "nobody")), "DeviceNotFound");
    for (
        auto const* const content :
        {R"([])", R"({})", R"({"moduleContent":{"properties.desired":{}}})", R"({"modulesContent":[]})",
         R"({"modulesContent":{"a":{}}})", R"({"modulesContent":{"a":{"properties.desired":1}}})",
         R"({"modulesContent":{"a":{"properties.reported":{}}}})",
         R"({"modulesContent":{"a":{"properties.desired.":1}}})",
         R"({"modulesContent":{"a":{"properties.desired..x":1}}})",
         R"({"modulesContent":{"a b":{"properties.desired":{}}}})",
         R"({"modulesContent":{"new":{"properties.desired":{"ok":1}},"other":{"properties.desired":{"a b":1}}}})",
         R"({"modulesContent":{"$edgeAgent":{"properties.desired":{"modules":[]}}}})"})
        EXPECT_EQ(reason(apply(content)), "ArgumentInvalid") << content;
    std::string deep = R"({"modulesContent":{"a":{"properties.desired)";
    for (int i = 0; i < 100'000; ++i) deep += ".a";
    EXPECT_EQ(reason(apply((deep + R"(":1}}})").c_str())), "ArgumentInvalid");
    EXPECT_EQ(modules(), "$edgeAgent* $edgeHub* mine ");
    EXPECT_TRUE(told().empty());
}

TEST(DeviceContentBoundsTest, ModulesAndPathsAreCounted) {
    auto const modules = [](int count) {
        Json content;
        for (int i = 0; i < count; ++i)
            content["modulesContent"][fmt::format("m{}", i)]["properties.desired"] = Json::object();
        return content;
    };
    EXPECT_TRUE(parse_device_content(modules(kModulesMax)));
    EXPECT_FALSE(parse_device_content(modules(kModulesMax + 1)));
    auto const paths = [](int count) {
        Json content;
        for (int i = 0; i < count; ++i)
            content["modulesContent"]["m"][fmt::format("properties.desired.p{}", i)] = i;
        return content;
    };
    EXPECT_TRUE(parse_device_content(paths(1'000)));
    EXPECT_FALSE(parse_device_content(paths(1'001)));
}

}  // namespace
}  // namespace ounce::iot
