#include "vision/package_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace ounce::vision {
namespace {

constexpr int kFormat = 1;
constexpr std::array<std::string_view, 13> kKeys{
    "format",  "name",    "created",          "kind",   "tags", "recipe", "input", "output",
    "metrics", "lineage", "golden_tolerance", "golden", "files"};

std::string_view kind_name(Kind kind) {
    return kind == Kind::Multiclass ? "multiclass" : "multilabel";
}

/// A float as the shortest number that reads back as it.
OrderedJson short_number(float value) {
    return OrderedJson::parse(fmt::format("{}", value));
}

/// Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) without control characters.
bool is_clean_text(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        auto const lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x20 || lead == 0x7f) return false;
        std::size_t more = 0;
        std::uint32_t code = lead;
        std::uint32_t least = 0;
        if (lead >= 0xf0 && lead < 0xf5) {
            more = 3, code = lead & 7U, least = 0x10000;
        } else if (lead >= 0xe0 && lead < 0xf0) {
            more = 2, code = lead & 15U, least = 0x800;
        } else if (lead >= 0xc2 && lead < 0xe0) {
            more = 1, code = lead & 31U, least = 0x80;
        } else if (lead >= 0x80) {
            return false;
        }
        if (more >= text.size() - i) return false;
        for (std::size_t k = 1; k <= more; ++k) {
            auto const next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xc0U) != 0x80) return false;
            code = code << 6 | (next & 0x3fU);
        }
        // C1 controls and the line separators break lines in some readers.
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
        if ((code >= 0x80 && code < 0xa0) || code == 0x2028 || code == 0x2029) return false;
        i += more + 1;
    }
    return true;
}

Status check_name(std::string_view what, std::string_view text) {
    if (text.empty() || text.size() > kTagBytesMax || !is_clean_text(text) || text.front() == ' ' ||
        text.back() == ' ')
        return fail(Code::InvalidArgument,
                    "the {} must be 1 to {} bytes of UTF-8 without control characters or spaces around it",
                    what, kTagBytesMax);
    return {};
}

Status check_tags(std::vector<PackageTag> const& tags) {
    if (tags.empty() || tags.size() > kTagsMax)
        return fail(Code::InvalidArgument, "'tags' must be 1 to {} tags; there are {}", kTagsMax,
                    tags.size());
    std::set<std::string_view> names;
    for (auto const& tag : tags) {
        TRY_STATUS(check_name("name of a tag", tag.name));
        if (!names.insert(tag.name).second)
            return fail(Code::InvalidArgument, "the tag '{}' is there twice", tag.name);
        if (!(tag.threshold >= 0 && tag.threshold <= 1))
            return fail(Code::InvalidArgument, "the threshold of tag '{}' must be 0 to 1", tag.name);
    }
    return {};
}

Status check_golden_answers(PackageManifest const& manifest) {
    if (manifest.golden.size() > kGoldenImagesMax)
        return fail(Code::InvalidArgument, "more than {} golden images", kGoldenImagesMax);
    std::set<std::string_view> names;
    for (auto const& golden : manifest.golden) {
        if (!is_plain_file_name(golden.file))
            return fail(Code::InvalidArgument,
                        "the name of a golden image may hold letters, digits, '.', '-' and '_' only");
        if (!names.insert(golden.file).second)
            return fail(Code::InvalidArgument, "the golden image '{}' is there twice", golden.file);
        if (golden.probabilities.size() != manifest.info.tags.size())
            return fail(Code::InvalidArgument, "the golden image '{}' has {} probabilities for {} tags",
                        golden.file, golden.probabilities.size(), manifest.info.tags.size());
        for (auto const value : golden.probabilities)
            if (!(value >= 0 && value <= 1))
                return fail(Code::InvalidArgument, "a probability of the golden image '{}' is not 0 to 1",
                            golden.file);
    }
    return {};
}

/// The list must name the model, the labels and each golden image, and beside them plain extras only.
Status check_files(PackageManifest const& manifest) {
    std::set<std::string> wanted{kModelFile, kLabelsFile};
    for (auto const& golden : manifest.golden)
        wanted.insert(fmt::format("{}/{}", kGoldenFolder, golden.file));
    std::set<std::string_view> names;
    std::size_t extras = 0;
    std::uint64_t bytes = 0;
    for (auto const& file : manifest.files) {
        if (!names.insert(file.name).second)
            return fail(Code::InvalidArgument, "'files' lists '{}' twice", file.name);
        if (!is_hex(file.sha256, 64))
            return fail(Code::InvalidArgument, "the sha256 of '{}' is not 64 digits (0-9, a-f)", file.name);
        bool const golden = file.name.starts_with("golden/");
        if (wanted.erase(file.name) == 0) {
            if (!is_plain_file_name(file.name) || file.name == kPackageJson || file.name == kSignatureFile ||
                file.name == kGoldenFolder)
                return fail(Code::InvalidArgument, "'files' lists a file that no package may hold: '{}'",
                            is_clean_text(file.name) ? file.name : "(unprintable)");
            if (++extras > kExtraFilesMax)
                return fail(Code::InvalidArgument, "more than {} extra files", kExtraFilesMax);
        }
        if (file.name == kModelFile) continue;  // bounded by the reader's own option
        if (file.bytes > (golden ? kGoldenBytesMax : kExtraBytesMax) ||
            (bytes += file.bytes) > kPackageFilesBytesMax)
            return fail(Code::InvalidArgument, "'{}' makes the package too large ({} bytes)", file.name,
                        file.bytes);
    }
    if (!wanted.empty()) return fail(Code::InvalidArgument, "'files' does not list '{}'", *wanted.begin());
    return {};
}

/// A number in JSON that is one: the library would also read true as 1.
Result<double> number_member(Json const& object, char const* key) {
    if (object.is_object())
        if (auto const found = object.find(key); found != object.end() && found->is_number())
            return found->get<double>();
    return fail(Code::InvalidArgument, "'{}' is missing or no number", key);
}

Result<bool> bool_member(Json const& object, char const* key) {
    if (object.is_object())
        if (auto const found = object.find(key); found != object.end() && found->is_boolean())
            return found->get<bool>();
    return fail(Code::InvalidArgument, "'{}' is missing or neither true nor false", key);
}

/// A list inside the document, borrowed.
Result<Json const*> list_member(Json const& object, char const* key, std::size_t count_max) {
    auto const found = object.find(key);
    if (found == object.end() || !found->is_array())
        return fail(Code::InvalidArgument, "'{}' is missing or no list", key);
    if (found->size() > count_max)
        return fail(Code::InvalidArgument, "'{}' has {} entries, more than {}", key, found->size(),
                    count_max);
    return &*found;
}

Result<Json> object_member(Json const& object, char const* key) {
    auto const found = object.find(key);
    if (found == object.end() || !found->is_object())
        return fail(Code::InvalidArgument, "'{}' is missing or no object", key);
    return *found;
}

/// No other keys than these: one that is misspelt would be missed in silence.
template <std::size_t N>
Status check_keys(Json const& object, char const* what, std::array<std::string_view, N> const& known) {
    if (!object.is_object()) return fail(Code::InvalidArgument, "{} is no object", what);
    for (auto const& [key, value] : object.items())
        if (std::find(known.begin(), known.end(), key) == known.end())
            return fail(Code::InvalidArgument, "{} has an unknown key '{}'", what,
                        is_clean_text(key) ? key : "(unprintable)");
    return {};
}

Result<PackageTag> parse_tag(Json const& json) {
    TRY_STATUS(check_keys(json, "a tag", std::array<std::string_view, 3>{"name", "threshold", "negative"}));
    PackageTag tag;
    TRY(tag.name, json_member<std::string>(json, "name"));
    TRY(tag.threshold, number_member(json, "threshold"));
    TRY(tag.negative, bool_member(json, "negative"));
    return tag;
}

Result<GoldenAnswer> parse_golden(Json const& json, std::size_t tag_count) {
    TRY_STATUS(check_keys(json, "a golden image", std::array<std::string_view, 2>{"file", "probabilities"}));
    GoldenAnswer golden;
    TRY(golden.file, json_member<std::string>(json, "file"));
    TRY(auto const* const values, list_member(json, "probabilities", tag_count));
    for (auto const& value : *values) {
        if (!value.is_number()) return fail(Code::InvalidArgument, "'probabilities' holds what is no number");
        golden.probabilities.push_back(static_cast<float>(std::clamp(value.get<double>(), -1.0, 2.0)));
    }
    return golden;
}

Result<ListedFile> parse_file(Json const& json) {
    TRY_STATUS(check_keys(json, "a file", std::array<std::string_view, 3>{"name", "bytes", "sha256"}));
    ListedFile file;
    TRY(file.name, json_member<std::string>(json, "name"));
    auto const bytes = json.find("bytes");
    if (bytes == json.end() || !bytes->is_number_unsigned())
        return fail(Code::InvalidArgument, "'bytes' is missing or no size");
    file.bytes = bytes->get<std::uint64_t>();
    TRY(file.sha256, json_member<std::string>(json, "sha256"));
    return file;
}

Result<PackageInfo> parse_info(Json const& json) {
    PackageInfo info;
    TRY(info.name, json_member<std::string>(json, "name"));
    TRY(info.created, json_member<std::string>(json, "created"));
    TRY(auto const kind, json_member<std::string>(json, "kind"));
    if (kind != "multiclass" && kind != "multilabel")
        return fail(Code::InvalidArgument, "'kind' must be multiclass or multilabel");
    info.kind = kind == "multiclass" ? Kind::Multiclass : Kind::Multilabel;
    TRY(auto const* const tags, list_member(json, "tags", kTagsMax));
    for (auto const& entry : *tags) {
        TRY(auto tag, parse_tag(entry));
        info.tags.push_back(std::move(tag));
    }
    TRY(auto const recipe, object_member(json, "recipe"));
    auto parsed = parse_recipe(recipe);
    if (!parsed) return fail(parsed.error().in("recipe"));
    info.recipe = *parsed;
    TRY(info.input, json_member<std::string>(json, "input"));
    TRY(info.output, json_member<std::string>(json, "output"));
    TRY(info.metrics, object_member(json, "metrics"));
    TRY(info.lineage, object_member(json, "lineage"));
    TRY(info.golden_tolerance, number_member(json, "golden_tolerance"));
    return info;
}

}  // namespace

bool is_plain_file_name(std::string_view name) {
    return !name.empty() && name.size() <= kFileNameBytesMax && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
           });
}

Status check_manifest(PackageManifest const& manifest) {
    auto const& info = manifest.info;
    TRY_STATUS(check_name("name of the model", info.name));
    TRY_STATUS(check_name("time of creation", info.created));
    TRY_STATUS(check_name("name of the input", info.input));
    TRY_STATUS(check_name("name of the output", info.output));
    TRY_STATUS(check_tags(info.tags));
    if (!(info.golden_tolerance >= 0 && info.golden_tolerance <= kGoldenToleranceMax))
        return fail(Code::InvalidArgument, "'golden_tolerance' must be 0 to {}", kGoldenToleranceMax);
    TRY_STATUS(check_golden_answers(manifest));
    return check_files(manifest);
}

std::string manifest_text(PackageManifest const& manifest) {
    auto const& info = manifest.info;
    OrderedJson json;
    json["format"] = kFormat;
    json["name"] = info.name;
    json["created"] = info.created;
    json["kind"] = kind_name(info.kind);
    json["tags"] = OrderedJson::array();
    for (auto const& tag : info.tags)
        json["tags"].push_back(
            {{"name", tag.name}, {"threshold", tag.threshold}, {"negative", tag.negative}});
    json["recipe"] = to_json(info.recipe);
    json["input"] = info.input;
    json["output"] = info.output;
    json["metrics"] = OrderedJson(info.metrics);
    json["lineage"] = OrderedJson(info.lineage);
    json["golden_tolerance"] = info.golden_tolerance;
    json["golden"] = OrderedJson::array();
    for (auto const& golden : manifest.golden) {
        auto probabilities = OrderedJson::array();
        for (auto const value : golden.probabilities) probabilities.push_back(short_number(value));
        json["golden"].push_back({{"file", golden.file}, {"probabilities", std::move(probabilities)}});
    }
    json["files"] = OrderedJson::array();
    for (auto const& file : manifest.files)
        json["files"].push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
    return dump_json(json, 2) + "\n";
}

Result<PackageManifest> parse_manifest(std::string_view text) {
    if (text.size() > kPackageJsonBytesMax)
        return fail(Code::InvalidArgument, "larger than {} bytes", kPackageJsonBytesMax);
    TRY(auto const json, parse_json(text));
    if (!json.is_object()) return fail(Code::InvalidArgument, "no JSON object");
    TRY(auto const format, number_member(json, "format"));
    if (format != kFormat)
        return fail(Code::Unimplemented, "format {}: this program reads format {}; a newer one may read it",
                    format, kFormat);
    TRY_STATUS(check_keys(json, "the package", kKeys));

    PackageManifest manifest;
    TRY(manifest.info, parse_info(json));
    TRY(auto const* const golden, list_member(json, "golden", kGoldenImagesMax));
    for (auto const& entry : *golden) {
        TRY(auto answer, parse_golden(entry, manifest.info.tags.size()));
        manifest.golden.push_back(std::move(answer));
    }
    TRY(auto const* const files, list_member(json, "files", kGoldenImagesMax + kExtraFilesMax + 2));
    for (auto const& entry : *files) {
        TRY(auto file, parse_file(entry));
        manifest.files.push_back(std::move(file));
    }
    TRY_STATUS(check_manifest(manifest));
    return manifest;
}

Result<std::vector<std::string>> parse_labels(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<PackageTag> tags;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        if (tags.size() >= kTagsMax) return fail(Code::InvalidArgument, "more than {} labels", kTagsMax);
        tags.push_back({.name = std::string(line)});
    }
    TRY_STATUS(check_tags(tags));
    std::vector<std::string> labels;
    for (auto& tag : tags) labels.push_back(std::move(tag.name));
    return labels;
}

std::string labels_text(std::vector<PackageTag> const& tags) {
    std::string text;
    for (auto const& tag : tags) text += tag.name + "\n";
    return text;
}

}  // namespace ounce::vision
