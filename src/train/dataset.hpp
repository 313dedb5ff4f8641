#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "train/split.hpp"
#include "vision/package.hpp"

namespace ounce::train {

/// One tagged photograph as the person named it.
struct Picture {
    std::filesystem::path path;  // to open it
    std::string name;            // to show it: relative to the folder or CSV
    std::vector<std::string> tags;
    std::string group;  // camera, sequence or burst; empty = not known
};

/// A file that was left out, and why.
struct Problem {
    std::string name;
    std::string reason;
};

struct Listing {
    std::vector<Picture> pictures;  // in order of name
    std::vector<Problem> problems;
    bool has_groups = false;  // the CSV had a group column with something in it
};

/// Lists a folder with one folder for each tag (any depth below it), or reads a CSV with a header:
/// path|file|filename|image, tag|tags|label|labels|class|species (several tags with ';'), and, if known,
/// group|sequence|camera|burst|location. Paths in it are relative to the CSV. Hidden files, links that lead
/// nowhere and files that no picture format claims by name are problems, not errors; file contents are not
/// looked at here. A folder named like the path of a tag gives that tag.
/// Errors: NotFound; InvalidArgument for a CSV without the columns, a folder without folders, or more than
/// 5,000,000 files.
Result<Listing> list_pictures(std::filesystem::path const& folder_or_csv);

/// The CSV alone, for tests: `folder` is what its paths are relative to.
Result<Listing> parse_listing(std::string_view csv, std::filesystem::path const& folder);

/// Whether a tag's name says that nothing is there: empty, blank, none, nothing, negative or background, in
/// any case of letters.
bool means_nothing_there(std::string_view tag);

/// The listing as numbers, ready to learn from.
struct Dataset {
    vision::Kind kind = vision::Kind::Multiclass;
    std::vector<std::string> tags;  // in order of name, the negative tag last
    bool has_negative = false;
    Labels labels;
};

/// Numbers the tags and checks that there is enough to learn from. Multilabel: the negative tag is no output
/// of its own; it says "none of these", and so does a picture without tags. Multiclass: it is one more class
/// that is reported as none.
/// Errors: InvalidArgument if a picture has several tags or none and `kind` is multiclass (names it), if
/// `negative` is no tag of any picture; FailedPrecondition for fewer than 2 tags (multilabel: 1 and
/// negatives), or a tag with fewer than `pictures_min` pictures: names the tag and how many are missing.
Result<Dataset> number_tags(std::vector<Picture> const& pictures, vision::Kind kind,
                            std::string const& negative, std::size_t pictures_min = 5);

/// `labels` for pictures whose tags are already numbered (another picture set, the same model). Tags that are
/// not among `tags` set nothing and are added to `unknown` once each.
Labels label_as(std::vector<Picture> const& pictures, std::vector<std::string> const& tags,
                std::vector<std::string>& unknown);

}  // namespace ounce::train
