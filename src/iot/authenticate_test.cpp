#include "iot/authenticate.hpp"

#include "crypto/sas_token.hpp"
#include "iot/hub_fixture_test.hpp"

namespace ounce::iot {
namespace {

class AuthenticateTest : public HubTest {
  protected:
    void SetUp() override {
        HubTest::SetUp();
        for (Name const& name : {Name{"a", ""}, Name{"ab", ""}, Name{"x#1", ""}, Name{"a", "m"}})
            ASSERT_TRUE(put(Json::object(), name));
    }
    std::string token(std::string_view resource, crypto::Secret const& key, std::string_view policy = "",
                      std::chrono::seconds valid = std::chrono::hours(1)) {
        return crypto::sign_sas_token(resource, key.bytes(), policy, clock_.now() + valid);
    }
    crypto::Secret key(Name const& name) { return get(name)->authentication.primary_key; }
    bool may(std::string_view text, Name const& name) {
        auto const caller =
            hub_->run([&](Work& work) { return authenticate_device(work, keyring_, text, name); });
        if (!caller) {
            EXPECT_EQ(caller.error().code, Code::Unauthenticated);
            EXPECT_EQ(caller.error().reason, "IotHubUnauthorized");
            why_ = caller.error().message;
        }
        return caller.has_value();
    }

    crypto::Keyring keyring_ = *crypto::Keyring::create({"hub.example", "192.0.2.1"});
    std::string why_;
};

TEST_F(AuthenticateTest, EitherOwnKeyIsGood) {
    auto const a = get({"a", ""});
    ASSERT_TRUE(a);
    EXPECT_TRUE(may(token("hub.example/devices/a", a->authentication.primary_key), {"a", ""}));
    EXPECT_TRUE(may(token("HUB.example:8883/devices/a", a->authentication.secondary_key), {"a", ""}));
    EXPECT_TRUE(may(token("192.0.2.1/devices/a", a->authentication.primary_key), {"a", ""}));
}

TEST_F(AuthenticateTest, IdsMayBeCodedTwice) {
    EXPECT_TRUE(may(token("hub.example/devices/x%231", key({"x#1", ""})), {"x#1", ""}));
    EXPECT_TRUE(may(token("hub.example/devices/x#1", key({"x#1", ""})), {"x#1", ""}));
}

TEST_F(AuthenticateTest, ModulesHaveTheirOwnKeyOrTheirDevices) {
    EXPECT_TRUE(may(token("hub.example/devices/a/modules/m", key({"a", "m"})), {"a", "m"}));
    EXPECT_TRUE(may(token("hub.example/devices/a", key({"a", ""})), {"a", "m"}));
    EXPECT_FALSE(may(token("hub.example/devices/a/modules/m", key({"a", ""})), {"a", "m"}));
    EXPECT_FALSE(may(token("hub.example/devices/a/modules/m", key({"a", "m"})), {"a", ""}));
    EXPECT_FALSE(may(token("hub.example/devices/a", key({"a", "m"})), {"a", ""}));
}

TEST_F(AuthenticateTest, NobodyActsForAnother) {
    EXPECT_FALSE(may(token("hub.example/devices/a", key({"a", ""})), {"ab", ""}));
    EXPECT_FALSE(may(token("hub.example/devices/ab", key({"a", ""})), {"ab", ""}));
    EXPECT_FALSE(may(token("hub.example/devices/A", key({"a", ""})), {"A", ""}));
    EXPECT_FALSE(may(token("other.example/devices/a", key({"a", ""})), {"a", ""}));
    EXPECT_FALSE(may(token("hub.example", key({"a", ""})), {"a", ""}));
    EXPECT_FALSE(may(token("hub.example/devices", key({"a", ""})), {"a", ""}));
    EXPECT_FALSE(may(token("hub.example/devices/a/modules", key({"a", ""})), {"a", ""}));
    EXPECT_FALSE(may(token("hub.example/devices/a/files/m", key({"a", ""})), {"a", "m"}));
    EXPECT_FALSE(may(token("hub.example/devices/a/modules/m/more", key({"a", "m"})), {"a", "m"}));
    EXPECT_FALSE(may("", {"a", ""}));
    EXPECT_FALSE(may("SharedAccessSignature sr=%zz&sig=x&se=1", {"a", ""}));
}

TEST_F(AuthenticateTest, AnUnknownDeviceAndAWrongKeySoundTheSame) {
    auto const stranger = crypto::Secret(Bytes(32, 1));
    EXPECT_FALSE(may(token("hub.example/devices/a", stranger), {"a", ""}));
    auto const wrong_key = why_;
    EXPECT_FALSE(may(token("hub.example/devices/nobody", stranger), {"nobody", ""}));
    EXPECT_EQ(why_, wrong_key);
}

TEST_F(AuthenticateTest, AnEmptyKeySignsNothing) {
    auto const print = std::string(40, 'a');
    ASSERT_TRUE(put({{"authentication", {{"x509Thumbprint", {{"primaryThumbprint", print}}}}}}, {"x", ""}));
    EXPECT_FALSE(may(token("hub.example/devices/x", crypto::Secret()), {"x", ""}));
    EXPECT_FALSE(may(token("hub.example/devices/nobody", crypto::Secret()), {"nobody", ""}));
}

TEST_F(AuthenticateTest, TokensEnd) {
    auto const a = key({"a", ""});
    auto const text = token("hub.example/devices/a", a);
    clock_.advance(std::chrono::hours(2));
    EXPECT_FALSE(may(text, {"a", ""}));
    EXPECT_NE(why_.find("expired"), std::string::npos) << why_;
}

TEST_F(AuthenticateTest, ADisabledDeviceAndItsModulesStayOut) {
    auto const device = token("hub.example/devices/a", key({"a", ""}));
    auto const module = token("hub.example/devices/a/modules/m", key({"a", "m"}));
    ASSERT_TRUE(put({{"status", "disabled"}}, {"a", ""}, Precondition::any()));
    EXPECT_FALSE(may(device, {"a", ""}));
    EXPECT_FALSE(may(module, {"a", "m"}));
}

TEST_F(AuthenticateTest, APolicyActsForAllDevicesBelowItsResource) {
    auto const& device = *keyring_.find_policy("device");
    EXPECT_TRUE(may(token("hub.example", device.primary, "device"), {"a", "m"}));
    EXPECT_TRUE(may(token("hub.example/devices/a", device.secondary, "device"), {"a", ""}));
    EXPECT_FALSE(may(token("hub.example/devices/a", device.primary, "device"), {"ab", ""}));
    EXPECT_FALSE(may(token("hub.example", device.primary, "device"), {"nobody", ""}));
    auto const& service = *keyring_.find_policy("service");
    EXPECT_FALSE(may(token("hub.example", service.primary, "service"), {"a", ""}));
    EXPECT_FALSE(may(token("hub.example", service.primary, "device"), {"a", ""}));
}

}  // namespace
}  // namespace ounce::iot
