#include "net/http.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.hpp"

namespace ounce::net {
namespace {

TEST(Headers, FindsTheFirstOfANameWithoutCase) {
    Headers const headers{{"Content-Type", "a"}, {"content-type", "b"}};
    EXPECT_EQ(headers.find("CONTENT-TYPE"), "a");
    EXPECT_EQ(headers.find("Content-Typ"), std::nullopt);
}

TEST(Headers, SetLeavesOneOfTheName) {
    Headers headers{{"ETag", "a"}, {"X", "x"}, {"etag", "b"}};
    headers.set("etag", "c");
    EXPECT_EQ(headers.find("ETag"), "c");
    EXPECT_EQ(headers.end() - headers.begin(), 2);
}

TEST(SpooledBody, RemovesItsFileUnlessReleased) {
    auto const folder = TemporaryFolder::create().value();
    auto const make = [&](char const* name) {
        std::ofstream(folder.path() / name) << "x";
        return SpooledBody(folder.path() / name, 1);
    };
    {
        auto first = make("a");
        auto moved = std::move(first);
        EXPECT_TRUE(std::filesystem::exists(folder.path() / "a"));
    }
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "a"));
    {
        auto first = make("a");
        first = make("b");
        EXPECT_FALSE(std::filesystem::exists(folder.path() / "a"));
        EXPECT_EQ(first.release(), folder.path() / "b");
    }
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "b"));
}

TEST(Reply, SendsOnce) {
    int sent = 0;
    {
        Reply reply([&](HttpResponse const& response) {
            ++sent;
            EXPECT_EQ(response.status, 204);
        });
        Reply moved(std::move(reply));
        HttpResponse response;
        response.status = 204;
        moved.send(std::move(response));
    }
    EXPECT_EQ(sent, 1);
}

TEST(Reply, ThatDiesUnusedSays500) {
    int status = 0;
    {
        Reply const reply([&](HttpResponse const& response) { status = response.status; });
    }
    EXPECT_EQ(status, 500);
}

}  // namespace
}  // namespace ounce::net
