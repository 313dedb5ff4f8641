#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ounce::cli {

/// A picture to send, and the tags that it shall have.
struct PlannedPicture {
    std::filesystem::path path;
    std::vector<std::string> tags;
};

/// How pictures come by their tags.
struct Tagging {
    std::vector<std::string> tags;  // all pictures get these; none: as the folders below are called
    bool untagged = false;          // no picture gets any
};

/// The pictures that `paths` mean (see find_pictures), each with its tags. Where folders tell the tags, it is
/// the first folder below the given one: "photographs/goat/2019/a.jpg" is tagged "goat" if "photographs" is
/// given.
/// Errors: InvalidArgument for a picture that lies in no such folder, NotFound if there is none at all; as
/// find_pictures.
Result<std::vector<PlannedPicture>> plan_upload(std::vector<std::filesystem::path> const& paths,
                                                Tagging const& tagging);

/// All tags of a plan.
std::set<std::string> tags_in(std::vector<PlannedPicture> const& plan);

/// The pictures of a plan whose first bytes are those of a picture; not those that cannot be read.
std::vector<PlannedPicture> likely_pictures(std::vector<PlannedPicture> const& plan);

}  // namespace ounce::cli
