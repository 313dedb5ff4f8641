#include "cli/model_client.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"

namespace ounce::cli {
namespace {

TEST(ModelFiles, AreAllBelowTheFolderByName) {
    auto const temporary = TemporaryFolder::create().value();
    auto const root = temporary.path() / "leopard";
    ASSERT_TRUE(make_folder(root / "golden"));
    ASSERT_TRUE(make_folder(root / ".git"));
    for (auto const* const name : {"model.onnx", "golden/1.jpg", ".git/config", ".hidden"})
        ASSERT_TRUE(write_file(root / name, as_bytes("abc")));
    auto const files = model_files(root).value();
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0].name, "golden/1.jpg");
    EXPECT_EQ(files[1].name, "model.onnx");
    EXPECT_EQ(files[1].bytes, 3U);
    EXPECT_EQ(files[1].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    auto const one = model_files(root / "model.onnx").value();
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0].name, "model.onnx");
    EXPECT_EQ(model_files(root / ".git/nothing").error().code, Code::NotFound);
    ASSERT_TRUE(make_folder(root / "empty"));
    EXPECT_EQ(model_files(root / "empty").error().code, Code::NotFound);
}

TEST(ModelFiles, NamesFromTheHubStayInTheirFolder) {
    for (auto const* const name : {"a", "a/b.c", "a b", "ä/ö", "..a/b..", "a/.b"})
        EXPECT_TRUE(is_inner_path(name)) << name;
    for (auto const* const name :
         {"", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a\\b", "a\nb"})
        EXPECT_FALSE(is_inner_path(name)) << name;
    EXPECT_FALSE(is_inner_path(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace ounce::cli
