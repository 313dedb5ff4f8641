#include "iot/device_content.hpp"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "iot/identities.hpp"
#include "iot/twin_row.hpp"

namespace ounce::iot {
namespace {

constexpr std::string_view kDesired = "properties.desired";
constexpr std::string_view kAgent = "$edgeAgent";
constexpr std::string_view kHub = "$edgeHub";
constexpr std::string_view kManager = "IotEdge";
constexpr std::size_t kPathsMax = 1'000;  // of one module

tl::unexpected<Error> wrong(std::string_view where, std::string_view what) {
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "{}: {}", where.substr(0, 160), what);
}

/// Sets what a dotted path names, making the objects on the way.
Status set_path(Json& values, std::string_view path, Json const& value, std::string_view module) {
    auto* place = &values;
    for (int level = 0;; ++level) {
        // What is deeper would be refused anyway, and copying it takes a stack frame a level.
        if (level > kTwinDepthMax) return wrong(module, "a key with too many parts in its path");
        auto const dot = path.find('.');
        auto const key = path.substr(0, dot);
        if (key.empty()) return wrong(module, "a key with an empty part in its path");
        if (!place->is_object()) *place = Json::object();
        place = &(*place)[std::string(key)];
        if (dot == std::string_view::npos) break;
        path.remove_prefix(dot + 1);
    }
    *place = value;
    return {};
}

Result<Json> parse_section(std::string const& module, Json const& content) {
    if (!content.is_object() || content.empty() || content.size() > kPathsMax)
        return wrong(module, "must hold its desired properties");
    auto section = content.value(std::string(kDesired), Json::object());
    if (!section.is_object()) return wrong(module, "'properties.desired' must be an object");
    for (auto const& [key, value] : content.items()) {
        std::string_view path = key;
        if (path == kDesired) continue;
        if (!path.starts_with(kDesired) || path.size() <= kDesired.size() + 1 || path[kDesired.size()] != '.')
            return wrong(module, "only 'properties.desired' and paths below it are possible");
        TRY_STATUS(set_path(section, path.substr(kDesired.size() + 1), value, module));
    }
    return section;
}

/// Every module that the content is about: those it gives properties, and those that the agent is to run.
Result<std::set<std::string>> wanted_modules(DeviceContent const& content) {
    std::set<std::string> names = {std::string(kAgent), std::string(kHub)};
    for (auto const& [name, section] : content.modules) names.insert(name);
    auto const agent = content.modules.find(std::string(kAgent));
    if (agent == content.modules.end()) return names;
    auto const modules = agent->second.find("modules");
    if (modules == agent->second.end()) return names;
    if (!modules->is_object()) return wrong(kAgent, "'modules' must be an object");
    for (auto const& [name, module] : modules->items())
        if (!module.is_null()) names.insert(name);
    return names;
}

Status make_modules(Work& work, std::string const& device, std::set<std::string> const& wanted) {
    TRY(auto const present, list_modules(work, device));
    std::set<std::string> there;
    for (auto const& module : present) {
        auto const& name = module.name.module;
        if (wanted.contains(name) || module.managed_by != kManager) {
            there.insert(name);
            continue;
        }
        TRY_STATUS(delete_identity(work, module.name, Precondition::any()));
    }
    for (auto const& name : wanted) {
        if (there.contains(name)) continue;
        if (!is_id(name)) return wrong(name, "is no name for a module");
        IdentityRequest request;
        request.name = {.device = device, .module = name};
        request.managed_by = kManager;
        TRY_STATUS(create_identity(work, request));
    }
    return {};
}

}  // namespace

Result<DeviceContent> parse_device_content(Json const& body) {
    if (!body.is_object()) return wrong("content", "must be an object");
    DeviceContent content;
    for (auto const& [kind, value] : body.items()) {
        if (value.is_null()) continue;
        if (kind == "modulesContent") {
            if (!value.is_object()) return wrong(kind, "must be an object");
            if (value.size() > static_cast<std::size_t>(kModulesMax))
                return wrong(kind, fmt::format("speaks of more than {} modules", kModulesMax));
            for (auto const& [module, properties] : value.items()) {
                TRY(auto section, parse_section(module, properties));
                content.modules.emplace(module, std::move(section));
            }
        } else if (kind == "deviceContent") {
            TRY(content.device, parse_section(kind, value));
        } else {
            return wrong(kind, "is no content for one device: modulesContent, deviceContent are");
        }
    }
    if (content.modules.empty() && !content.device) return wrong("content", "is empty");
    return content;
}

Status apply_device_content(Work& work, std::string const& device, DeviceContent const& content) {
    TRY(auto const identity, get_identity(work, {.device = device, .module = ""}));
    if (!identity.edge)
        return wrong(describe(identity.name), "is no edge device; set capabilities.iotEdge to make it one");
    if (!content.modules.empty()) {
        TRY(auto const wanted, wanted_modules(content));
        TRY_STATUS(make_modules(work, device, wanted));
    }
    for (auto const& [module, section] : content.modules) {
        TRY(auto row, need_twin(work, {.device = device, .module = module}));
        if (auto const done = put_desired(work, row, section); !done) return fail(done.error().in(module));
    }
    if (!content.device) return {};
    TRY(auto row, need_twin(work, {.device = device, .module = ""}));
    return put_desired(work, row, *content.device);
}

}  // namespace ounce::iot
