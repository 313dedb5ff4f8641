#include "cli/upload_plan.hpp"

#include <iterator>

#include "cli/pictures.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> folder_tag(fs::path const& picture, fs::path const& given) {
    auto const inside = picture.lexically_relative(given);
    if (picture == given || std::distance(inside.begin(), inside.end()) < 2)
        return fail(Code::InvalidArgument,
                    "{}: lies in no folder that tells its tag; give --tag, or --untagged", picture.string());
    return inside.begin()->string();
}

}  // namespace

Result<std::vector<PlannedPicture>> plan_upload(std::vector<fs::path> const& paths, Tagging const& tagging) {
    std::vector<PlannedPicture> plan;
    for (auto const& given : paths) {
        TRY(auto const pictures, find_pictures({given}));
        for (auto const& picture : pictures) {
            PlannedPicture planned{picture, tagging.tags};
            if (tagging.tags.empty() && !tagging.untagged) {
                TRY(auto tag, folder_tag(picture, given));
                planned.tags.push_back(std::move(tag));
            }
            plan.push_back(std::move(planned));
        }
    }
    return plan;
}

std::set<std::string> tags_in(std::vector<PlannedPicture> const& plan) {
    std::set<std::string> tags;
    for (auto const& picture : plan) tags.insert(picture.tags.begin(), picture.tags.end());
    return tags;
}

}  // namespace ounce::cli
