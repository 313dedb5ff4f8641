#include "hub/key_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "base/file.hpp"
#include "crypto/certificate.hpp"

namespace ounce::hub {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;

class KeyStoreTest : public testing::Test {
  protected:
    PreparedKeys prepare(std::vector<std::string> const& hosts = {}) {
        auto prepared = prepare_keys(data_, hosts, now_);
        EXPECT_TRUE(prepared) << prepared.error().message;
        return std::move(*prepared);
    }
    std::string read(fs::path const& path) const {
        auto const content = read_file(path, 1 << 20);
        return content ? std::string(as_text(*content)) : "missing";
    }
    std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> all;
        for (auto const& entry : fs::directory_iterator(data_.keys()))
            all[entry.path().filename().string()] = read(entry.path());
        return all;
    }
    crypto::CertificateFacts server() const {
        return crypto::parse_certificate(read(data_.server_certificate())).value();
    }

    TemporaryFolder folder_ = TemporaryFolder::create().value();
    DataFolder data_{folder_.path() / "deep" / "hub"};
    Time now_{std::chrono::seconds(1'700'000'000)};
};

TEST_F(KeyStoreTest, FirstRunMakesAllAndTheSecondChangesNothing) {
    auto const first = prepare({"Hub.example", "192.0.2.7"});
    EXPECT_TRUE(first.keyring_is_new);
    EXPECT_TRUE(first.certificate_is_new);
    EXPECT_EQ(first.keyring.hosts(),
              (std::vector<std::string>{"hub.example", "192.0.2.7", "localhost", "127.0.0.1", "::1"}));
    EXPECT_EQ(server().hosts, first.keyring.hosts());
    auto const before = files();
    EXPECT_EQ(before.size(), 5U);

    for (auto const& hosts :
         std::vector<std::vector<std::string>>{{"hub.example"}, {}, {"HUB.EXAMPLE", "::1"}}) {
        auto const second = prepare(hosts);
        EXPECT_FALSE(second.keyring_is_new);
        EXPECT_FALSE(second.certificate_is_new);
        EXPECT_TRUE(second.hosts_added.empty());
        EXPECT_EQ(files(), before);
    }
}

TEST_F(KeyStoreTest, EverythingIsForTheOwnerAlone) {
    prepare();
    auto const mode = [](fs::path const& path) {
        struct stat status{};
        EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
        return status.st_mode & 0777U;
    };
    EXPECT_EQ(mode(data_.root()), 0700U);
    EXPECT_EQ(mode(data_.keys()), 0700U);
    EXPECT_EQ(mode(data_.keyring()), 0600U);
    EXPECT_EQ(mode(data_.authority_key()), 0600U);
    EXPECT_EQ(mode(data_.server_key()), 0600U);
}

TEST_F(KeyStoreTest, WithoutAHostItIsLocalhost) {
    EXPECT_EQ(prepare().keyring.hosts(), (std::vector<std::string>{"localhost", "127.0.0.1", "::1"}));
}

TEST_F(KeyStoreTest, NewHostIsAddedByANewServerCertificateAlone) {
    prepare({"hub.example"});
    auto before = files();
    auto const second = prepare({"other.example", "hub.example"});
    EXPECT_EQ(second.hosts_added, std::vector<std::string>{"other.example"});
    EXPECT_TRUE(second.certificate_is_new);
    EXPECT_EQ(second.keyring.hosts().front(), "hub.example");
    EXPECT_EQ(server().hosts, second.keyring.hosts());
    auto const after = files();
    EXPECT_EQ(after.at("ca.pem"), before.at("ca.pem"));
    EXPECT_EQ(after.at("ca.key"), before.at("ca.key"));
    EXPECT_EQ(load_keyring(data_)->hosts(), second.keyring.hosts());
}

TEST_F(KeyStoreTest, RefusesWhatIsNoHostAndMakesNothing) {
    auto const prepared = prepare_keys(data_, {"hub.example:8443"}, now_);
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().code, Code::InvalidArgument);
    EXPECT_TRUE(files().empty());
}

TEST_F(KeyStoreTest, MoreHostsThanACertificateTakesChangeNothing) {
    std::vector<std::string> many;
    for (std::size_t i = 0; i < crypto::kHostsMax; ++i) many.push_back(fmt::format("host-{}.example", i));
    EXPECT_EQ(prepare_keys(data_, many, now_).error().code, Code::InvalidArgument);
    EXPECT_TRUE(files().empty());
    prepare({"hub.example"});
    auto const before = files();
    EXPECT_EQ(prepare_keys(data_, many, now_).error().code, Code::InvalidArgument);
    EXPECT_EQ(files(), before);
    EXPECT_FALSE(prepare().certificate_is_new) << "the hub is as it was";
    many.resize(crypto::kHostsMax - 4);  // beside hub.example, localhost and its addresses
    EXPECT_EQ(prepare(many).keyring.hosts().size(), crypto::kHostsMax);
}

TEST_F(KeyStoreTest, RunThatWasCutOffIsCompleted) {
    // Each state that a kill may leave: the files are written in this order.
    prepare({"hub.example"});
    auto const whole = files();
    std::vector<std::string> const order = {"ca.key", "ca.pem", "keyring.json", "server.key", "server.pem"};
    for (std::size_t written = 0; written < order.size(); ++written) {
        for (auto const& name : order) fs::remove(data_.keys() / name);
        for (std::size_t i = 0; i < written; ++i)
            ASSERT_TRUE(write_private_file(data_.keys() / order[i], as_bytes(whole.at(order[i]))));
        auto const again = prepare({"hub.example"});
        EXPECT_TRUE(again.certificate_is_new) << written;
        EXPECT_EQ(again.keyring_is_new, written < 3) << written;
        EXPECT_TRUE(crypto::is_pair({read(data_.server_certificate()), read(data_.server_key())})) << written;
        EXPECT_TRUE(crypto::is_pair({read(data_.authority_certificate()), read(data_.authority_key())}));
    }
}

TEST_F(KeyStoreTest, LostAuthorityOfACompleteHubIsNotMadeAnew) {
    prepare();
    fs::remove(data_.authority_key());
    auto const prepared = prepare_keys(data_, {}, now_);
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().code, Code::DataLoss);
}

TEST_F(KeyStoreTest, LostKeyringOfACompleteHubIsNotMadeAnew) {
    prepare();
    ASSERT_TRUE(fs::remove(data_.keyring()));
    auto const before = files();
    auto const again = prepare_keys(data_, {}, now_);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::DataLoss);
    auto const loaded = load_keyring(data_);
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("backup"), std::string::npos) << loaded.error().message;
    EXPECT_EQ(files(), before);
}

TEST_F(KeyStoreTest, KeysThatOthersCouldReadAreTakenBack) {
    prepare();
    auto const secrets = {data_.keyring(), data_.authority_key(), data_.server_key()};
    for (auto const& path : secrets) fs::permissions(path, fs::perms{0644});
    ASSERT_TRUE(keep_keys_private(data_));
    for (auto const& path : secrets) EXPECT_EQ(fs::status(path).permissions(), fs::perms{0600}) << path;
}

TEST_F(KeyStoreTest, DamagedOrNewerKeyringIsNotOverwritten) {
    prepare();
    auto const good = read(data_.keyring());
    for (auto const& [text, code] : {std::pair(std::string("{"), Code::DataLoss),
                                     std::pair(std::string(R"({"format":2})"), Code::FailedPrecondition)}) {
        ASSERT_TRUE(write_private_file(data_.keyring(), as_bytes(text)));
        EXPECT_EQ(prepare_keys(data_, {}, now_).error().code, code);
        EXPECT_EQ(load_keyring(data_).error().code, code);
        EXPECT_EQ(read(data_.keyring()), text);
    }
}

TEST_F(KeyStoreTest, CertificateIsRenewedThirtyDaysBeforeItsEnd) {
    auto const prepared = prepare();
    auto const expires = server().expires;
    EXPECT_FALSE(renew_server_certificate(data_, prepared.keyring, expires - days(31)).value());
    EXPECT_TRUE(renew_server_certificate(data_, prepared.keyring, expires - days(30)).value());
    EXPECT_GT(server().expires, expires);
    ASSERT_TRUE(write_file(data_.server_certificate(), as_bytes("damaged")));
    EXPECT_TRUE(renew_server_certificate(data_, prepared.keyring, now_).value());
    EXPECT_FALSE(renew_server_certificate(data_, prepared.keyring, now_).value());
}

TEST_F(KeyStoreTest, WhereNoHubIsTheWayToOneIsSaid) {
    auto const keyring = load_keyring(data_);
    ASSERT_FALSE(keyring);
    EXPECT_EQ(keyring.error().code, Code::FailedPrecondition);
    EXPECT_NE(keyring.error().message.find("ounce-hub init"), std::string::npos);
}

}  // namespace
}  // namespace ounce::hub
