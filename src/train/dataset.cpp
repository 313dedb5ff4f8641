#include "train/dataset.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <system_error>

#include "base/csv.hpp"
#include "base/file.hpp"

namespace ounce::train {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 5'000'000;
constexpr std::uint64_t kCsvBytesMax = std::uint64_t{1} << 30;

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

std::string_view trimmed(std::string_view text) {
    auto const space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && space(text.front())) text.remove_prefix(1);
    while (!text.empty() && space(text.back())) text.remove_suffix(1);
    return text;
}

bool named_like_a_picture(fs::path const& path) {
    static constexpr std::array kEndings{".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".gif", ".webp"};
    auto const ending = lower(path.extension().string());
    return std::ranges::find(kEndings, ending) != kEndings.end();
}

int find_any(CsvTable const& table, std::initializer_list<std::string_view> names) {
    for (auto const name : names)
        for (std::size_t i = 0; i < table.header.size(); ++i)
            if (lower(trimmed(table.header[i])) == name) return static_cast<int>(i);
    return -1;
}

std::vector<std::string> split_tags(std::string_view text) {
    std::vector<std::string> tags;
    while (!text.empty()) {
        auto const end = text.find(';');
        if (auto const tag = trimmed(text.substr(0, end)); !tag.empty()) {
            if (std::ranges::find(tags, tag) == tags.end()) tags.emplace_back(tag);
        }
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return tags;
}

void sort_by_name(Listing& listing) {
    std::ranges::sort(listing.pictures, {}, &Picture::name);
    std::ranges::sort(listing.problems, {}, &Problem::name);
}

Result<Listing> list_folder(fs::path const& folder) {
    Listing listing;
    std::error_code error;
    auto files =
        fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
    if (error) return fail(Code::PermissionDenied, "{}: {}", folder.string(), error.message());
    std::size_t seen = 0;
    for (; files != fs::recursive_directory_iterator(); files.increment(error)) {
        if (error) break;
        if (++seen > kFilesMax)
            return fail(Code::InvalidArgument, "{}: more than {} files; train on a part of them",
                        folder.string(), kFilesMax);
        auto const path = files->path();
        auto const name = path.lexically_relative(folder);
        bool const hidden = path.filename().string().starts_with('.');
        if (files->is_directory(error)) {
            if (hidden) {
                files.disable_recursion_pending();
                listing.problems.push_back({name.string(), "hidden folder"});
            }
            continue;
        }
        auto const problem = [&](char const* reason) { listing.problems.push_back({name.string(), reason}); };
        if (hidden)
            problem("hidden file");
        else if (!files->is_regular_file(error))
            problem("no regular file");
        else if (!named_like_a_picture(path))
            problem("not named like a picture");
        else if (std::distance(name.begin(), name.end()) < 2)
            problem("lies in no tag's folder");
        else
            listing.pictures.push_back({path, name.string(), {name.begin()->string()}, ""});
    }
    if (error) return fail(Code::DataLoss, "{}: cannot be listed: {}", folder.string(), error.message());
    if (listing.pictures.empty())
        return fail(Code::InvalidArgument,
                    "{}: no pictures in folders: make one folder for each tag, with its photographs inside",
                    folder.string());
    sort_by_name(listing);
    return listing;
}

}  // namespace

Result<Listing> parse_listing(std::string_view csv, fs::path const& folder) {
    TRY(auto const table, parse_csv(csv));
    int const path_column = find_any(table, {"path", "file", "filename", "file_name", "image", "picture"});
    int const tag_column = find_any(table, {"tag", "tags", "label", "labels", "class", "species"});
    int const group_column =
        find_any(table, {"group", "sequence", "sequence_id", "seq_id", "camera", "burst", "location"});
    if (path_column < 0)
        return fail(Code::InvalidArgument,
                    "no column 'path' (or file, image): the first line names the columns");
    if (tag_column < 0) return fail(Code::InvalidArgument, "no column 'tag' (or label, class, species)");
    if (table.rows.size() > kFilesMax)
        return fail(Code::InvalidArgument, "more than {} lines; train on a part of them", kFilesMax);
    Listing listing;
    std::map<std::string, std::size_t> place;
    for (auto const& row : table.rows) {
        Picture picture;
        picture.name = trimmed(row[static_cast<std::size_t>(path_column)]);
        if (picture.name.empty() || picture.name.find('\0') != std::string::npos) {
            listing.problems.push_back({picture.name, "line without a path"});
            continue;
        }
        picture.path = folder / picture.name;
        picture.tags = split_tags(row[static_cast<std::size_t>(tag_column)]);
        if (group_column >= 0) picture.group = trimmed(row[static_cast<std::size_t>(group_column)]);
        listing.has_groups |= !picture.group.empty();
        // One line a tag is another way to write several tags.
        auto const [found, added] = place.try_emplace(picture.name, listing.pictures.size());
        if (added) {
            listing.pictures.push_back(std::move(picture));
            continue;
        }
        auto& tags = listing.pictures[found->second].tags;
        for (auto& tag : picture.tags)
            if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(std::move(tag));
    }
    sort_by_name(listing);
    return listing;
}

Result<Listing> list_pictures(fs::path const& folder_or_csv) {
    std::error_code error;
    auto const status = fs::status(folder_or_csv, error);
    if (!fs::exists(status))
        return fail(Code::NotFound, "{}: no such folder or CSV file", folder_or_csv.string());
    if (fs::is_directory(status)) return list_folder(folder_or_csv);
    TRY(auto const bytes, read_file(folder_or_csv, kCsvBytesMax));
    auto listing = parse_listing(as_text(bytes), folder_or_csv.parent_path());
    if (!listing) return fail(listing.error().in(folder_or_csv.string()));
    return listing;
}

Labels label_as(std::vector<Picture> const& pictures, std::vector<std::string> const& tags,
                std::vector<std::string>& unknown) {
    std::map<std::string, std::size_t> number;
    for (std::size_t k = 0; k < tags.size(); ++k) number[tags[k]] = k;
    Labels labels{tags.size(), std::vector<std::uint8_t>(pictures.size() * tags.size(), 0)};
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        for (auto const& tag : pictures[i].tags) {
            if (auto const found = number.find(tag); found != number.end())
                labels.on[i * tags.size() + found->second] = 1;
            else if (std::ranges::find(unknown, tag) == unknown.end())
                unknown.push_back(tag);
        }
    }
    return labels;
}

bool means_nothing_there(std::string_view tag) {
    std::string lower;
    for (char const c : tag) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower == "empty" || lower == "blank" || lower == "none" || lower == "nothing" ||
           lower == "negative" || lower == "background";
}

Result<Dataset> number_tags(std::vector<Picture> const& pictures, vision::Kind kind,
                            std::string const& negative, std::size_t pictures_min) {
    std::map<std::string, std::size_t> totals;
    std::size_t without = 0;
    for (auto const& picture : pictures) {
        if (kind == vision::Kind::Multiclass && picture.tags.size() != 1)
            return fail(Code::InvalidArgument,
                        "{}: has {} tags; a multiclass model needs exactly one each (or --kind multilabel)",
                        picture.name, picture.tags.size());
        without += picture.tags.empty() ? 1 : 0;
        for (auto const& tag : picture.tags) ++totals[tag];
    }
    if (!negative.empty() && !totals.contains(negative))
        return fail(Code::InvalidArgument, "the negative tag '{}' is the tag of no picture", negative);

    Dataset dataset;
    dataset.kind = kind;
    for (auto const& [tag, total] : totals) {
        if (total < pictures_min)
            return fail(Code::FailedPrecondition,
                        "tag '{}' has {} pictures and needs {} at least: {} missing", tag, total,
                        pictures_min, pictures_min - total);
        if (tag != negative) dataset.tags.push_back(tag);
    }
    std::size_t tags_min = 2;
    if (kind == vision::Kind::Multilabel) {
        if (!negative.empty()) without += totals[negative];
        if (without > 0) tags_min = 1;
    } else if (!negative.empty()) {
        dataset.tags.push_back(negative);
        dataset.has_negative = true;
    }
    if (dataset.tags.size() < tags_min)
        return fail(Code::FailedPrecondition,
                    "{} tag{} in these pictures: learning needs 2 at least, with {} pictures each",
                    dataset.tags.size(), dataset.tags.size() == 1 ? "" : "s", pictures_min);
    std::vector<std::string> unknown;
    dataset.labels = label_as(pictures, dataset.tags, unknown);
    return dataset;
}

}  // namespace ounce::train
