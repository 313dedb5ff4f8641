#include "wire/topic.hpp"

#include <gmock/gmock.h>

namespace ounce::wire {
namespace {

ClientName const kDevice{"cam-7", ""};
ClientName const kModule{"cam-7", "classifier"};

TEST(ClientId, IsADeviceOrAModule) {
    EXPECT_EQ(*parse_client_id("cam-7"), kDevice);
    EXPECT_EQ(*parse_client_id("cam-7/classifier"), kModule);
    for (std::string_view const text : {"", "/", "a/", "/b", "a/b/c"})
        EXPECT_FALSE(parse_client_id(text)) << text;
    EXPECT_EQ(format_client_id(kModule), "cam-7/classifier");
    EXPECT_EQ(format_client_id(kDevice), "cam-7");
}

TEST(UserName, IsReadInAllItsSpellings) {
    struct Case {
        std::string_view text, host;
        ClientName client;
        std::string_view api_version;
    };
    Case const cases[] = {
        {"hub.example/cam-7/?api-version=2021-04-12&DeviceClientType=azure-iot-device%2F1.18.4%20(node)",
         "hub.example", kDevice, "2021-04-12"},
        {"hub.example:9883/cam-7/classifier/?api-version=2019-10-01", "hub.example:9883", kModule,
         "2019-10-01"},
        {"hub.example/cam-7/api-version=2018-06-30", "hub.example", kDevice, "2018-06-30"},
        {"hub.example/cam-7/classifier/api-version=x&a/b", "hub.example", kModule, "x"},
        {"hub.example/cam-7", "hub.example", kDevice, ""},
        {"hub.example/cam-7/", "hub.example", kDevice, ""},
        {"hub.example/cam-7/classifier", "hub.example", kModule, ""},
        {"hub.example/cam-7/?model-id=x", "hub.example", kDevice, ""},
        {"hub.example/a?b#c$/?api-version=1", "hub.example", {"a?b#c$", ""}, "1"},
    };
    for (auto const& [text, host, client, api_version] : cases) {
        auto const user = parse_user_name(text);
        ASSERT_TRUE(user) << text;
        EXPECT_EQ(user->host, host) << text;
        EXPECT_EQ(user->client, client) << text;
        EXPECT_EQ(user->api_version, api_version) << text;
    }
}

TEST(UserName, TellsWhatTheClientIs) {
    auto const user = *parse_user_name(
        "h/d/?api-version=1&model-id=dtmi%3Aa%3B1&DeviceClientType=100%&auth-chain=leaf%3Bparent");
    EXPECT_EQ(user.model_id, "dtmi:a;1");
    EXPECT_EQ(user.client_type, "100%");
    EXPECT_EQ(user.auth_chain, "leaf;parent");
}

TEST(UserName, RefusesWhatNamesNobody) {
    std::string const too_long = "h/" + std::string(kUserNameBytesMax - 1, 'd');
    for (std::string_view const text :
         {std::string_view(""), std::string_view("h"), std::string_view("h/"), std::string_view("/d"),
          std::string_view("h//?api-version=1"), std::string_view("h/d/m/x"), std::string_view(too_long)})
        EXPECT_FALSE(parse_user_name(text)) << text.substr(0, 40);
}

TEST(PublishTopic, TakesTelemetryOfItsOwn) {
    struct Case {
        std::string_view topic;
        ClientName self;
        std::size_t properties;
    };
    Case const cases[] = {
        {"devices/cam-7/messages/events", kDevice, 0},
        {"devices/cam-7/messages/events/", kDevice, 0},
        {"devices/cam-7/messages/events/a=b&c=d", kDevice, 2},
        {"devices/cam-7/messages/events/?a=b/", kDevice, 1},
        {"devices/cam-7/modules/classifier/messages/events/%24.on=output1&p=q/", kModule, 1},
        {"devices/a%23b/messages/events/", {"a#b", ""}, 0},
        {"devices/a%23b/messages/events/", {"a%23b", ""}, 0},
    };
    for (auto const& [topic, self, properties] : cases) {
        auto const parsed = parse_publish_topic(topic, self);
        ASSERT_TRUE(parsed) << topic << ": " << parsed.error().message;
        ASSERT_TRUE(std::holds_alternative<Telemetry>(*parsed));
        EXPECT_EQ(std::get<Telemetry>(*parsed).bag.application.size(), properties) << topic;
    }
}

TEST(PublishTopic, TakesTwinAndMethodTopics) {
    EXPECT_EQ(std::get<TwinGet>(*parse_publish_topic("$iothub/twin/GET/?$rid=a%20b", kDevice)).rid, "a%20b");
    EXPECT_EQ(std::get<TwinGet>(*parse_publish_topic("$iothub/twin/GET/?x=1&%24rid=2", kModule)).rid, "2");
    auto const patch =
        *parse_publish_topic("$iothub/twin/PATCH/properties/reported/?$rid=7&$version=3", kDevice);
    EXPECT_EQ(std::get<TwinPatch>(patch).rid, "7");
    auto const response =
        std::get<MethodResponse>(*parse_publish_topic("$iothub/methods/res/-200/?$rid=1f", kDevice));
    EXPECT_EQ(response.status, -200);
    EXPECT_EQ(response.rid, "1f");
}

TEST(PublishTopic, SaysWhyNot) {
    struct Case {
        std::string_view topic;
        ClientName self;
        Code code;
    };
    std::string const long_rid = "$iothub/twin/GET/?$rid=" + std::string(kRidBytesMax + 1, '1');
    Case const cases[] = {
        {"devices/cam-8/messages/events/", kDevice, Code::PermissionDenied},
        {"devices/cam-70/messages/events/", kDevice, Code::PermissionDenied},
        {"devices/CAM-7/messages/events/", kDevice, Code::PermissionDenied},
        {"devices/cam-7/modules/classifier/messages/events/", kDevice, Code::PermissionDenied},
        {"devices/cam-7/messages/events/", kModule, Code::PermissionDenied},
        {"devices/cam-7/modules/other/messages/events/", kModule, Code::PermissionDenied},
        {"devices/cam-7/modules//messages/events/", kDevice, Code::PermissionDenied},
        {"devices/cam-7/messages/eventsx", kDevice, Code::NotFound},
        {"devices/cam-7/messages/devicebound/", kDevice, Code::NotFound},
        {"devices/cam-7", kDevice, Code::NotFound},
        {"anything", kDevice, Code::NotFound},
        {"", kDevice, Code::NotFound},
        {"$iothub/twin/PUT/?$rid=1", kDevice, Code::NotFound},
        {"$iothub/twin/GET/", kDevice, Code::InvalidArgument},
        {"$iothub/twin/GET/?$rid=", kDevice, Code::InvalidArgument},
        {"$iothub/methods/res/2x/?$rid=1", kDevice, Code::InvalidArgument},
        {"$iothub/methods/res//?$rid=1", kDevice, Code::InvalidArgument},
        {"$iothub/methods/res/99999999999/?$rid=1", kDevice, Code::InvalidArgument},
        {"devices/cam-7/messages/events/a=%", kDevice, Code::InvalidArgument},
        {long_rid, kDevice, Code::ResourceExhausted},
    };
    for (auto const& [topic, self, code] : cases) {
        auto const parsed = parse_publish_topic(topic, self);
        ASSERT_FALSE(parsed) << topic;
        EXPECT_EQ(parsed.error().code, code) << topic;
    }
}

TEST(Filter, NamesAFeedOrSaysWhyNot) {
    EXPECT_EQ(*parse_filter("devices/cam-7/messages/devicebound/#", kDevice), Feed::CloudToDevice);
    EXPECT_EQ(*parse_filter("devices/cam-7/modules/classifier/inputs/#", kModule), Feed::ModuleInputs);
    EXPECT_EQ(*parse_filter("devices/cam-7/modules/classifier/#", kModule), Feed::ModuleInputs);
    EXPECT_EQ(*parse_filter("$iothub/twin/res/#", kModule), Feed::TwinResponses);
    EXPECT_EQ(*parse_filter("$iothub/twin/PATCH/properties/desired/#", kDevice), Feed::DesiredChanges);
    EXPECT_EQ(*parse_filter("$iothub/methods/POST/#", kDevice), Feed::Methods);

    EXPECT_EQ(parse_filter("devices/cam-8/messages/devicebound/#", kDevice).error().code,
              Code::PermissionDenied);
    EXPECT_EQ(parse_filter("devices/+/messages/devicebound/#", kDevice).error().code, Code::PermissionDenied);
    EXPECT_EQ(parse_filter("devices/cam-7/modules/other/#", kModule).error().code, Code::PermissionDenied);
    for (std::string_view const filter :
         {"#", "$iothub/#", "devices/#", "$iothub/twin/res/+", "devices/cam-7/#"})
        EXPECT_FALSE(parse_filter(filter, kDevice)) << filter;
}

TEST(Feeds, AreASetThatFitsAByte) {
    Feeds feeds;
    feeds.add(Feed::Methods);
    feeds.add(Feed::TwinResponses);
    feeds.remove(Feed::TwinResponses);
    EXPECT_TRUE(feeds.has(Feed::Methods));
    EXPECT_FALSE(feeds.has(Feed::TwinResponses));
    EXPECT_EQ(Feeds::from_bits(feeds.bits()), feeds);
    EXPECT_EQ(Feeds::from_bits(255).bits(), Feeds::kAll);
}

TEST(HubTopics, AreWrittenAsTheClientsReadThem) {
    EXPECT_EQ(twin_response_topic(200, "r1"), "$iothub/twin/res/200/?$rid=r1");
    EXPECT_EQ(twin_response_topic(204, "r1", 5), "$iothub/twin/res/204/?$rid=r1&$version=5");
    EXPECT_EQ(desired_topic(9), "$iothub/twin/PATCH/properties/desired/?$version=9");
    EXPECT_EQ(method_topic("reboot", "1f"), "$iothub/methods/POST/reboot/?$rid=1f");
    PropertyBag bag;
    bag.system.to = "/devices/cam-7/messages/deviceBound";
    bag.application = {{"foo", "bar baz"}};
    EXPECT_EQ(devicebound_topic(kDevice, bag),
              "devices/cam-7/messages/devicebound/"
              "%24.to=%2Fdevices%2Fcam-7%2Fmessages%2FdeviceBound&foo=bar%20baz");
    EXPECT_EQ(input_topic(kModule, "in 1", {}), "devices/cam-7/modules/classifier/inputs/in%201/");
}

}  // namespace
}  // namespace ounce::wire
