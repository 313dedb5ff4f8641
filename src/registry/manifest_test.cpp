#include "registry/manifest.hpp"

#include <gtest/gtest.h>

namespace ounce::registry {
namespace {

std::string const kHex(64, 'a');

std::string descriptor(std::string const& more = "") {
    return R"({"mediaType":"t/x","digest":"sha256:)" + kHex + R"(","size":3)" + more + "}";
}

TEST(Manifest, RepositoriesAndTagsKeepToTheRules) {
    for (auto const* const good : {"a", "a/b", "a-b", "a--b", "a.b", "a_b", "a__b", "a/b/c-1", "0"})
        EXPECT_TRUE(check_repository(good)) << good;
    for (auto const& bad :
         {std::string(""), std::string("A"), std::string("/a"), std::string("a/"), std::string("a//b"),
          std::string("a..b"), std::string("a___b"), std::string("a_-b"), std::string("-a"),
          std::string("a."), std::string("a/../b"), std::string("ä"), std::string(256, 'a')}) {
        auto const checked = check_repository(bad);
        ASSERT_FALSE(checked) << bad;
        EXPECT_EQ(checked.error().reason, "NAME_INVALID");
    }
    for (auto const& good : {std::string("latest"), std::string("_1.0-X"), std::string(128, 'a')})
        EXPECT_TRUE(check_tag(good)) << good;
    for (auto const& bad : {std::string(""), std::string(".a"), std::string("-a"), std::string("a b"),
                            std::string("a/b"), std::string(129, 'a')})
        EXPECT_FALSE(check_tag(bad)) << bad;
    EXPECT_EQ(*parse_digest("sha256:" + kHex), kHex);
    for (auto const& bad : {std::string(""), std::string("sha256:"), "sha512:" + kHex, "sha256:" + kHex + "a",
                            "sha256:" + std::string(64, 'A'), kHex})
        EXPECT_EQ(parse_digest(bad).error().reason, "DIGEST_INVALID") << bad;
}

TEST(Manifest, ReadsImagesOfOciAndDocker) {
    auto const text = R"({"schemaVersion":2,"config":)" + descriptor() + R"(,"layers":[)" + descriptor() +
                      "," + descriptor(R"(,"urls":["https://elsewhere.example/layer"])") +
                      R"(],"annotations":{"a":"b"},"subject":)" + descriptor() + "}";
    for (auto const* const type : {"application/vnd.oci.image.manifest.v1+json",
                                   "application/vnd.docker.distribution.manifest.v2+json",
                                   "application/vnd.oci.image.manifest.v1+json; charset=utf-8"}) {
        auto const manifest = parse_manifest(type, as_bytes(text));
        ASSERT_TRUE(manifest) << manifest.error().message;
        ASSERT_EQ(manifest->parts.size(), 3U);
        EXPECT_TRUE(manifest->parts[1].needed);
        EXPECT_FALSE(manifest->parts[2].needed) << "it lies elsewhere";
        EXPECT_EQ(manifest->artifact_type, "t/x");
        EXPECT_EQ(manifest->subject, kHex);
        EXPECT_EQ(manifest->annotations["a"], "b");
    }
}

TEST(Manifest, ReadsIndexes) {
    auto const text = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
                      R"("artifactType":"x/y","manifests":[)" +
                      descriptor() + "]}";
    auto const manifest = parse_manifest("", as_bytes(text));
    ASSERT_TRUE(manifest) << manifest.error().message;
    ASSERT_EQ(manifest->parts.size(), 1U);
    EXPECT_TRUE(manifest->parts[0].manifest);
    EXPECT_EQ(manifest->artifact_type, "x/y");
}

TEST(Manifest, RefusesWhatItCannotKeepWhole) {
    auto const* const oci = "application/vnd.oci.image.manifest.v1+json";
    std::pair<char const*, std::string> const cases[] = {
        {oci, ""},
        {oci, "[]"},
        {oci, R"({"schemaVersion":1})"},
        {oci, R"({"schemaVersion":2,"layers":[]})"},
        {oci, R"({"schemaVersion":2,"config":)" + descriptor() + "}"},
        {oci, R"({"schemaVersion":2,"config":)" + descriptor() + R"(,"layers":{}})"},
        {oci, R"({"schemaVersion":2,"config":{"digest":"sha256:1","size":1},"layers":[]})"},
        {oci, R"({"schemaVersion":2,"config":{"digest":"sha256:)" + kHex + R"(","size":-1},"layers":[]})"},
        {oci, R"({"schemaVersion":2,"mediaType":"other","config":)" + descriptor() + R"(,"layers":[]})"},
        {"application/vnd.docker.distribution.manifest.v1+json",
         R"({"schemaVersion":2,"config":)" + descriptor() + R"(,"layers":[]})"},
        {"", R"({"schemaVersion":2,"config":)" + descriptor() + R"(,"layers":[]})"},
    };
    for (auto const& [type, text] : cases) {
        auto const manifest = parse_manifest(type, as_bytes(text));
        ASSERT_FALSE(manifest) << text;
        EXPECT_EQ(manifest.error().code, Code::InvalidArgument) << text;
    }
    std::string many = R"({"schemaVersion":2,"config":)" + descriptor() + R"(,"layers":[)" + descriptor();
    for (std::size_t i = 0; i < kManifestPartsMax; ++i) many += "," + descriptor();
    EXPECT_EQ(parse_manifest(oci, as_bytes(many + "]}")).error().code, Code::ResourceExhausted);
    Bytes const large(kManifestBytesMax + 1, ' ');
    EXPECT_EQ(parse_manifest(oci, large).error().reason, "SIZE_INVALID");
}

}  // namespace
}  // namespace ounce::registry
