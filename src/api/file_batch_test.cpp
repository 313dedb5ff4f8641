#include "api/file_batch.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ounce::api {
namespace {

struct Read {
    Result<Json> batch;
    std::vector<std::string> pictures;
};

Read read(std::string_view text, std::size_t pictures_max = 64) {
    std::vector<std::string> pictures;
    auto batch = read_file_batch(text, pictures_max, [&](std::size_t place, ByteView content) -> Status {
        EXPECT_EQ(place, pictures.size());
        pictures.emplace_back(as_text(content));
        return {};
    });
    return {std::move(batch), std::move(pictures)};
}

TEST(FileBatch, PicturesGoToTheSinkAndLeaveTheirPlace) {
    auto const [batch, pictures] =
        read(R"({"images":[{"name":"a","contents":"YWJj"},{"contents":"*","name":"b"}],"tagIds":["x"]})");
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ(pictures, (std::vector<std::string>{"abc", ""})) << "what is no base64 is empty";
    EXPECT_EQ((*batch)["images"][1], (Json{{"name", "b"}, {"contents", 1}}));
    EXPECT_EQ((*batch)["tagIds"], Json::array({"x"}));
}

TEST(FileBatch, WhatIsNoBatchIsRefusedByName) {
    std::string deep(100, '[');
    std::string many = "[0";
    for (int k = 0; k < 60'000; ++k) many += ",{}";
    struct Case {
        std::string text;
        char const* reason;
    };
    for (auto const& each : {
             Case{"", "BadRequestImageBatch"},
             Case{"{\"images\":[", "BadRequestImageBatch"},
             Case{deep, "BadRequestImageBatch"},
             Case{many + "]", "BadRequestImageBatch"},
             Case{R"([{"contents":"AAAA"},{"contents":"AAAA"},{"contents":"AAAA"}])",
                  "BadRequestExceededBatchSize"},
         }) {
        auto const [batch, pictures] = read(each.text, 2);
        ASSERT_FALSE(batch) << each.text.substr(0, 50);
        EXPECT_EQ(batch.error().reason, each.reason);
        EXPECT_LE(pictures.size(), 2u);
    }
}

TEST(FileBatch, AFailureOfTheSinkEndsIt) {
    int asked = 0;
    auto const batch =
        read_file_batch(R"([{"contents":""},{"contents":""}])", 64, [&](std::size_t, ByteView) -> Status {
            ++asked;
            return fail(Code::ResourceExhausted, "the disk is full");
        });
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().message, "the disk is full");
    EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace ounce::api
