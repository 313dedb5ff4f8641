#include "cli/profile.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

ConnectionString hub(std::string const& host) {
    return parse_connection_string("HostName=" + host +
                                   ";SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0a2V5")
        .value();
}

class Profiles : public testing::Test {
  protected:
    TemporaryFolder temporary_ = TemporaryFolder::create().value();
    fs::path folder_ = temporary_.path() / "config" / "ounce";
    Surroundings around_{folder_, std::nullopt, std::nullopt};

    void save(std::string const& name, std::string const& host,
              std::optional<std::string> const& ca = std::nullopt) {
        auto book = ProfileBook::read(folder_).value();
        auto const saved = book.save(name, hub(host), ca);
        ASSERT_TRUE(saved) << saved.error().message;
    }
};

TEST_F(Profiles, AreKeptWithTheirCaAndTheLastIsTheDefault) {
    save("farm", "farm.example:8443", "PEM of the farm");
    save("other.hub", "other.example");  // a dot, which means something in TOML
    EXPECT_EQ(choose_profile(around_, "other.hub").value().hub.host, "other.example");
    save("trust", "trust.example");
    auto const chosen = choose_profile(around_, "").value();
    EXPECT_EQ(chosen.name, "trust");
    EXPECT_EQ(chosen.hub.host, "trust.example");
    EXPECT_TRUE(chosen.ca.empty());
    auto const farm = choose_profile(around_, "farm").value();
    EXPECT_EQ(authority(farm.hub), "farm.example:8443");
    EXPECT_EQ(as_text(farm.hub.key.bytes()), "secretkey");
    EXPECT_EQ(as_text(read_file(farm.ca, 100).value()), "PEM of the farm");
}

TEST_F(Profiles, AreReadableByTheirOwnerAlone) {
    save("farm", "farm.example");
    save("farm", "other.example");  // replaced, not widened
    EXPECT_EQ(fs::status(folder_ / "profiles.toml").permissions() & fs::perms::all,
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(choose_profile(around_, "farm").value().hub.host, "other.example");
}

TEST_F(Profiles, TheEnvironmentComesBeforeTheBookButNotBeforeAName) {
    save("farm", "farm.example", "PEM");
    around_.connection_string = to_text(hub("elsewhere.example"));
    around_.ca = "/ca.pem";
    auto const chosen = choose_profile(around_, "").value();
    EXPECT_EQ(chosen.hub.host, "elsewhere.example");
    EXPECT_EQ(chosen.ca, "/ca.pem");
    EXPECT_EQ(choose_profile(around_, "farm").value().hub.host, "farm.example");
    around_.ca.reset();
    EXPECT_TRUE(choose_profile(around_, "").value().ca.empty());
}

TEST_F(Profiles, AMissingOneSaysHowToMakeIt) {
    EXPECT_NE(choose_profile(around_, "").error().message.find("ounce login"), std::string::npos);
    save("farm", "farm.example");
    EXPECT_EQ(choose_profile(around_, "other").error().code, Code::NotFound);
}

TEST_F(Profiles, RemovingTheDefaultLeavesAnother) {
    save("farm", "farm.example", "PEM");
    save("trust", "trust.example");
    auto book = ProfileBook::read(folder_).value();
    ASSERT_TRUE(book.remove("trust"));
    EXPECT_EQ(choose_profile(around_, "").value().name, "farm");
    ASSERT_TRUE(book.remove("farm"));
    EXPECT_FALSE(fs::exists(folder_ / "farm.ca.pem"));
    EXPECT_EQ(book.remove("farm").error().code, Code::NotFound);
    EXPECT_EQ(choose_profile(around_, "").error().code, Code::NotFound);
}

TEST_F(Profiles, NamesStayInTheirFolder) {
    auto book = ProfileBook::read(folder_).value();
    for (auto const* const name : {"", "../x", "a/b", ".hidden", "a b", "a\nb"})
        EXPECT_EQ(book.save(name, hub("h"), "PEM").error().code, Code::InvalidArgument) << name;
    EXPECT_EQ(book.save(std::string(65, 'a'), hub("h"), "PEM").error().code, Code::InvalidArgument);
}

TEST_F(Profiles, ABrokenBookIsNamedWithoutItsKeys) {
    ASSERT_TRUE(make_folder(folder_));
    for (auto const* const text :
         {"[profiles.farm\nconnection_string = \"SharedAccessKey=c2VjcmV0\"",
          "[profiles.farm]\nconnection_string = \"HostName=h;SharedAccessKey=c2VjcmV0\"",
          "[profiles.farm]\nconnection_string = SharedAccessKey=c2VjcmV0"}) {
        ASSERT_TRUE(write_file(folder_ / "profiles.toml", as_bytes(text)));
        auto const chosen = choose_profile(around_, "farm");
        ASSERT_FALSE(chosen);
        EXPECT_EQ(chosen.error().code, Code::InvalidArgument);
        EXPECT_NE(chosen.error().message.find("profiles.toml"), std::string::npos);
        EXPECT_EQ(chosen.error().message.find("c2VjcmV0"), std::string::npos) << chosen.error().message;
    }
}

}  // namespace
}  // namespace ounce::cli
