#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "vision/recipe.hpp"

namespace ounce::vision {

/// What a model answers for one picture.
enum class Kind {
    Multiclass,  // exactly one tag: probabilities add up to 1
    Multilabel,  // any number of tags: probabilities are independent
};

struct PackageTag {
    std::string name;
    double threshold = 0.5;  // the tag counts as seen from here on
    bool negative = false;   // "none of these"
};

/// package.json: all that is needed to use model.onnx the way it was trained. See docs/formats/package.md.
struct PackageInfo {
    std::string name;     // of the model, not the folder
    std::string created;  // UTC, ISO 8601; never part of a decision
    Kind kind = Kind::Multiclass;
    std::vector<PackageTag> tags;  // in the order of the model's output; also labels.txt
    Recipe recipe;
    std::string input = "image";
    std::string output = "probabilities";
    Json metrics = Json::object();   // as evaluation wrote them
    Json lineage = Json::object();   // backbone name@version and hash, data set hash, seed, program version
    double golden_tolerance = 1e-3;  // largest allowed difference of a probability
};

/// One golden image: the file as it was, and what the model must say about it.
struct GoldenImage {
    std::string file;  // its name in golden/
    Bytes content;
    std::vector<float> probabilities;  // in the order of the tags
};

struct Package {
    PackageInfo info;
    Bytes model;  // ONNX
    std::vector<GoldenImage> golden;
    /// Further files of the package by name (letters, digits, '.', '-', '_'; no folder), e.g.
    /// "background.json".
    std::map<std::string, Bytes> extras;
};

/// Writes `package` as a new folder: everything into a hidden folder beside it, synced, then renamed, so that
/// a crash leaves no half package. An existing package there is replaced the same way. With a key (PEM,
/// Ed25519 private) the package is signed.
/// Errors: AlreadyExists if `folder` exists and is no package; InvalidArgument for a bad name; as write_file.
Status write_package(std::filesystem::path const& folder, Package const& package,
                     std::optional<std::string> const& private_key_pem = std::nullopt);

struct ReadOptions {
    /// If set, the signature must be there and match this Ed25519 public key (PEM).
    std::optional<std::string> public_key_pem = std::nullopt;
    std::uint64_t model_bytes_max = std::uint64_t{1} << 30;
};

/// Reads a package and checks what can be checked without running it: the hash of each file against the
/// signed list, the signature if a key is given, sizes, names, labels.txt against package.json. Any thread.
/// Errors: NotFound (no package there); DataLoss naming the file that differs; PermissionDenied for a
/// missing or wrong signature; InvalidArgument for a malformed package.json (names the key).
Result<Package> read_package(std::filesystem::path const& folder, ReadOptions const& options = {});

/// How one golden image came out.
struct GoldenResult {
    std::string file;
    double difference = 0;  // the largest of its probabilities' differences
};

/// How the golden images came out.
struct GoldenReport {
    std::size_t images = 0;
    double largest_difference = 0;
    std::string worst_file;
    std::vector<GoldenResult> results;  // in the order of the package
};

/// Runs the golden images through the package's model and recipe, without a verdict.
/// Errors: whatever running the model can fail with.
Result<GoldenReport> run_golden(Package const& package);

/// run_golden(), and a verdict.
/// Errors: FailedPrecondition if one differs by more than the tolerance (says which, and by how much) or if
/// there are none; whatever running the model can fail with.
Result<GoldenReport> check_golden(Package const& package);

}  // namespace ounce::vision
