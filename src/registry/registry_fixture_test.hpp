#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "base/file.hpp"
#include "registry/artifacts.hpp"
#include "registry/models.hpp"

namespace ounce::registry {

/// A registry in a folder of its own, for the tests of this module.
class RegistryTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto folder = TemporaryFolder::create();
        ASSERT_TRUE(folder);
        folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
        open();
    }
    /// As after a restart of the hub.
    void open() {
        storage_.reset();
        auto storage = Storage::open(folder_->path(), clock_);
        ASSERT_TRUE(storage) << storage.error().message;
        storage_ = std::make_unique<Storage>(std::move(*storage));
    }
    /// A file with this content, as a request's body would be.
    std::filesystem::path file(std::string_view content) {
        auto path = folder_->path() / fmt::format("body-{}", ++files_);
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    ModelFile upload(std::string path, std::string_view content) {
        ArtifactPlace place{.origin = "Upload", .container = "test", .path = path};
        auto const blob = artifacts().put(place, file(content));
        EXPECT_TRUE(blob) << blob.error().message;
        if (!blob) return {};
        return {.path = std::move(path), .digest = blob->digest, .size = blob->size};
    }
    NewModel model(std::string name, std::vector<ModelFile> files) {
        NewModel model;
        model.name = std::move(name);
        model.files = std::move(files);
        model.created_by = "training";
        return model;
    }
    Models models() { return Models(*storage_); }
    Artifacts artifacts() { return Artifacts(*storage_); }
    bool has_blob(std::string_view digest) { return storage_->blobs().find(digest).has_value(); }

    FakeClock clock_;
    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<Storage> storage_;
    int files_ = 0;
};

template <class T>
Code code_of(Result<T> const& result) {
    EXPECT_FALSE(result);
    return result ? Code::Internal : result.error().code;
}

}  // namespace ounce::registry
