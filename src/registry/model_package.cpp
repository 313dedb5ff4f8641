#include <algorithm>
#include <system_error>

#include "base/file.hpp"
#include "registry/models.hpp"
#include "vision/package.hpp"

namespace ounce::registry {
namespace {

constexpr std::uint64_t kPackageJsonBytesMax = 16 << 20;

/// A package.json may be anybody's (npm's, for one): the package format says which it is.
bool is_package(store::BlobStore const& blobs, std::vector<ModelFile> const& files) {
    auto const find = [&](std::string_view path) { return std::ranges::find(files, path, &ModelFile::path); };
    auto const manifest = find("package.json");
    if (manifest == files.end() || find("model.onnx") == files.end()) return false;
    auto const text = blobs.read(manifest->digest, kPackageJsonBytesMax);
    if (!text) return false;
    auto const json = parse_json(as_text(*text));
    return json && json->is_object() && json->contains("format") && json->contains("recipe");
}

/// A folder whose files are the blobs themselves, removed again when this goes.
class Assembly {
  public:
    static Result<Assembly> create(Storage const& storage, std::vector<ModelFile> const& files) {
        TRY(auto const id, Storage::make_id());
        Assembly assembly(storage.blobs().tmp_folder() / id);
        for (auto const& file : files) {
            TRY(auto const blob, storage.blobs().find(file.digest));
            auto const place = assembly.folder_ / file.path;
            TRY_STATUS(make_folder(place.parent_path()));
            std::error_code error;
            std::filesystem::create_hard_link(blob, place, error);
            if (error) return system_failure(place, "link", error.value());
        }
        return assembly;
    }
    Assembly(Assembly&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    Assembly& operator=(Assembly&&) = delete;
    ~Assembly() {
        std::error_code ignored;  // what is left is cleared at the next start
        if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
    }
    [[nodiscard]] std::filesystem::path const& folder() const { return folder_; }

  private:
    explicit Assembly(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::filesystem::path folder_;
};

Json describe(vision::PackageInfo const& info) {
    Json tags = Json::array();
    for (auto const& tag : info.tags)
        tags.push_back({{"name", tag.name}, {"threshold", tag.threshold}, {"negative", tag.negative}});
    return {{"name", info.name},
            {"created", info.created},
            {"kind", info.kind == vision::Kind::Multiclass ? "multiclass" : "multilabel"},
            {"tags", std::move(tags)},
            {"metrics", info.metrics},
            {"lineage", info.lineage}};
}

}  // namespace

Result<Json> describe_package(Storage const& storage, std::vector<ModelFile> const& files) {
    if (!is_package(storage.blobs(), files)) return Json();
    TRY(auto const assembly, Assembly::create(storage, files));
    auto const package = vision::read_package(assembly.folder());
    if (!package) {
        // The folder's name means nothing to the reader of the message.
        auto error = package.error();
        auto const folder = assembly.folder().string();
        for (auto at = error.message.find(folder); at != std::string::npos; at = error.message.find(folder))
            error.message.replace(at, folder.size(), "the folder");
        // Damage in what a caller sent is the caller's to mend.
        if (error.code == Code::DataLoss) error.code = Code::InvalidArgument;
        return fail(error.in("this model package cannot be registered"));
    }
    return describe(package->info);
}

}  // namespace ounce::registry
