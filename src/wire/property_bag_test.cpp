#include "wire/property_bag.hpp"

#include <gmock/gmock.h>

namespace ounce::wire {
namespace {

using testing::ElementsAre;

TEST(PropertyBag, ReadsWhatTheNodeClientSends) {
    auto const bag = *parse_property_bag(
        "%24.mid=id%201&%24.cid=c1&%24.uid=u&%24.to=%2Fx&%24.exp=1970-01-01T00%3A00%3A00.000Z&%24.ct="
        "application%2F"
        "json&%24.ce=utf-8&%24.ifid=urn%3Aazureiot%3ASecurity%3ASecurityAgent%3A1&key%201=v%26%3D1&%24.x=y&"
        "%24.sub=comp");
    EXPECT_EQ(bag.system.message_id, "id 1");
    EXPECT_EQ(bag.system.correlation_id, "c1");
    EXPECT_EQ(bag.system.user_id, "u");
    EXPECT_EQ(bag.system.to, "/x");
    EXPECT_EQ(bag.system.expiry_time, "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(bag.system.content_type, "application/json");
    EXPECT_EQ(bag.system.content_encoding, "utf-8");
    EXPECT_EQ(bag.system.interface_id, "urn:azureiot:Security:SecurityAgent:1");
    EXPECT_EQ(bag.system.subject, "comp");
    EXPECT_EQ(bag.system.output_name, std::nullopt);
    EXPECT_THAT(bag.application, ElementsAre(Property{"key 1", "v&=1"}, Property{"$.x", "y"}));
}

TEST(PropertyBag, ForgivesTheSpellingsOfOtherClients) {
    for (std::string_view const text :
         {"$.on=out&p=q", "?$.on=out&p=q/", "%24.on=out&&p=q&/", "%24%2Eon=out&p=q"}) {
        auto const bag = parse_property_bag(text);
        ASSERT_TRUE(bag) << text;
        EXPECT_EQ(bag->system.output_name, "out") << text;
        EXPECT_THAT(bag->application, ElementsAre(Property{"p", "q"})) << text;
    }
}

TEST(PropertyBag, TellsNullFromEmptyAndKeepsPlus) {
    auto const bag = *parse_property_bag("null&empty=&plus=a+b&equals=a=b&$.mid");
    EXPECT_THAT(bag.application, ElementsAre(Property{"null", std::nullopt}, Property{"empty", ""},
                                             Property{"plus", "a+b"}, Property{"equals", "a=b"}));
    EXPECT_EQ(bag.system.message_id, std::nullopt);
}

TEST(PropertyBag, LetsTheLastOfTwoValuesCount) {
    auto const bag = *parse_property_bag("a=1&b=2&a=3&$.mid=x&$.mid=y");
    EXPECT_THAT(bag.application, ElementsAre(Property{"a", "3"}, Property{"b", "2"}));
    EXPECT_EQ(bag.system.message_id, "y");
}

TEST(PropertyBag, MayBeEmpty) {
    for (std::string_view const text : {"", "/", "?", "&&"})
        EXPECT_EQ(*parse_property_bag(text), PropertyBag{});
}

TEST(PropertyBag, RefusesBrokenText) {
    for (std::string_view const text : {"a=%", "a=%f", "%ff=1", "a=%00", "=1", "a&="})
        EXPECT_EQ(parse_property_bag(text).error().code, Code::InvalidArgument) << text;
}

TEST(PropertyBag, IsBounded) {
    std::string many;
    for (std::size_t count = 0; count < kBagPropertiesMax; ++count) many += "a&";
    EXPECT_TRUE(parse_property_bag(many));
    EXPECT_EQ(parse_property_bag(many + "a").error().code, Code::ResourceExhausted);
    EXPECT_TRUE(parse_property_bag(std::string(kBagBytesMax, 'a')));
    EXPECT_EQ(parse_property_bag(std::string(kBagBytesMax + 1, 'a')).error().code, Code::ResourceExhausted);
}

TEST(PropertyBag, ComesBackAsItWas) {
    PropertyBag bag;
    bag.system.message_id = "a/b+c#d&e=f%g";
    bag.system.schema = "";
    bag.application = {{"key & more", "v+w/x"}, {"null", std::nullopt}, {"empty", ""}, {"$.x", "\xc3\xa4"}};
    auto const text = format_property_bag(bag);
    EXPECT_EQ(text.find_first_of("/+#"), std::string::npos) << text;
    EXPECT_EQ(*parse_property_bag(text), bag);
}

}  // namespace
}  // namespace ounce::wire
