#include "cli/connection_string.hpp"

#include <gtest/gtest.h>

namespace ounce::cli {
namespace {

TEST(ConnectionString, NamesHostPortPolicyAndKey) {
    struct Case {
        char const* text;
        char const* host;
        int port;
        char const* authority;
    };
    for (auto const& [text, host, port, written] : {
             Case{"HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey=AAECAw==", "hub.example",
                  443, "hub.example"},
             Case{" SharedAccessKey=AAECAw==;HostName=hub.example:8443;SharedAccessKeyName=service\n",
                  "hub.example", 8443, "hub.example:8443"},
             Case{"HostName=[::1]:8443;SharedAccessKeyName=service;SharedAccessKey=AAECAw==;", "::1", 8443,
                  "[::1]:8443"},
             Case{"HostName=[::1];SharedAccessKeyName=service;SharedAccessKey=AAECAw==", "::1", 443, "[::1]"},
         }) {
        auto const hub = parse_connection_string(text);
        ASSERT_TRUE(hub) << hub.error().message;
        EXPECT_EQ(hub->host, host);
        EXPECT_EQ(hub->port, port);
        EXPECT_EQ(hub->policy, "service");
        EXPECT_EQ(to_hex(hub->key.bytes()), "00010203");
        EXPECT_EQ(authority(*hub), written);
        EXPECT_EQ(authority(parse_connection_string(to_text(*hub)).value()), written);
    }
}

TEST(ConnectionString, SaysWhatIsWrongAndKeepsTheKey) {
    struct Case {
        char const* text;
        char const* says;
    };
    for (auto const& [text, says] : {
             Case{"", "no HostName="},
             Case{"HostName=hub;SharedAccessKey=c2VjcmV0", "no SharedAccessKeyName="},
             Case{"HostName=hub;SharedAccessKeyName=service", "no SharedAccessKey="},
             Case{"HostName=hub;DeviceId=cam;SharedAccessKey=c2VjcmV0", "a device's connection string"},
             Case{"HostName=hub;SharedAccessKeyName=service;SharedAccessKey=secret!", "not base64"},
             Case{"HostName=hub:x1;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0", "'x1' is no port"},
             Case{"HostName=hub;SharedAccessKeyName=a\x7f;SharedAccessKey=c2VjcmV0", "control character"},
             Case{"HostName=hub:0;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0", "'0' is no port"},
             Case{"HostName=hub:70000;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0", "is no port"},
             Case{"HostName=hub/x;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0", "is no host name"},
             Case{"HostName=[::1;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0", "without ']'"},
             Case{"HostName=[::1]x;SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0", "is no host name"},
         }) {
        auto const hub = parse_connection_string(text);
        ASSERT_FALSE(hub) << text;
        EXPECT_EQ(hub.error().code, Code::InvalidArgument);
        EXPECT_NE(hub.error().message.find(says), std::string::npos) << hub.error().message;
        EXPECT_EQ(hub.error().message.find("secret"), std::string::npos) << hub.error().message;
        EXPECT_EQ(hub.error().message.find("c2VjcmV0"), std::string::npos) << hub.error().message;
    }
    EXPECT_FALSE(parse_connection_string(std::string(9000, 'x')));
}

}  // namespace
}  // namespace ounce::cli
