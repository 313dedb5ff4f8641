#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "cli/vision_client.hpp"
#include "cli/vision_commands.hpp"

namespace ounce::cli {
namespace {

struct Options {
    std::string project;
    std::string tag;
    std::string description;
    bool negative = false;
};

CommandResult create(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    TRY(auto const tag, hub.ask("POST", training_path({"projects", text_member(project, "id"), "tags"}) +
                                            query_of({{"name", options.tag},
                                                      {"description", options.description},
                                                      {"type", options.negative ? "Negative" : "Regular"}})));
    print_result(context.json, OrderedJson(tag),
                 fmt::format("{}: created, id {}\n", printable(options.tag), text_member(tag, "id")));
    return 0;
}

CommandResult list(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    TRY(auto const tags, hub.get(training_path({"projects", text_member(project, "id"), "tags"})));
    std::vector<std::vector<std::string>> rows{{"TAG", "PICTURES", "TYPE", "ID"}};
    for (auto const& tag : tags)
        rows.push_back({text_member(tag, "name"), text_member(tag, "imageCount"), text_member(tag, "type"),
                        text_member(tag, "id")});
    print_result(context.json, {{"tags", tags}}, table(rows));
    return 0;
}

CommandResult remove(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    auto const project_id = text_member(project, "id");
    TRY(auto const tags, hub.get(training_path({"projects", project_id, "tags"})));
    TRY(auto const tag, find_named(tags, options.tag, "tag"));
    TRY_STATUS(hub.ask("DELETE", training_path({"projects", project_id, "tags", text_member(tag, "id")})));
    print_result(context.json, {{"deleted", text_member(tag, "id")}},
                 fmt::format("{}: deleted; its pictures stay\n", printable(options.tag)));
    return 0;
}

}  // namespace

void add_vision_tag_command(CLI::App& vision, Chosen& chosen) {
    auto* const command = vision.add_subcommand("tag", "What pictures of a project may show");
    command->require_subcommand(1);
    auto const options = std::make_shared<Options>();
    auto const add = [&](char const* verb, char const* what, char const* example, bool names_tag, auto run) {
        auto* const sub = command->add_subcommand(verb, what);
        sub->add_option("PROJECT", options->project)->required();
        if (names_tag) sub->add_option("TAG", options->tag)->required();
        sub->footer(fmt::format("Example: {}\n", example));
        choose(*sub, chosen, options, run);
        return sub;
    };
    auto* const creating =
        add("create", "Make one", "ounce vision tag create leopards snow-leopard", true, create);
    creating->add_flag("--negative", options->negative, "It means none of the others, for example empty");
    creating->add_option("--description", options->description, "For people");
    add("list", "Show those of a project", "ounce vision tag list leopards", false, list);
    add("delete", "Take it from its pictures, and away", "ounce vision tag delete leopards goat", true,
        remove);
}

}  // namespace ounce::cli
