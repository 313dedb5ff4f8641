#include "api/access.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "crypto/base64.hpp"
#include "crypto/sas_token.hpp"

namespace ounce::api {
namespace {

using namespace std::chrono_literals;

class Access : public testing::Test {
  protected:
    static std::string key(crypto::Keyring const& ring, char const* policy) {
        return crypto::to_base64(ring.find_policy(policy)->primary.bytes());
    }
    [[nodiscard]] std::string key(char const* policy) const { return key(keyring, policy); }
    [[nodiscard]] std::string token(char const* policy, std::string const& resource, Time expiry) const {
        return crypto::sign_sas_token(resource, keyring.find_policy(policy)->primary.bytes(), policy, expiry);
    }
    static std::string basic(std::string const& user, std::string const& password) {
        return "Basic " + crypto::to_base64(as_bytes(user + ":" + password));
    }
    [[nodiscard]] Result<Principal> who(net::Headers headers, std::string_view path = "devices/cam") const {
        net::RequestHead head;
        head.headers = std::move(headers);
        return authenticate(head, path, keyring, now);
    }

    crypto::Keyring const keyring = crypto::Keyring::create({"hub.example", "10.0.0.1"}).value();
    crypto::Keyring const other = crypto::Keyring::create({"hub.example"}).value();
    Time const now{1'700'000'000s};
};

TEST_F(Access, KnowsEveryKindOfCredential) {
    Principal const service{"service", keyring.find_policy("service")->rights, {}, {}};
    struct {
        char const* what;
        char const* name;
        std::string value;
        char const* principal;
        char const* policy;  // whose rights
    } const cases[] = {
        {"token for the host", "Authorization", token("service", "hub.example", now + 1h), "service",
         "service"},
        {"token for the path", "Authorization", token("service", "HUB.example/devices", now + 1h), "service",
         "service"},
        {"Basic", "authorization", basic("registryRead", key("registryRead")), "registryRead",
         "registryRead"},
        {"Bearer", "Authorization", "bearer " + make_bearer(keyring, service, Json::object(), now + 1h),
         "service", "service"},
        {"training key", "training-key", key("training"), "Training-Key", "training"},
        {"prediction key", "PREDICTION-KEY", key("prediction"), "Prediction-Key", "prediction"},
        {"one key for both", "Ocp-Apim-Subscription-Key", key("training"), "Ocp-Apim-Subscription-Key",
         "training"},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        auto const principal = who({{c.name, c.value}});
        ASSERT_TRUE(principal) << principal.error().message;
        EXPECT_EQ(principal->name, c.principal);
        EXPECT_EQ(principal->rights, keyring.find_policy(c.policy)->rights);
    }
}

TEST_F(Access, RefusesWhatIsWrongAndRepeatsNoneOfIt) {
    Principal const service{"service", keyring.find_policy("service")->rights, {}, {}};
    struct {
        char const* what;
        char const* name;
        std::string value;
    } const cases[] = {
        {"nothing", "X", "y"},
        {"expired", "Authorization", token("service", "hub.example", now - 1h)},
        {"other host", "Authorization", token("service", "other.example", now + 1h)},
        {"other path", "Authorization", token("service", "hub.example/devices/camera", now + 1h)},
        {"a device's token", "Authorization",
         crypto::sign_sas_token("hub.example/devices/cam", as_bytes("key"), "", now + 1h)},
        {"no such policy", "Authorization", basic("nobody", key("service"))},
        {"key of another", "Authorization", basic("service", key("device"))},
        {"Basic noise", "Authorization", "Basic !!!"},
        {"Basic without colon", "Authorization", "Basic " + crypto::to_base64(as_bytes("service"))},
        {"Bearer of another hub", "Authorization",
         "Bearer " + make_bearer(other, service, Json::object(), now + 1h)},
        {"Bearer expired", "Authorization",
         "Bearer " + make_bearer(keyring, service, Json::object(), now - 1h)},
        {"Bearer noise", "Authorization", "Bearer secret"},
        {"unknown scheme", "Authorization", "Digest secret"},
        {"empty", "Authorization", ""},
        {"wrong training key", "Training-Key", key(other, "training")},
        {"no key", "Training-Key", ""},
        {"a policy's key in the wrong place", "Training-Key", key("service")},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        auto const principal = who({{c.name, c.value}});
        ASSERT_FALSE(principal);
        EXPECT_EQ(principal.error().code, Code::Unauthenticated);
        if (c.value.size() > 4) EXPECT_EQ(principal.error().message.find(c.value), std::string::npos);
    }
}

TEST_F(Access, AnAuthorizationThatIsWrongIsNotMadeGoodByAKey) {
    EXPECT_FALSE(who({{"Authorization", "Bearer no"}, {"Training-Key", key("training")}}));
}

TEST_F(Access, BearerTokensCarryWhatTheirWireWants) {
    Principal const nobody{"nobody", {}, {}, {}};
    auto const bearer = make_bearer(keyring, nobody, Json{{"tid", "t"}}, now + 1h);
    auto const principal = who({{"Authorization", "Bearer " + bearer}});
    ASSERT_TRUE(principal);
    EXPECT_TRUE(principal->rights.empty());
    EXPECT_EQ(require(*principal, crypto::Right::ModelsRead).error().code, Code::PermissionDenied);
}

TEST_F(Access, KnowsADevicesToken) {
    auto const has = [](net::Headers headers) {
        net::RequestHead head;
        head.headers = std::move(headers);
        return has_device_token(head);
    };
    EXPECT_TRUE(has({{"Authorization", crypto::sign_sas_token("h/devices/a", as_bytes("k"), "", now)}}));
    EXPECT_FALSE(has({{"Authorization", token("device", "hub.example", now)}}));
    EXPECT_FALSE(has({{"Authorization", "SharedAccessSignature sr=h"}}));
    EXPECT_FALSE(has({{"Training-Key", "x"}}));
    EXPECT_FALSE(has({}));
}

}  // namespace
}  // namespace ounce::api
