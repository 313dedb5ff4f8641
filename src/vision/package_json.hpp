#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "vision/package.hpp"

namespace ounce::vision {

// The bounds of a package: what a reader holds in memory, and what a writer may make.
inline constexpr std::uint64_t kPackageJsonBytesMax = std::uint64_t{16} << 20;
inline constexpr std::uint64_t kGoldenBytesMax = std::uint64_t{64} << 20;       // one image
inline constexpr std::uint64_t kExtraBytesMax = std::uint64_t{256} << 20;       // one extra file
inline constexpr std::uint64_t kPackageFilesBytesMax = std::uint64_t{1} << 30;  // all but the model
inline constexpr std::size_t kGoldenImagesMax = 1000;
inline constexpr std::size_t kExtraFilesMax = 64;
inline constexpr std::size_t kTagsMax = 10'000;
inline constexpr std::size_t kTagBytesMax = 200;
inline constexpr std::size_t kFileNameBytesMax = 120;
inline constexpr double kGoldenToleranceMax = 0.1;  // beyond that the check says nothing

inline constexpr char kPackageJson[] = "package.json";
inline constexpr char kModelFile[] = "model.onnx";
inline constexpr char kLabelsFile[] = "labels.txt";
inline constexpr char kSignatureFile[] = "signature";
inline constexpr char kGoldenFolder[] = "golden";

/// A file of the package as package.json lists it.
struct ListedFile {
    std::string name;  // "model.onnx", "golden/a.jpg"
    std::uint64_t bytes = 0;
    std::string sha256;

    bool operator==(ListedFile const&) const = default;
};

/// What a golden image must come out as.
struct GoldenAnswer {
    std::string file;
    std::vector<float> probabilities;
};

/// package.json as a whole: docs/formats/package.md.
struct PackageManifest {
    PackageInfo info;
    std::vector<GoldenAnswer> golden;
    std::vector<ListedFile> files;
};

std::string manifest_text(PackageManifest const& manifest);

/// Errors: InvalidArgument naming the key that is missing, unknown, of the wrong type or out of range, or
/// the rule that a name breaks; Unimplemented for a newer format. Memory is a small multiple of the text.
Result<PackageManifest> parse_manifest(std::string_view text);

/// Whether a package could be written and read back with this: names, ranges, bounds. Errors:
/// InvalidArgument.
Status check_manifest(PackageManifest const& manifest);

/// One tag a line, as in the exports of Azure Custom Vision: a byte order mark, CR and empty lines are
/// skipped. Errors: InvalidArgument for a tag that is malformed or there twice, or none at all.
Result<std::vector<std::string>> parse_labels(std::string_view text);
std::string labels_text(std::vector<PackageTag> const& tags);

/// Letters, digits, '.', '-' and '_', not a '.' first: never a path.
bool is_plain_file_name(std::string_view name);

}  // namespace ounce::vision
