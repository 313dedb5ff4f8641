#include "registry/uploads.hpp"

#include "crypto/sha256.hpp"
#include "registry/registry_fixture_test.hpp"

namespace ounce::registry {
namespace {

class UploadsTest : public RegistryTest {
  protected:
    Uploads uploads() { return Uploads(*storage_); }
    static std::string hex_of(std::string_view content) { return crypto::sha256_hex(as_bytes(content)); }
};

TEST_F(UploadsTest, PiecesAddUpAndSurviveARestart) {
    auto const upload = uploads().start("a/b");
    ASSERT_TRUE(upload) << upload.error().message;
    EXPECT_EQ(uploads().append("a/b", upload->id, {}, file("one "))->offset, 4U);
    open();
    EXPECT_EQ(uploads().get("a/b", upload->id)->offset, 4U);
    EXPECT_EQ(uploads().append("a/b", upload->id, 4, file("two "))->offset, 8U);
    EXPECT_EQ(uploads().append("a/b", upload->id, 8, file("three"))->offset, 13U);
    auto const blob = uploads().finish("a/b", upload->id, hex_of("one two three"));
    ASSERT_TRUE(blob) << blob.error().message;
    EXPECT_EQ(blob->size, 13U);
    EXPECT_EQ(as_text(*storage_->blobs().read(blob->digest, 100)), "one two three");
    EXPECT_EQ(uploads().get("a/b", upload->id).error().reason, "BLOB_UPLOAD_UNKNOWN");
    EXPECT_TRUE(std::filesystem::is_empty(storage_->uploads()));
}

TEST_F(UploadsTest, APieceThatDoesNotFollowChangesNothing) {
    auto const upload = uploads().start("a");
    ASSERT_TRUE(uploads().append("a", upload->id, 0, file("1234")));
    for (auto const first : {0U, 3U, 5U}) {
        auto const piece = file("x");
        EXPECT_EQ(code_of(uploads().append("a", upload->id, first, piece)), Code::FailedPrecondition);
        EXPECT_FALSE(std::filesystem::exists(piece));
    }
    EXPECT_EQ(code_of(uploads().append("b", upload->id, 4, file("x"))), Code::NotFound)
        << "another repository";
    EXPECT_EQ(code_of(uploads().append("a", std::string(32, '0'), 0, file("x"))), Code::NotFound);
    EXPECT_EQ(code_of(uploads().append("a", "../../keys/ca.key", 0, file("x"))), Code::NotFound);
    EXPECT_EQ(uploads().get("a", upload->id)->offset, 4U);
    EXPECT_TRUE(uploads().finish("a", upload->id, hex_of("1234")));
}

TEST_F(UploadsTest, WhatACrashLeftBehindThePieceIsWrittenOver) {
    auto const upload = uploads().start("a");
    ASSERT_TRUE(uploads().append("a", upload->id, {}, file("good")));
    std::ofstream(storage_->uploads() / upload->id, std::ios::app)
        << "half of a piece that nobody was told of";
    ASSERT_TRUE(storage_->ledger().run(
        [&](store::Database& database) -> Status { return database.run("UPDATE upload SET busy = 1"); }));
    EXPECT_EQ(code_of(uploads().append("a", upload->id, {}, file("x"))), Code::Aborted);
    open();
    ASSERT_TRUE(uploads().append("a", upload->id, 4, file(" end")));
    EXPECT_TRUE(uploads().finish("a", upload->id, hex_of("good end")));
}

TEST_F(UploadsTest, ADamagedUploadIsRefusedAndForgotten) {
    auto const upload = uploads().start("a");
    ASSERT_TRUE(uploads().append("a", upload->id, {}, file("damaged")));
    EXPECT_EQ(uploads().finish("a", upload->id, hex_of("whole")).error().reason, "DIGEST_INVALID");
    EXPECT_EQ(code_of(uploads().get("a", upload->id)), Code::NotFound);
    EXPECT_FALSE(has_blob(hex_of("damaged")));
    EXPECT_EQ(uploads().put("a", file("damaged"), hex_of("whole")).error().reason, "DIGEST_INVALID");
}

TEST_F(UploadsTest, ADamagedCopyOfAKnownBlobDoesNotTakeItAway) {
    ASSERT_TRUE(uploads().put("a", file("known"), hex_of("known")));
    EXPECT_EQ(code_of(uploads().put("a", file("known"), hex_of("other"))), Code::InvalidArgument);
    EXPECT_TRUE(has_blob(hex_of("known")));
}

TEST_F(UploadsTest, EmptyLayersAndCancelledOnes) {
    auto const empty = uploads().start("a");
    EXPECT_EQ(uploads().finish("a", empty->id, hex_of(""))->size, 0U);
    auto const cancelled = uploads().start("a");
    ASSERT_TRUE(uploads().append("a", cancelled->id, {}, file("x")));
    ASSERT_TRUE(uploads().cancel("a", cancelled->id));
    EXPECT_EQ(code_of(uploads().cancel("a", cancelled->id)), Code::NotFound);
    EXPECT_TRUE(std::filesystem::is_empty(storage_->uploads()));
    EXPECT_EQ(code_of(uploads().start("Not/Valid")), Code::InvalidArgument);
}

TEST_F(UploadsTest, OneWhoseBytesAreGoneIsForgottenAtTheNextStart) {
    // As after a crash while it became a blob, or in a hub that was restored: backups hold no uploads.
    auto const gone = uploads().start("a");
    auto const cut = uploads().start("a");
    auto const begun = uploads().start("a");
    ASSERT_TRUE(uploads().append("a", gone->id, {}, file("x")));
    ASSERT_TRUE(uploads().append("a", cut->id, {}, file("four")));
    std::filesystem::remove(storage_->uploads() / gone->id);
    std::filesystem::resize_file(storage_->uploads() / cut->id, 3);
    open();
    for (auto const& id : {gone->id, cut->id})
        EXPECT_EQ(uploads().get("a", id).error().reason, "BLOB_UPLOAD_UNKNOWN")
            << "the sender starts a new one";
    EXPECT_TRUE(uploads().get("a", begun->id));
}

TEST_F(UploadsTest, OneThatStayedBusyIsSweptToo) {
    auto const stuck = uploads().start("a");
    ASSERT_TRUE(uploads().append("a", stuck->id, {}, file("x")));
    // As when the disk was so full that not even the end of a piece could be noted.
    ASSERT_TRUE(storage_->ledger().run(
        [&](store::Database& database) -> Status { return database.run("UPDATE upload SET busy = 1"); }));
    clock_.advance(std::chrono::hours(25));
    EXPECT_EQ(*uploads().sweep(clock_.now() - std::chrono::hours(24)), 1U);
    EXPECT_TRUE(std::filesystem::is_empty(storage_->uploads()));
}

TEST_F(UploadsTest, ThoseOfYesterdayAreSwept) {
    auto const old = uploads().start("a");
    ASSERT_TRUE(uploads().append("a", old->id, {}, file("x")));
    clock_.advance(std::chrono::hours(25));
    auto const young = uploads().start("a");
    EXPECT_EQ(*uploads().sweep(clock_.now() - std::chrono::hours(24)), 1U);
    EXPECT_EQ(code_of(uploads().get("a", old->id)), Code::NotFound);
    EXPECT_TRUE(uploads().get("a", young->id));
    EXPECT_TRUE(std::filesystem::is_empty(storage_->uploads()));
}

}  // namespace
}  // namespace ounce::registry
