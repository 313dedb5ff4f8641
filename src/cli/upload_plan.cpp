#include "cli/upload_plan.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "cli/pictures.hpp"
#include "vision/decode.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> folder_tag(fs::path const& picture, fs::path const& given) {
    std::error_code error;
    if (picture == given && fs::status(given, error).type() == fs::file_type::not_found)
        return fail(Code::NotFound, "{}: no such file or folder", given.string());
    auto const inside = picture.lexically_relative(given);
    if (picture == given || std::distance(inside.begin(), inside.end()) < 2)
        return fail(Code::InvalidArgument,
                    "{}: lies in no folder that tells its tag; give --tag, or --untagged", picture.string());
    return inside.begin()->string();
}

bool begins_as_picture(PlannedPicture const& picture) {
    std::array<char, 64> begin{};
    std::ifstream file(picture.path, std::ios::binary);
    file.read(begin.data(), begin.size());
    auto const header =
        vision::read_header(as_bytes({begin.data(), static_cast<std::size_t>(file.gcount())}));
    return header || header.error().code != Code::InvalidArgument;  // it is cut short, of course
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

std::vector<PlannedPicture> likely_pictures(std::vector<PlannedPicture> const& plan) {
    std::vector<PlannedPicture> likely;
    std::ranges::copy_if(plan, std::back_inserter(likely), begins_as_picture);
    return likely;
}

}  // namespace ounce::cli
