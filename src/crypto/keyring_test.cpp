#include "crypto/keyring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.hpp"
#include "crypto/base64.hpp"

namespace ounce::crypto {
namespace {

using std::chrono::hours;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

class KeyringTest : public testing::Test {
  protected:
    Policy const& policy(std::string_view name) const { return *keyring_.find_policy(name); }
    std::string primary(std::string_view name) const { return to_base64(policy(name).primary.bytes()); }
    std::string secondary(std::string_view name) const { return to_base64(policy(name).secondary.bytes()); }

    Keyring keyring_ = Keyring::create({"hub.example", "localhost"}).value();
};

TEST_F(KeyringTest, PoliciesHaveTheirRights) {
    EXPECT_EQ(policy("iothubowner").rights, Rights::all());
    EXPECT_EQ(policy("service").rights, Right::ServiceConnect | Right::ModelsRead);
    EXPECT_EQ(policy("device").rights, Right::DeviceConnect | Right::ModelsRead);
    EXPECT_EQ(policy("registryRead").rights, Rights(Right::RegistryRead));
    EXPECT_EQ(policy("registryReadWrite").rights, Right::RegistryRead | Right::RegistryWrite);
    EXPECT_EQ(policy("training").rights,
              Right::Train | Right::Predict | Right::ModelsRead | Right::ModelsWrite);
    EXPECT_EQ(policy("prediction").rights, Right::Predict | Right::ModelsRead);
    EXPECT_EQ(keyring_.find_policy("Service"), nullptr);
    EXPECT_TRUE(policy("service").rights.cover(Right::ModelsRead));
    EXPECT_FALSE(policy("service").rights.cover(Right::ServiceConnect | Right::Train));
}

TEST_F(KeyringTest, EveryKeyIsAnother) {
    std::vector<std::string> keys = {to_base64(keyring_.signing_key())};
    for (auto const& each : keyring_.policies()) {
        keys.push_back(to_base64(each.primary.bytes()));
        keys.push_back(to_base64(each.secondary.bytes()));
        EXPECT_EQ(each.primary.bytes().size(), 32U);
    }
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
    EXPECT_EQ(keys.size(), 15U);
}

TEST_F(KeyringTest, HeaderKeysAreThoseOfVisionAndTheOwner) {
    EXPECT_EQ(keyring_.rights_of_header_key(primary("training")), policy("training").rights);
    EXPECT_EQ(keyring_.rights_of_header_key(secondary("training")), policy("training").rights);
    EXPECT_EQ(keyring_.rights_of_header_key(secondary("prediction")), policy("prediction").rights);
    EXPECT_EQ(keyring_.rights_of_header_key(primary("iothubowner")), Rights::all());
    EXPECT_EQ(keyring_.rights_of_header_key(primary("service")), std::nullopt);
    EXPECT_EQ(keyring_.rights_of_header_key(""), std::nullopt);
    EXPECT_EQ(keyring_.rights_of_header_key(primary("training").substr(0, 43)), std::nullopt);
}

TEST_F(KeyringTest, BasicNeedsNameAndKeyOfOnePolicy) {
    EXPECT_EQ(keyring_.rights_of_basic("device", primary("device")), policy("device").rights);
    EXPECT_EQ(keyring_.rights_of_basic("device", secondary("device")), policy("device").rights);
    EXPECT_EQ(keyring_.rights_of_basic("training", primary("training")), policy("training").rights);
    EXPECT_EQ(keyring_.rights_of_basic("device", primary("service")), std::nullopt);
    EXPECT_EQ(keyring_.rights_of_basic("nobody", primary("service")), std::nullopt);
    EXPECT_EQ(keyring_.rights_of_basic("", ""), std::nullopt);
}

TEST_F(KeyringTest, PolicyTokenNeedsItsNameAKeyItsHostAndTime) {
    auto const token = [&](std::string_view resource, Secret const& key, std::string_view name,
                           Time expiry = kNow + hours(1)) {
        return parse_sas_token(sign_sas_token(resource, key.bytes(), name, expiry)).value();
    };
    auto const& service = policy("service");
    auto const check = [&](SasToken const& with) {
        return keyring_.verify_policy_token(with, "twins/cam-7", kNow);
    };
    EXPECT_EQ(check(token("hub.example", service.primary, "service")).value(), service.rights);
    EXPECT_EQ(check(token("LOCALHOST:8443", service.secondary, "service")).value(), service.rights);
    EXPECT_EQ(check(token("localhost/twins", service.secondary, "service")).value(), service.rights);

    auto const refused = {token("hub.example", policy("device").primary, "service"),
                          token("hub.example", service.primary, "nobody"),
                          token("hub.example", service.primary, ""),
                          token("other.example", service.primary, "service"),
                          token("hub.example/devices", service.primary, "service"),
                          token("hub.example", service.secondary, "service", kNow - hours(1))};
    for (auto const& each : refused) EXPECT_EQ(check(each).error().code, Code::Unauthenticated);
    // Whichever key it was made with: a wrong clock is not to be taken for a wrong key.
    for (auto const& key : {service.primary, service.secondary})
        EXPECT_THAT(check(token("hub.example", key, "service", kNow - hours(1))).error().message,
                    testing::HasSubstr("expired"));
}

TEST_F(KeyringTest, ComesBackFromItsJson) {
    auto const again = Keyring::parse(keyring_.to_json());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->to_json(), keyring_.to_json());
    EXPECT_EQ(again->hosts(), keyring_.hosts());
    EXPECT_EQ(again->find_policy("device")->rights, policy("device").rights);
    auto const renamed = keyring_.with_hosts({"new.example"});
    EXPECT_EQ(renamed.hosts().front(), "new.example");
    EXPECT_EQ(to_base64(renamed.signing_key()), to_base64(keyring_.signing_key()));
}

TEST_F(KeyringTest, DamagedFileIsRefusedByTheNameOfTheMember) {
    auto const good = parse_json(keyring_.to_json()).value();
    struct Case {
        Json patch;
        char const* named;
    };
    auto const broken_policy = [&](char const* member, Json value) {
        auto policies = good["policies"];
        policies[1][member] = std::move(value);
        return Json{{"policies", policies}};
    };
    auto doubled = good["policies"];
    doubled.push_back(doubled[0]);
    auto fewer = good["policies"];
    fewer.erase(2);
    for (auto const& [patch, named] :
         {Case{{{"format", 2}}, "format"}, Case{{{"format", nullptr}}, "format"},
          Case{{{"hosts", Json::array()}}, "hosts"}, Case{{{"hosts", {1}}}, "hosts"},
          Case{{{"signingKey", "c2hvcnQ="}}, "signingKey"}, Case{{{"policies", nullptr}}, "policies"},
          Case{broken_policy("primary", "SECRET"), "policy 'service': 'primary'"},
          Case{broken_policy("rights", {"Everything"}), "Everything"}, Case{{{"policies", doubled}}, "twice"},
          Case{{{"policies", fewer}}, "'device' is missing"}}) {
        auto json = good;
        json.merge_patch(patch);
        auto const keyring = Keyring::parse(json.dump());
        ASSERT_FALSE(keyring) << patch;
        EXPECT_NE(keyring.error().message.find(named), std::string::npos) << keyring.error().message;
        EXPECT_EQ(keyring.error().message.find("SECRET"), std::string::npos);
    }
    EXPECT_FALSE(Keyring::parse(""));
    EXPECT_FALSE(Keyring::parse("[]"));
}

TEST_F(KeyringTest, WriteIncludesRead) {
    auto json = parse_json(keyring_.to_json()).value();
    json["policies"][4]["rights"] = {"RegistryWrite"};
    auto const keyring = Keyring::parse(json.dump()).value();
    EXPECT_TRUE(keyring.find_policy("registryReadWrite")->rights.cover(Right::RegistryRead));
}

TEST_F(KeyringTest, ConnectionStringIsTheVendors) {
    EXPECT_EQ(Keyring::connection_string("hub.example", policy("service")),
              "HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey=" + primary("service"));
}

}  // namespace
}  // namespace ounce::crypto
