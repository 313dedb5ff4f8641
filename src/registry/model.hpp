#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace ounce::registry {

inline constexpr std::size_t kModelFilesMax = 10'000;
inline constexpr std::size_t kModelPathBytesMax = 1'024;
inline constexpr std::size_t kModelLabelsMax = 200;  // tags, and as many properties
inline constexpr std::size_t kModelLabelKeyBytesMax = 256;
inline constexpr std::size_t kModelTextBytesMax = 16 << 10;  // a description, a value

/// Tags and properties: words by keys.
using Labels = std::map<std::string, std::string>;

/// "snow-leopard:3": one version of a name. Versions count from 1 and are never used again.
struct ModelId {
    std::string name;
    std::int64_t version = 0;
    [[nodiscard]] std::string text() const;
};

/// "name:version", or "name" alone for its latest version (version 0).
/// Errors: InvalidArgument.
Result<ModelId> parse_model_id(std::string_view text);

/// 1 to 255 letters, digits, '-', '.', '_', a letter or digit first (azureml-v1.md section 5).
/// Errors: InvalidArgument with the rule.
Status check_model_name(std::string_view name);

/// A path that means the same on every machine: UTF-8, parts separated by '/', none of them empty, "." or
/// "..", no backslash or control character. Errors: InvalidArgument, ResourceExhausted beyond
/// kModelPathBytesMax.
Status check_model_path(std::string_view path);

struct ModelFile {
    std::string path;    // within the model's root
    std::string digest;  // SHA-256 in hexadecimal
    std::uint64_t size = 0;
};

/// What is told about a model when it is registered.
struct NewModel {
    std::string name;
    std::string root;  // the folder's own name; empty: the files stand alone
    std::vector<ModelFile> files;
    Labels tags;
    Labels properties;
    std::string description;
    std::string framework;
    std::string framework_version;
    std::string mime_type = "application/json";
    std::string run_id;
    std::string experiment;
    Json resources;          // what it takes to run it, as told; null if it was not
    Json package;            // see describe_package(); null: no model package
    std::string asset = {};  // registering the same asset under the same name again gives the same version
    std::string created_by;  // the key's name
};

/// A registered version. Its files do not change; tags, properties and the description may.
struct Model {
    std::int64_t row = 0;
    ModelId id;
    std::string root;
    std::uint64_t size = 0;  // of all files, in bytes
    Labels tags;
    Labels properties;
    std::string description;
    std::string framework;
    std::string framework_version;
    std::string mime_type;
    std::string run_id;
    std::string experiment;
    Json resources;
    Json package;
    std::string asset;
    std::string created_by;
    Time created;
    Time modified;
};

/// Which models to list; what is not set does not matter.
struct ModelFilter {
    /// key alone: it is there; key and value: it says that. All must match.
    using Wanted = std::map<std::string, std::optional<std::string>>;
    enum class Order { CreatedDescending, CreatedAscending, ModifiedDescending, ModifiedAscending };

    std::optional<std::string> name = {};
    std::optional<std::string> framework = {};
    std::optional<std::string> run_id = {};
    Wanted tags = {};
    Wanted properties = {};
    bool latest_only = false;  // of each name, the version with the highest number
    Order order = Order::CreatedDescending;
    std::size_t count = 100;      // at most kCountMax
    std::string skip_token = {};  // from the page before

    static constexpr std::size_t kCountMax = 255;
    static constexpr std::size_t kWantedMax = 20;
};

struct ModelPage {
    std::vector<Model> models;
    std::string next;  // skip_token of the next page; empty: this was the last
};

/// What may change of a model; what is not set stays.
struct ModelUpdate {
    std::optional<Labels> tags = {};        // all of them
    std::optional<Labels> properties = {};  // all of them: those that are there keep their values
    std::optional<std::string> description = {};
    std::optional<Json> resources = {};
};

}  // namespace ounce::registry
