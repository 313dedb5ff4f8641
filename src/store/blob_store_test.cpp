#include "store/blob_store.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"
#include "crypto/sha256.hpp"

namespace ounce::store {
namespace {

class BlobStoreTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto folder = TemporaryFolder::create();
        ASSERT_TRUE(folder);
        folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
        auto store = BlobStore::open(folder_->path() / "blobs");
        ASSERT_TRUE(store) << store.error().message;
        store_ = std::make_unique<BlobStore>(std::move(*store));
    }
    [[nodiscard]] bool tmp_is_empty() const { return std::filesystem::is_empty(store_->tmp_folder()); }

    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<BlobStore> store_;
};

TEST_F(BlobStoreTest, IsNamedByWhatItHolds) {
    auto writer = store_->create(100);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->write(as_bytes("snow ")));
    ASSERT_TRUE(writer->write(as_bytes("leopard")));
    EXPECT_EQ(writer->size(), 12u);
    auto const digest = writer->finish();
    ASSERT_TRUE(digest) << digest.error().message;
    EXPECT_EQ(*digest, crypto::sha256_hex(as_bytes("snow leopard")));
    auto const read = store_->read(*digest, 100);
    ASSERT_TRUE(read);
    EXPECT_EQ(as_text(*read), "snow leopard");
    EXPECT_TRUE(tmp_is_empty());
}

TEST_F(BlobStoreTest, TheSameContentIsKeptOnce) {
    auto const first = store_->put(as_bytes("twice"));
    auto const second = store_->put(as_bytes("twice"));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
    EXPECT_TRUE(tmp_is_empty());
}

TEST_F(BlobStoreTest, AnUnfinishedBlobIsGone) {
    {
        auto writer = store_->create(100);
        ASSERT_TRUE(writer && writer->write(as_bytes("half")));
        EXPECT_FALSE(tmp_is_empty());
    }
    EXPECT_TRUE(tmp_is_empty());
}

TEST_F(BlobStoreTest, RefusesMoreThanItsBound) {
    auto writer = store_->create(4);
    ASSERT_TRUE(writer && writer->write(as_bytes("four")));
    auto const more = writer->write(as_bytes("5"));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Code::ResourceExhausted);
}

TEST_F(BlobStoreTest, TakesAFileOver) {
    auto const file = store_->tmp_folder() / "upload";
    ASSERT_TRUE(write_file(file, as_bytes("spooled")));
    auto const digest = store_->adopt(file);
    ASSERT_TRUE(digest) << digest.error().message;
    EXPECT_TRUE(store_->find(*digest));
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(BlobStoreTest, AMissingOrMalformedNameIsSaidSo) {
    EXPECT_EQ(store_->find(std::string(64, 'a')).error().code, Code::NotFound);
    for (auto const* const name : {"", "../../keys/ca.key", "ABCDEF"})
        EXPECT_EQ(store_->find(name).error().code, Code::InvalidArgument) << name;
}

TEST_F(BlobStoreTest, RemovingTwiceIsNoError) {
    auto const digest = store_->put(as_bytes("gone"));
    ASSERT_TRUE(digest);
    EXPECT_TRUE(store_->remove(*digest));
    EXPECT_TRUE(store_->remove(*digest));
    EXPECT_FALSE(store_->find(*digest));
}

TEST_F(BlobStoreTest, OpeningClearsWhatAFormerRunLeft) {
    ASSERT_TRUE(write_file(store_->tmp_folder() / "left", as_bytes("x")));
    ASSERT_TRUE(BlobStore::open(folder_->path() / "blobs"));
    EXPECT_TRUE(tmp_is_empty());
}

}  // namespace
}  // namespace ounce::store
