#include "registry/images.hpp"

#include "crypto/sha256.hpp"
#include "registry/registry_fixture_test.hpp"
#include "registry/sweep.hpp"
#include "registry/uploads.hpp"

namespace ounce::registry {
namespace {

constexpr auto kOci = "application/vnd.oci.image.manifest.v1+json";
constexpr auto kIndex = "application/vnd.oci.image.index.v1+json";

class ImagesTest : public RegistryTest {
  protected:
    Images images() { return Images(*storage_); }
    Uploads uploads() { return Uploads(*storage_); }

    std::string push(std::string_view repository, std::string_view content) {
        auto const hex = crypto::sha256_hex(as_bytes(content));
        auto const blob = uploads().put(repository, file(content), hex);
        EXPECT_TRUE(blob) << blob.error().message;
        return hex;
    }
    static std::string descriptor(std::string_view hex, std::size_t size) {
        return fmt::format(R"({{"mediaType":"t/x","digest":"sha256:{}","size":{}}})", hex, size);
    }
    static std::string manifest_of(std::string_view config, std::string_view layer,
                                   std::string_view more = "") {
        return fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]{}}})",
                           descriptor(crypto::sha256_hex(as_bytes(config)), config.size()),
                           descriptor(crypto::sha256_hex(as_bytes(layer)), layer.size()), more);
    }
    std::string push_image(std::string_view repository, std::string_view tag, std::string_view layer) {
        push(repository, "{}");
        push(repository, layer);
        auto const put = images().put_manifest(repository, tag, kOci, as_bytes(manifest_of("{}", layer)));
        EXPECT_TRUE(put) << put.error().message;
        return put ? put->digest : "";
    }
};

TEST_F(ImagesTest, AManifestComesBackAsItWasByTagAndDigest) {
    auto const text = manifest_of("{}", "layer");
    auto const missing = images().put_manifest("a/b", "v1", kOci, as_bytes(text));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().reason, "MANIFEST_BLOB_UNKNOWN");
    auto const digest = push_image("a/b", "v1", "layer");
    open();
    for (auto const& reference : {std::string("v1"), to_digest(digest)}) {
        auto const found = images().get_manifest("a/b", reference);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(as_text(found->content), text);
        EXPECT_EQ(found->media_type, kOci);
        EXPECT_EQ(found->digest, digest);
    }
    EXPECT_EQ(images().get_manifest("a/b", "v2").error().reason, "MANIFEST_UNKNOWN");
    EXPECT_EQ(images().get_manifest("other", "v1").error().reason, "MANIFEST_UNKNOWN");
    EXPECT_EQ(
        images().put_manifest("a/b", to_digest(std::string(64, '0')), kOci, as_bytes(text)).error().reason,
        "DIGEST_INVALID");
    EXPECT_EQ(images().put_manifest("a/b", ".bad", kOci, as_bytes(text)).error().code, Code::InvalidArgument);
    auto const wrong_size = fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[]}})",
                                        descriptor(crypto::sha256_hex(as_bytes("{}")), 3));
    EXPECT_EQ(images().put_manifest("a/b", "v1", kOci, as_bytes(wrong_size)).error().reason, "SIZE_INVALID");
}

TEST_F(ImagesTest, ATagMovesAndTheOldManifestStays) {
    auto const first = push_image("a", "latest", "one");
    auto const second = push_image("a", "latest", "two");
    EXPECT_EQ(images().get_manifest("a", "latest")->digest, second);
    EXPECT_TRUE(images().get_manifest("a", to_digest(first)));
}

TEST_F(ImagesTest, BlobsBelongToTheirRepositoryUntilMounted) {
    auto const hex = push("a", "layer");
    EXPECT_TRUE(images().get_blob("a", hex));
    EXPECT_EQ(images().get_blob("b", hex).error().reason, "BLOB_UNKNOWN");
    EXPECT_EQ(images().mount("b", "c", hex).error().reason, "BLOB_UNKNOWN");
    EXPECT_EQ(images().mount("b", "a", hex)->size, 5U);
    EXPECT_TRUE(images().get_blob("b", hex));
    EXPECT_TRUE(images().mount("d", "", hex)) << "from wherever it is";
    ASSERT_TRUE(images().remove_blob("a", hex));
    EXPECT_EQ(images().get_blob("a", hex).error().code, Code::NotFound);
    EXPECT_TRUE(has_blob(hex));
    ASSERT_TRUE(images().remove_blob("b", hex));
    ASSERT_TRUE(images().remove_blob("d", hex));
    EXPECT_FALSE(has_blob(hex));
}

TEST_F(ImagesTest, IndexesNeedTheirManifests) {
    auto const digest = push_image("a", "v1", "layer");
    auto const size = images().get_manifest("a", "v1")->content.size();
    auto const index = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", kIndex,
                                   descriptor(digest, size));
    EXPECT_EQ(images().put_manifest("b", "all", kIndex, as_bytes(index)).error().reason,
              "MANIFEST_BLOB_UNKNOWN");
    ASSERT_TRUE(images().put_manifest("a", "all", kIndex, as_bytes(index)));
    EXPECT_EQ(images().remove_manifest("a", to_digest(digest)).error().code, Code::FailedPrecondition);
    ASSERT_TRUE(images().remove_manifest("a", "all"));
    EXPECT_EQ(images().get_manifest("a", "all").error().code, Code::NotFound);
    ASSERT_TRUE(images().remove_manifest("a", to_digest(crypto::sha256_hex(as_bytes(index)))));
    ASSERT_TRUE(images().remove_manifest("a", to_digest(digest)));
    EXPECT_EQ(images().tags("a", "", 10).error().reason, "NAME_UNKNOWN") << "nothing is left of it";
}

TEST_F(ImagesTest, AnIndexMayNameLayersToo) {
    // As the cache that docker buildx writes does.
    auto const layer = push("a", "cached layer");
    auto const index = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", kIndex,
                                   descriptor(layer, 12));
    auto const put = images().put_manifest("a", "cache", kIndex, as_bytes(index));
    ASSERT_TRUE(put) << put.error().message;
    clock_.advance(kUnusedFor + std::chrono::hours(1));
    EXPECT_EQ(sweep(*storage_, clock_.now() - kUnusedFor)->layers, 0U);
    EXPECT_TRUE(images().get_blob("a", layer));
    auto const wrong_size = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", kIndex,
                                        descriptor(layer, 13));
    EXPECT_EQ(images().put_manifest("a", "cache", kIndex, as_bytes(wrong_size)).error().reason,
              "SIZE_INVALID");
}

TEST_F(ImagesTest, ListsInOrderPageByPage) {
    for (auto const* const tag : {"c", "a", "b"}) push_image("repo", tag, "layer");
    push_image("another", "x", "layer");
    EXPECT_EQ(*images().tags("repo", "", 10), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(images().tags("repo", "", 2)->size(), 3U) << "one more tells that there are more";
    EXPECT_EQ(*images().tags("repo", "b", 2), (std::vector<std::string>{"c"}));
    EXPECT_EQ(*images().repositories("", 10), (std::vector<std::string>{"another", "repo"}));
    EXPECT_EQ(*images().repositories("another", 10), (std::vector<std::string>{"repo"}));
}

TEST_F(ImagesTest, ReferrersAreFoundByTheirSubject) {
    auto const digest = push_image("a", "v1", "layer");
    push("a", "signature");
    auto const about =
        manifest_of("{}", "signature",
                    fmt::format(R"(,"artifactType":"sig/x","annotations":{{"k":"v"}},"subject":{})",
                                descriptor(digest, 1)));
    auto const put =
        images().put_manifest("a", to_digest(crypto::sha256_hex(as_bytes(about))), kOci, as_bytes(about));
    ASSERT_TRUE(put) << put.error().message;
    EXPECT_EQ(put->subject, digest);
    auto const found = images().referrers("a", digest, "");
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ((*found)[0].digest, put->digest);
    EXPECT_EQ((*found)[0].size, about.size());
    EXPECT_EQ((*found)[0].artifact_type, "sig/x");
    EXPECT_EQ((*found)[0].annotations["k"], "v");
    EXPECT_EQ(images().referrers("a", digest, "other")->size(), 0U);
    EXPECT_EQ(images().referrers("a", put->digest, "")->size(), 0U);
}

TEST_F(ImagesTest, SweepingKeepsWhatManifestsName) {
    push_image("a", "v1", "kept");
    auto const loose = push("a", "loose");
    clock_.advance(kUnusedFor + std::chrono::hours(1));
    auto const looked_at = push("a", "looked at");
    EXPECT_EQ(sweep(*storage_, clock_.now() - kUnusedFor)->layers, 1U);
    EXPECT_FALSE(has_blob(loose));
    clock_.advance(kUnusedFor - std::chrono::hours(1));
    ASSERT_TRUE(images().get_blob("a", looked_at));
    clock_.advance(std::chrono::hours(2));
    EXPECT_EQ(sweep(*storage_, clock_.now() - kUnusedFor)->layers, 0U) << "somebody is about to use it";
    EXPECT_TRUE(images().get_manifest("a", "v1"));
    EXPECT_TRUE(images().get_blob("a", crypto::sha256_hex(as_bytes("kept"))));
    EXPECT_EQ(images().remove_blob("a", crypto::sha256_hex(as_bytes("kept"))).error().code,
              Code::FailedPrecondition);
}

TEST_F(ImagesTest, SweepingRemovesWhatACrashLeft) {
    auto const known = push("a", "known");
    auto const stray = storage_->blobs().put(as_bytes("nobody refers to me"));
    ASSERT_TRUE(stray);
    std::ofstream(storage_->uploads() / std::string(32, 'f')) << "half a layer";
    auto const soon = system_clock().now() + std::chrono::hours(1);
    EXPECT_EQ(sweep(*storage_, system_clock().now() - kUnusedFor)->strays, 0U) << "too young";
    EXPECT_TRUE(has_blob(*stray));
    auto const report = sweep(*storage_, soon);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->strays, 2U);
    EXPECT_FALSE(has_blob(*stray));
    EXPECT_FALSE(has_blob(known)) << "no manifest names it";
}

}  // namespace
}  // namespace ounce::registry
