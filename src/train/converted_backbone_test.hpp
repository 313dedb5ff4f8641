#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/file.hpp"
#include "train/backbone.hpp"

namespace ounce::train {

/// The converted backbone, from the wheel that setup/ fetched. A second each: once for all tests of a
/// process.
inline Bytes const& converted(Backbone const& backbone) {
    static std::map<std::string, Bytes> models;
    auto const found = models.find(backbone.name);
    if (found != models.end()) return found->second;
    std::filesystem::path wheel(OUNCE_DEPS_DIR "/wheels");
    auto name = backbone.package;
    std::replace(name.begin(), name.end(), '-', '_');
    wheel /= name + "-" + backbone.version + "-py2.py3-none-any.whl";
    auto const content = read_file(wheel, std::uint64_t{64} << 20);
    EXPECT_TRUE(content) << content.error().message << " (setup/ fetches it)";
    auto model = content ? convert_backbone(backbone, *content) : Result<Bytes>(fail(content.error()));
    EXPECT_TRUE(model) << model.error().message;
    return models.emplace(backbone.name, model ? *model : Bytes{}).first->second;
}

}  // namespace ounce::train
