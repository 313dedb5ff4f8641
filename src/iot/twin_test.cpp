#include "iot/twin.hpp"

#include "iot/hub_fixture_test.hpp"

namespace ounce::iot {
namespace {

Time const kNow{std::chrono::seconds(1'700'000'000)};

TwinSection section(char const* values) {
    auto made = replace_section(new_section(SectionKind::Desired, kNow), Json::parse(values),
                                SectionKind::Desired, kNow);
    return made ? made->section : TwinSection{};
}

TEST(TwinPatchTest, MergesAndTellsThePatch) {
    struct Case {
        char const* before;
        char const* patch;
        char const* after;
        char const* pushed;
    };
    for (auto const& [before, patch, after, pushed] : {
             Case{R"({"a":1})", R"({"b":2})", R"({"a":1,"b":2})", R"({"b":2,"$version":3})"},
             Case{R"({"a":1,"b":2})", R"({"a":null})", R"({"b":2})", R"({"a":null,"$version":3})"},
             Case{R"({"a":{"x":1,"y":2}})", R"({"a":{"x":null,"z":[1]}})", R"({"a":{"y":2,"z":[1]}})",
                  R"({"a":{"x":null,"z":[1]},"$version":3})"},
             Case{R"({"a":[1,2]})", R"({"a":[3]})", R"({"a":[3]})", R"({"a":[3],"$version":3})"},
             Case{R"({"a":1})", R"({"a":{"b":null,"c":1}})", R"({"a":{"c":1}})",
                  R"({"a":{"b":null,"c":1},"$version":3})"},
             Case{R"({"a":1,"b":{"c":1}})", R"(null)", R"({})", R"({"a":null,"b":null,"$version":3})"},
             Case{R"({"a":1})", R"({"$version":9,"$metadata":{}})", R"({"a":1})", R"({"$version":3})"},
         }) {
        auto const done = patch_section(section(before), Json::parse(patch), SectionKind::Desired, kNow);
        ASSERT_TRUE(done) << patch << done.error().message;
        EXPECT_EQ(done->section.values, Json::parse(after)) << patch;
        EXPECT_EQ(done->pushed, Json::parse(pushed)) << patch;
        EXPECT_EQ(done->section.version, 3);
    }
}

TEST(TwinPatchTest, ReplacingTellsAllAndNullForWhatWent) {
    auto const done =
        replace_section(section(R"({"a":1,"b":{"c":1,"d":{"e":1}},"f":1})"),
                        Json::parse(R"({"b":{"d":{"g":2}},"f":1,"h":null})"), SectionKind::Desired, kNow);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->section.values, Json::parse(R"({"b":{"d":{"g":2}},"f":1})"));
    EXPECT_EQ(done->pushed,
              Json::parse(R"({"a":null,"b":{"c":null,"d":{"e":null,"g":2}},"f":1,"$version":3})"));
}

TEST(TwinPatchTest, MetadataTellsWhenEachLevelChanged) {
    auto const later = kNow + std::chrono::seconds(5);
    auto const done = patch_section(section(R"({"a":{"x":1},"b":1})"), Json::parse(R"({"a":{"y":2}})"),
                                    SectionKind::Desired, later);
    ASSERT_TRUE(done);
    auto const& metadata = done->section.metadata;
    EXPECT_EQ(metadata["$lastUpdated"], wire_time(later));
    EXPECT_EQ(metadata["$lastUpdatedVersion"], 3);
    EXPECT_EQ(metadata["a"]["$lastUpdatedVersion"], 3);
    EXPECT_EQ(metadata["a"]["x"]["$lastUpdatedVersion"], 2);
    EXPECT_EQ(metadata["a"]["y"]["$lastUpdated"], wire_time(later));
    EXPECT_EQ(metadata["b"]["$lastUpdated"], wire_time(kNow));

    auto const reported =
        patch_section(new_section(SectionKind::Reported, kNow), {{"a", 1}}, SectionKind::Reported, kNow);
    ASSERT_TRUE(reported);
    EXPECT_FALSE(reported->section.metadata["a"].contains("$lastUpdatedVersion"));
}

std::string nested(int levels) {
    std::string text = "1";
    for (int i = 0; i < levels; ++i) text = R"({"k":)" + text + "}";
    return text;
}

TEST(TwinPatchTest, HoldsItsBounds) {
    struct Case {
        std::string patch;
        bool good;
    };
    auto const text = [](std::size_t bytes) { return R"({"a":")" + std::string(bytes, 'x') + R"("})"; };
    auto const key = [](std::size_t bytes) { return R"({")" + std::string(bytes, 'k') + R"(":1})"; };
    auto const whole = [](std::size_t bytes) {
        std::string all = "{";
        for (int i = 0; i < 10; ++i) all += fmt::format(R"("k{}":"{}",)", i, std::string(3'000, 'x'));
        all += R"("rest":")";
        return all + std::string(bytes - all.size() - 2, 'x') + R"("})";
    };
    for (auto const& [patch, good] : {Case{text(4096), true},
                                      Case{text(4097), false},
                                      Case{key(1024), true},
                                      Case{key(1025), false},
                                      Case{R"({"a.b":1})", false},
                                      Case{R"({"a b":1})", false},
                                      Case{R"({"$a":1})", false},
                                      Case{R"({"":1})", false},
                                      Case{"{\"a\\u0007\":1}", false},
                                      Case{R"({"a":{"$x":1}})", false},
                                      Case{R"({"a":[{"b.c":1}]})", false},
                                      Case{R"({"a":4503599627370495})", true},
                                      Case{R"({"a":4503599627370496})", false},
                                      Case{R"({"a":-4503599627370496})", true},
                                      Case{R"({"a":-4503599627370497})", false},
                                      Case{R"({"a":18446744073709551615})", false},
                                      Case{R"({"a":1.5e300})", true},
                                      Case{nested(11), true},
                                      Case{nested(12), false},
                                      Case{whole(32 * 1024), true},
                                      Case{whole(32 * 1024 + 1), false},
                                      Case{"[]", false},
                                      Case{"1", false},
                                      Case{R"({"ä":"ö"})", true}}) {
        auto const done = patch_section({}, Json::parse(patch), SectionKind::Desired, kNow);
        EXPECT_EQ(done.has_value(), good) << patch.substr(0, 60);
        if (!done) EXPECT_EQ(done.error().code, Code::InvalidArgument);
    }
}

TEST(TwinPatchTest, TagsHaveTheirOwnBound) {
    auto const tags = patch_tags({{"a", 1}, {"b", 2}}, {{"a", nullptr}, {"c", {{"d", 1}}}});
    ASSERT_TRUE(tags);
    EXPECT_EQ(*tags, Json::parse(R"({"b":2,"c":{"d":1}})"));
    auto const half = std::string(4090, 'x');
    EXPECT_TRUE(patch_tags({{"a", half}}, {{"b", std::string(4000, 'x')}}));
    EXPECT_FALSE(patch_tags({{"a", half}}, {{"b", half}}));
}

TEST(TwinEtagTest, IsTheVersionInBase64) {
    EXPECT_EQ(twin_etag(1), "AAAAAAAAAAE=");
    EXPECT_EQ(twin_etag(258), "AAAAAAAAAQI=");
}

class TwinsTest : public HubTest {
  protected:
    void SetUp() override {
        HubTest::SetUp();
        ASSERT_TRUE(put(Json::object(), {"a", ""}));
        ASSERT_TRUE(put(Json::object(), {"a", "m"}));
    }
    Result<Twin> patch(char const* body, Name const& name, Precondition const& if_match = {}) {
        TRY(auto const update, parse_twin_update(Json::parse(body)));
        return hub_->run([&](Work& work) { return patch_twin(work, name, update, if_match); });
    }
};

TEST_F(TwinsTest, ANewTwinIsEmptyAtVersionOne) {
    auto const json = twin_to_json(*twin({"a", ""}), {});
    EXPECT_EQ(json["version"], 1);
    EXPECT_EQ(json["etag"], "AAAAAAAAAAE=");
    EXPECT_EQ(json["tags"], Json::object());
    EXPECT_EQ(json["properties"]["desired"]["$version"], 1);
    EXPECT_EQ(json["properties"]["reported"]["$version"], 1);
    EXPECT_FALSE(json.contains("authentication"));
    EXPECT_EQ(json["authenticationType"], "sas");
    EXPECT_EQ(json["deviceEtag"], get({"a", ""})->etag);
    EXPECT_EQ(twin_to_json(*twin({"a", "m"}), {})["moduleId"], "m");
}

TEST_F(TwinsTest, APatchIsOneEditAndIsTold) {
    auto const done = patch(R"({"tags":{"site":"north"},"properties":{"desired":{"rate":5}}})", {"a", ""});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->version, 2);
    EXPECT_EQ(done->desired.version, 2);
    auto const changes = told();
    ASSERT_EQ(changes.size(), 1U);
    auto const& change = std::get<DesiredChanged>(changes[0]);
    EXPECT_EQ(change.version, 2);
    EXPECT_EQ(change.patch, Json::parse(R"({"rate":5,"$version":2})"));

    auto const tags = patch(R"({"tags":{"site":null}})", {"a", ""});
    ASSERT_TRUE(tags);
    EXPECT_EQ(tags->version, 3);
    EXPECT_EQ(tags->desired.version, 2);
    EXPECT_TRUE(told().empty());
}

TEST_F(TwinsTest, AStaleTagIsRefused) {
    EXPECT_EQ(reason(patch(R"({"tags":{}})", {"a", ""}, Precondition::parse("\"abc\""))),
              "PreconditionFailed");
    EXPECT_TRUE(patch(R"({"tags":{}})", {"a", ""}, Precondition::parse("\"AAAAAAAAAAE=\"")));
    EXPECT_TRUE(patch(R"({"tags":{}})", {"a", ""}, Precondition::parse("\"*\"")));
    EXPECT_EQ(reason(patch(R"({"tags":{}})", {"b", ""})), "DeviceNotFound");
    EXPECT_EQ(reason(patch(R"({"tags":1})", {"a", ""})), "ArgumentInvalid");
    EXPECT_TRUE(told().empty());
}

TEST_F(TwinsTest, ReplacingEmptiesWhatIsNotNamed) {
    ASSERT_TRUE(patch(R"({"tags":{"x":1},"properties":{"desired":{"rate":5}}})", {"a", ""}));
    told();
    auto const update = parse_twin_update(Json::parse(R"({"tags":{"y":1}})"));
    ASSERT_TRUE(update);
    auto const done =
        hub_->run([&](Work& work) { return replace_twin(work, {"a", ""}, *update, Precondition::any()); });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->tags, Json::parse(R"({"y":1})"));
    EXPECT_EQ(std::get<DesiredChanged>(told().at(0)).patch, Json::parse(R"({"rate":null,"$version":3})"));
}

TEST_F(TwinsTest, ReportedPropertiesAreTheClientsOwn) {
    auto const report = [&](char const* body) {
        return hub_->run([&](Work& work) { return patch_reported(work, {"a", "m"}, Json::parse(body)); });
    };
    EXPECT_EQ(report(R"({"fw":"1.0"})").value(), 2);
    EXPECT_EQ(report(R"({"fw":null,"up":true})").value(), 3);
    EXPECT_EQ(reason(report("null")), "ArgumentInvalid");
    EXPECT_EQ(reason(report(R"({"a.b":1})")), "ArgumentInvalid");
    EXPECT_EQ(twin_for_client(*twin({"a", "m"})),
              Json::parse(R"({"desired":{"$version":1},"reported":{"up":true,"$version":3}})"));
    EXPECT_EQ(twin({"a", "m"})->version, 1);
    EXPECT_TRUE(told().empty());
}

}  // namespace
}  // namespace ounce::iot
