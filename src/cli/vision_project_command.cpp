#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "cli/vision_client.hpp"
#include "cli/vision_commands.hpp"

namespace ounce::cli {
namespace {

struct Options {
    std::string name;
    std::string description;
    std::string kind = "multiclass";
    std::string domain = "General (compact)";
};

std::string setting(Json const& project, char const* key) {
    return project.is_object() && project.contains("settings") ? text_member(project["settings"], key) : "";
}

Result<std::string> domain_id(HubClient& hub, std::string const& name) {
    TRY(auto const domains, hub.get(training_path({"domains"})));
    auto classifying = Json::array();
    for (auto const& each : domains)
        if (text_member(each, "type") == "Classification") classifying.push_back(each);
    TRY(auto const domain, find_named(classifying, name, "domain"));
    return text_member(domain, "id");
}

/// The service lets projects share a name, since scripts of its clients use one name again and again; a
/// person who does so wants the one that is there. Errors: AlreadyExists.
Status check_name_is_free(HubClient& hub, std::string const& name) {
    TRY(auto const projects, hub.get(training_path({"projects"})));
    for (auto const& each : projects)
        if (text_member(each, "name") == name)
            return fail(Code::AlreadyExists, "there is a project '{}' already, id {}", printable(name),
                        printable(text_member(each, "id")));
    return {};
}

CommandResult create(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY_STATUS(check_name_is_free(hub, options.name));
    TRY(auto const domain, domain_id(hub, options.domain));
    TRY(auto const project,
        hub.ask("POST", training_path({"projects"}) +
                            query_of({{"name", options.name},
                                      {"description", options.description},
                                      {"domainId", domain},
                                      {"classificationType",
                                       options.kind == "multilabel" ? "Multilabel" : "Multiclass"}})));
    print_result(context.json, OrderedJson(project),
                 fmt::format("{}: created, id {}; next: 'ounce vision upload {} FOLDER'\n",
                             printable(options.name), text_member(project, "id"), printable(options.name)));
    return 0;
}

CommandResult list(Context const& context) {
    TRY(auto hub, open_hub(context));
    TRY(auto const projects, hub.get(training_path({"projects"})));
    std::vector<std::vector<std::string>> rows{{"NAME", "KIND", "LAST CHANGED", "ID"}};
    for (auto const& each : projects)
        rows.push_back({text_member(each, "name"), setting(each, "classificationType"),
                        text_member(each, "lastModified"), text_member(each, "id")});
    print_result(context.json, {{"projects", projects}}, table(rows));
    return 0;
}

CommandResult show(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.name));
    auto const id = text_member(project, "id");
    TRY(auto const tags, hub.get(training_path({"projects", id, "tags"})));
    TRY(auto const iterations, hub.get(training_path({"projects", id, "iterations"})));
    TRY(auto const untagged, hub.get(training_path({"projects", id, "images", "untagged", "count"})));

    auto text = table({{"name", text_member(project, "name")},
                       {"id", id},
                       {"kind", setting(project, "classificationType")},
                       {"description", text_member(project, "description")},
                       {"untagged", dump_json(untagged)}});
    std::vector<std::vector<std::string>> rows{{"TAG", "PICTURES", "TYPE"}};
    for (auto const& tag : tags)
        rows.push_back({text_member(tag, "name"), text_member(tag, "imageCount"), text_member(tag, "type")});
    text += "\n" + table(rows);
    rows = {{"ITERATION", "STATUS", "TRAINED", "PUBLISHED AS"}};
    for (auto const& each : iterations)
        rows.push_back({text_member(each, "name"), text_member(each, "status"),
                        text_member(each, "trainedAt"), text_member(each, "publishName")});
    text += "\n" + table(rows);
    auto object = OrderedJson(project);
    object["tags"] = tags;
    object["iterations"] = iterations;
    object["untaggedImageCount"] = untagged;
    print_result(context.json, object, text);
    return 0;
}

CommandResult remove(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.name));
    auto const id = text_member(project, "id");
    TRY_STATUS(hub.ask("DELETE", training_path({"projects", id})));
    print_result(context.json, {{"deleted", id}}, fmt::format("{}: deleted\n", printable(options.name)));
    return 0;
}

}  // namespace

void add_vision_project_command(CLI::App& vision, Chosen& chosen) {
    auto* const command = vision.add_subcommand("project", "What is learnt from one set of photographs");
    command->require_subcommand(1);
    auto const options = std::make_shared<Options>();
    auto const add = [&](char const* verb, char const* what, char const* example, auto run) {
        auto* const sub = command->add_subcommand(verb, what);
        sub->add_option("PROJECT", options->name)->required();
        sub->footer(fmt::format("Example: {}\n", example));
        choose(*sub, chosen, options, run);
        return sub;
    };

    auto* const creating =
        add("create", "Make one", "ounce vision project create leopards --kind multiclass", create);
    creating->add_option("--kind", options->kind, "One tag a picture, or any number")
        ->check(CLI::IsMember({"multiclass", "multilabel"}))
        ->capture_default_str();
    creating->add_option("--description", options->description, "For people");
    creating->add_option("--domain", options->domain, "Decides what it can be exported to")
        ->capture_default_str();

    auto* const listing = command->add_subcommand("list", "Show all");
    listing->footer("Example: ounce vision project list\n");
    listing->callback([&chosen] { chosen = list; });

    add("show", "Show one with its tags and iterations", "ounce vision project show leopards", show);
    add("delete", "Remove one with all its pictures", "ounce vision project delete leopards", remove);
}

}  // namespace ounce::cli
