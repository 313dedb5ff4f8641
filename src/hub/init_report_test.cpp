#include "hub/init_report.hpp"

#include <gtest/gtest.h>

#include "crypto/base64.hpp"

namespace ounce::hub {
namespace {

class InitReportTest : public testing::Test {
  protected:
    OrderedJson report() const { return init_report(data_, config_, keyring_, "abc123"); }

    DataFolder data_{"/srv/my hub"};
    Config config_;
    crypto::Keyring keyring_ = crypto::Keyring::create({"hub.example", "localhost"}).value();
};

TEST_F(InitReportTest, HoldsAddressesKeysAndConnectionStrings) {
    auto const json = report();
    auto const key = crypto::to_base64(keyring_.find_policy("service")->primary.bytes());
    EXPECT_EQ(json["host"], "hub.example");
    EXPECT_EQ(json["ports"], (OrderedJson{{"https", 443}, {"mqtt", 8883}}));
    EXPECT_EQ(json["ca"], "/srv/my hub/keys/ca.pem");
    EXPECT_EQ(json["policies"]["service"],
              "HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey=" + key);
    EXPECT_EQ(json["policies"].size(), 5U);
    EXPECT_EQ(json["trainingKey"], crypto::to_base64(keyring_.find_policy("training")->primary.bytes()));
    EXPECT_EQ(json["predictionKey"], crypto::to_base64(keyring_.find_policy("prediction")->primary.bytes()));
}

TEST_F(InitReportTest, PortThatIsNotTheUsualOneIsPartOfAddresses) {
    config_.listen.https_port = 8443;
    auto const json = report();
    EXPECT_EQ(json["endpoint"], "https://hub.example:8443");
    EXPECT_TRUE(json["policies"]["device"].get<std::string>().starts_with("HostName=hub.example:8443;"));
    EXPECT_EQ(json["trust"]["docker"],
              "sudo install -D -m 644 '/srv/my hub/keys/ca.pem' /etc/docker/certs.d/hub.example:8443/ca.crt");
}

TEST_F(InitReportTest, PathsAreOneWordInEachLanguage) {
    data_ = DataFolder("/srv/it's \"mine\"");
    auto const trust = report()["trust"];
    EXPECT_EQ(trust["node"], R"(export NODE_EXTRA_CA_CERTS='/srv/it'\''s "mine"/keys/ca.pem')");
    EXPECT_NE(trust["python-device"].get<std::string>().find(R"(open("/srv/it's \"mine\"/keys/ca.pem"))"),
              std::string::npos);
}

TEST_F(InitReportTest, TextForAPersonHoldsAllOfIt) {
    auto const json = report();
    auto const text = init_text(json);
    for (auto const& [name, value] : json["policies"].items())
        EXPECT_NE(text.find(value.get<std::string>()), std::string::npos) << name;
    for (auto const& [name, value] : json["trust"].items())
        EXPECT_NE(text.find(value.get<std::string>()), std::string::npos) << name;
    EXPECT_NE(text.find("ounce-hub serve --data '/srv/my hub'"), std::string::npos);
    EXPECT_EQ(text, init_text(report()));
}

}  // namespace
}  // namespace ounce::hub
