#include "cli/vision_client.hpp"

#include <algorithm>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"

namespace ounce::cli {
namespace {

constexpr std::size_t kNamesInError = 10;

bool same_id(std::string_view a, std::string_view b) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

/// Their names or ids, as far as a person wants to read: "'goat', 'leopard'".
std::string members_of(Json const& list, char const* key) {
    std::string members;
    for (std::size_t i = 0; i < std::min(kNamesInError, list.size()); ++i)
        members += fmt::format("{}'{}'", i == 0 ? "" : ", ", text_member(list[i], key));
    if (list.size() > kNamesInError) members += ", ...";
    return members.empty() ? "none" : printable(members);
}

}  // namespace

std::string training_path(std::initializer_list<std::string_view> segments) {
    return "/customvision/v3.4-preview/training" + path_of(segments);
}

Result<Json> find_named(Json const& list, std::string const& name, std::string_view kind) {
    if (!list.is_array()) return fail(Code::DataLoss, "the hub's list of {}s is no list", kind);
    auto named = Json::array();
    for (auto const& each : list) {
        if (same_id(text_member(each, "id"), name)) return each;
        if (text_member(each, "name") == name) named.push_back(each);
    }
    if (named.empty())
        return fail(Code::NotFound, "no {} '{}'; there are: {}", kind, printable(name),
                    members_of(list, "name"));
    if (named.size() > 1)
        return fail(Code::InvalidArgument, "several {}s are called '{}': give the id, one of {}", kind,
                    printable(name), members_of(named, "id"));
    return named.front();
}

Result<Json> find_project(HubClient& hub, std::string const& name) {
    TRY(auto const projects, hub.get(training_path({"projects"})));
    return find_named(projects, name, "project");
}

Result<Json> find_iteration(HubClient& hub, std::string const& project, std::string const& name) {
    TRY(auto const iterations, hub.get(training_path({"projects", project, "iterations"})));
    if (!name.empty()) return find_named(iterations, name, "iteration");
    if (!iterations.is_array()) return fail(Code::DataLoss, "the hub's list of iterations is no list");
    Json const* newest = nullptr;
    for (auto const& each : iterations) {
        if (text_member(each, "status") != "Completed") continue;
        if (newest == nullptr || text_member(*newest, "trainedAt") < text_member(each, "trainedAt"))
            newest = &each;
    }
    if (newest == nullptr)
        return fail(Code::FailedPrecondition, "no iteration is trained yet: 'ounce vision train' trains one");
    return *newest;
}

}  // namespace ounce::cli
