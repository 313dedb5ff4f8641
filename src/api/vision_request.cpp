#include "api/vision_request.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ounce::api {
namespace {

using project::Guid;

constexpr std::size_t kSkipMax = 10'000'000;

tl::unexpected<Error> no_such(std::string_view name) {
    if (name == "project") return fail_as(Code::NotFound, "NotFoundProject", "There is no such project");
    if (name == "tag") return fail_as(Code::NotFound, "NotFoundTag", "There is no such tag");
    if (name == "image") return fail_as(Code::NotFound, "NotFoundImage", "There is no such image");
    if (name == "domain") return fail_as(Code::NotFound, "NotFoundDomain", "There is no such domain");
    return fail_as(Code::NotFound, "NotFoundIteration", "Invalid iteration");
}

tl::unexpected<Error> no_id(std::string_view key) {
    return fail_as(Code::InvalidArgument, "BadRequestInvalidIds", "{} must hold GUIDs", key);
}

}  // namespace

Result<Guid> path_guid(Call const& call, std::string_view name) {
    auto const guid = Guid::parse(call.parameter(name));
    if (!guid) return no_such(name);
    return *guid;
}

Result<std::optional<Guid>> find_guid(Call const& call, std::string_view key) {
    auto const text = call.find_query(key);
    if (!text || text->empty()) return std::optional<Guid>();
    auto const guid = Guid::parse(*text);
    if (!guid) return no_id(key);
    return guid;
}

std::vector<std::string_view> text_list(Call const& call, std::string_view key) {
    std::vector<std::string_view> texts;
    for (auto const& [name, value] : call.query) {
        if (!net::same_name(name, key)) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            auto const piece = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(rest.size(), piece.size() + 1));
            if (!piece.empty()) texts.push_back(piece);
        }
    }
    return texts;
}

Result<std::vector<Guid>> guid_list(Call const& call, std::string_view key, std::size_t count_max) {
    std::vector<Guid> guids;
    for (auto const text : text_list(call, key)) {
        auto const guid = Guid::parse(text);
        if (!guid) return no_id(key);
        if (guids.size() >= count_max)
            return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize", "{} can name {} at most",
                           key, count_max);
        if (std::ranges::find(guids, *guid) == guids.end()) guids.push_back(*guid);
    }
    return guids;
}

Result<std::string> required_text(Call const& call, std::string_view key) {
    auto const text = call.find_query(key);
    if (!text || text->empty())
        return fail_as(Code::InvalidArgument, "BadRequestRequiredParamIsNull", "{} must be given", key);
    return std::string(*text);
}

Result<bool> flag(Call const& call, std::string_view key, bool otherwise) {
    auto const text = call.find_query(key);
    if (!text || text->empty()) return otherwise;
    if (net::same_name(*text, "true")) return true;
    if (net::same_name(*text, "false")) return false;
    return fail_as(Code::InvalidArgument, "BadRequestInvalid", "{} must be true or false", key);
}

Result<double> number(Call const& call, std::string_view key, double least, double most, double otherwise) {
    auto const text = call.find_query(key);
    if (!text || text->empty()) return otherwise;
    double value = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size() || !std::isfinite(value) ||
        value < least || value > most)
        return fail_as(Code::InvalidArgument, "BadRequestInvalid", "{} must be a number from {} to {}", key,
                       least, most);
    return value;
}

Result<project::ImageQuery> image_query(Call const& call) {
    project::ImageQuery query;
    if (auto const filter = call.find_query("$filter"); filter && !filter->empty())
        return fail_as(Code::InvalidArgument, "BadRequestNotSupported",
                       "$filter is not built here: choose images by tagIds");
    TRY(query.iteration, find_guid(call, "iterationId"));
    TRY(query.tags, guid_list(call, "tagIds", project::kBatchTagsMax));
    TRY(auto const take, number(call, "take", 0, project::kTakeMax, 50));
    TRY(auto const skip, number(call, "skip", 0, kSkipMax, 0));
    query.take = static_cast<std::size_t>(take);
    query.skip = static_cast<std::size_t>(skip);
    auto const order = call.find_query("orderBy").value_or("");
    query.oldest_first = net::same_name(order, "Oldest");
    if (!order.empty() && !query.oldest_first && !net::same_name(order, "Newest"))
        return fail_as(Code::InvalidArgument, "BadRequestInvalid", "orderBy must be Newest or Oldest");
    auto const status = call.find_query("taggingStatus").value_or("");
    if (net::same_name(status, "Tagged"))
        query.tagging = project::Tagging::Tagged;
    else if (net::same_name(status, "Untagged"))
        query.tagging = project::Tagging::Untagged;
    else if (!status.empty() && !net::same_name(status, "All"))
        return fail_as(Code::InvalidArgument, "BadRequestInvalid",
                       "taggingStatus must be All, Tagged or Untagged");
    return query;
}

Result<Json> json_body(Call const& call) {
    if (call.request.body.empty()) return Json::object();
    TRY(auto body, call.json());
    if (body.is_null()) return Json::object();
    if (!body.is_object())
        return fail_as(Code::InvalidArgument, "BadRequest", "The body must be a JSON object");
    return body;
}

Result<std::vector<Guid>> guid_member(Json const& object, char const* key, std::size_t count_max) {
    std::vector<Guid> guids;
    auto const found = object.find(key);
    if (found == object.end() || found->is_null()) return guids;
    if (!found->is_array()) return no_id(key);
    if (found->size() > count_max)
        return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize", "{} can name {} at most", key,
                       count_max);
    for (auto const& each : *found) {
        auto const guid = each.is_string() ? Guid::parse(each.get_ref<std::string const&>()) : std::nullopt;
        if (!guid) return no_id(key);
        if (std::ranges::find(guids, *guid) == guids.end()) guids.push_back(*guid);
    }
    return guids;
}

Result<std::optional<std::string>> text_member(Json const& object, char const* key) {
    auto const found = object.find(key);
    if (found == object.end() || found->is_null()) return std::optional<std::string>();
    if (!found->is_string())
        return fail_as(Code::InvalidArgument, "BadRequestInvalid", "'{}' must be a text", key);
    return std::optional(found->get<std::string>());
}

bool is_version_3_0(Call const& call) {
    return net::same_name(call.parameter("version"), "v3.0");
}

}  // namespace ounce::api
