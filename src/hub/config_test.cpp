#include "hub/config.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "base/file.hpp"

namespace ounce::hub {
namespace {

TEST(Config, WhatTheFileLeavesOutHasItsDefault) {
    auto const config = parse_config("[listen]\nhttps_port = 8_443\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->listen.https_port, 8443);
    EXPECT_EQ(config->listen.mqtt_port, 8883);
    EXPECT_EQ(config->listen.address, "::");
    EXPECT_EQ(parse_config("")->listen.https_port, 443);
}

TEST(Config, DescriptionReadsBackAsItself) {
    Config config;
    config.listen.address = "127.0.0.1";
    config.telemetry.keep_hours = 1;
    config.log.level = "debug";
    auto const text = describe_config(config);
    auto const again = parse_config(text);
    ASSERT_TRUE(again) << again.error().message << text;
    EXPECT_EQ(describe_config(*again), text);
    EXPECT_EQ(again->listen.address, "127.0.0.1");
    EXPECT_EQ(again->telemetry.keep_hours, 1);
    EXPECT_NE(text.find("# messages older than this are removed (1 to 87840)\nkeep_hours = 1\n"),
              std::string::npos)
        << text;
}

TEST(Config, EveryMistakeIsNamedWithItsLine) {
    struct Case {
        char const* toml;
        char const* error;
    };
    for (auto const& [toml, error] : {
             Case{"[listen]\nhttp_port = 1",
                  "line 2: there is no 'listen.http_port'; did you mean "
                  "'listen.https_port'?"},
             Case{"[telemetry]\n\nkeep_days = 1",
                  "line 3: there is no 'telemetry.keep_days'; did you mean "
                  "'telemetry.keep_hours'?"},
             Case{"[lisden]\n", "line 1: there is no 'lisden'; did you mean '[listen]'?"},
             Case{"https_port = 1", "line 1: there is no 'https_port'; did you mean"},
             Case{"listen = 1", "line 1: 'listen' is a table: write [listen]"},
             Case{"[[listen]]\nhttps_port = 1", "is a table"},
             Case{"[listen]\nhttps_port = '443'",
                  "line 2: listen.https_port must be a whole number from 0 to 65535"},
             Case{"[listen]\nhttps_port = 443.0", "line 2: listen.https_port must be"},
             Case{"[listen]\nhttps_port = -1", "line 2: listen.https_port must be"},
             Case{"[listen]\nhttps_port = 65536", "line 2: listen.https_port must be"},
             Case{"[listen]\naddress = 1", "line 2: listen.address must be a text"},
             Case{"[listen]\naddress = ''", "line 2: listen.address must be a text"},
             Case{"[listen]\naddress = 'nope'", "line 2: listen.address must be an IP address"},
             Case{"[metrics]\nopen = 1", "line 2: metrics.open must be true or false"},
             Case{"[log]\nlevel = 'loud'", "line 2: log.level must be one of: debug, info, warning, error"},
             Case{"[listen]\nhttps_port = 1\nhttps_port = 2", "line 3: "},
             Case{"[listen", "line 1: "},
             Case{"\xff", "line 1: "},
         }) {
        auto const config = parse_config(toml);
        ASSERT_FALSE(config) << toml;
        EXPECT_EQ(config.error().code, Code::InvalidArgument);
        EXPECT_NE(config.error().message.find(error), std::string::npos) << config.error().message;
    }
}

TEST(Config, FileThatWasChosenIsBeforeThatOfTheDataFolderAndThatBeforeNone) {
    auto const folder = TemporaryFolder::create().value();
    DataFolder const data(folder.path());
    auto const port = [&](std::filesystem::path const& chosen) {
        return load_config_of(data, chosen)->listen.https_port;
    };
    EXPECT_EQ(port(""), 443);
    ASSERT_TRUE(write_file(data.config(), as_bytes("[listen]\nhttps_port = 1")));
    ASSERT_TRUE(write_file(folder.path() / "other", as_bytes("[listen]\nhttps_port = 2")));
    EXPECT_EQ(port(""), 1);
    EXPECT_EQ(port(folder.path() / "other"), 2);
    EXPECT_EQ(load_config_of(data, folder.path() / "missing").error().code, Code::NotFound);
}

TEST(Config, ErrorOfAFileNamesTheFile) {
    auto const folder = TemporaryFolder::create().value();
    EXPECT_EQ(load_config(folder.path() / "hub.toml").error().code, Code::NotFound);
    ASSERT_TRUE(write_file(folder.path() / "hub.toml", as_bytes("[log]\nlevel = 1")));
    auto const config = load_config(folder.path() / "hub.toml");
    ASSERT_FALSE(config);
    EXPECT_NE(config.error().message.find("hub.toml: line 2: log.level"), std::string::npos)
        << config.error().message;
}

}  // namespace
}  // namespace ounce::hub
