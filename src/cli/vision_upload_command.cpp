#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/picture_upload.hpp"
#include "cli/vision_client.hpp"
#include "cli/vision_commands.hpp"

namespace ounce::cli {
namespace {

constexpr std::size_t kProblemsShown = 10;

struct Options {
    std::string project;
    std::vector<std::string> paths;
    Tagging tagging;
    std::string negative;
    int connections = 8;
};

using TagIds = std::map<std::string, std::string>;

Result<TagIds> tags_of(HubClient& hub, std::string const& project) {
    TRY(auto const tags, hub.get(training_path({"projects", project, "tags"})));
    TagIds ids;
    for (auto const& tag : tags) ids[text_member(tag, "name")] = text_member(tag, "id");
    return ids;
}

/// The ids of the project's tags, with those of `names` made that it lacks.
Result<TagIds> make_tags(HubClient& hub, std::string const& project, std::set<std::string> const& names,
                         std::string const& negative) {
    TRY(auto ids, tags_of(hub, project));
    for (auto const& name : names) {
        if (ids.contains(name)) continue;
        auto const tag = hub.ask(
            "POST", training_path({"projects", project, "tags"}) +
                        query_of({{"name", name}, {"type", name == negative ? "Negative" : "Regular"}}));
        if (tag) {
            ids[name] = text_member(*tag, "id");
            continue;
        }
        if (tag.error().reason != "BadRequestTagNameNotUnique") return fail(tag.error());
        TRY(ids, tags_of(hub, project));  // another upload made it meanwhile
        if (!ids.contains(name)) return fail(tag.error());
    }
    return ids;
}

struct Tally {
    std::size_t added = 0;
    std::size_t already_there = 0;
    std::size_t failed = 0;
    std::size_t not_tried = 0;
    OrderedJson problems = OrderedJson::array();
    std::string text;  // the first of them
};

Tally tally(std::vector<PlannedPicture> const& plan, std::vector<UploadOutcome> const& outcomes) {
    using Kind = UploadOutcome::Kind;
    Tally sum;
    for (std::size_t i = 0; i < plan.size(); ++i) {
        auto const& [kind, why] = outcomes[i];
        sum.added += kind == Kind::Added ? 1 : 0;
        sum.already_there += kind == Kind::AlreadyThere ? 1 : 0;
        sum.not_tried += kind == Kind::NotTried ? 1 : 0;
        if (kind != Kind::Refused && kind != Kind::Failed) continue;
        auto const path = plan[i].path.string();
        sum.problems.push_back({{"path", path}, {"why", why}});
        if (sum.failed++ < kProblemsShown)
            sum.text += fmt::format("  {}: {}\n", printable(path), printable(in_words(outcomes[i])));
    }
    if (sum.failed > kProblemsShown) sum.text += fmt::format("  and {} more\n", sum.failed - kProblemsShown);
    return sum;
}

CommandResult upload(Context const& context, Options const& options) {
    TRY(auto const plan, plan_upload({options.paths.begin(), options.paths.end()}, options.tagging));
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    auto const id = text_member(project, "id");
    if (!options.negative.empty() && !tags_in(plan).contains(options.negative))
        return fail(Code::InvalidArgument, "--negative {}: no picture here has that tag", options.negative);
    // A tag without pictures would stand in the way of training: what is no picture makes none.
    TRY(auto const ids, make_tags(hub, id, tags_in(likely_pictures(plan)), options.negative));

    auto const outcomes =
        upload_pictures(hub, id, plan, ids, options.connections, context.stop, progress_for(context));
    auto const sum = tally(plan, outcomes);
    OrderedJson const object{{"project", id},
                             {"added", sum.added},
                             {"alreadyThere", sum.already_there},
                             {"failed", sum.problems},
                             {"notTried", sum.not_tried}};
    auto const words = fmt::format("{} added, {} already there, {} failed\n{}", sum.added, sum.already_there,
                                   sum.failed, sum.text);
    if (sum.not_tried == 0) {
        print_result(context.json, object, words);
        return sum.failed > 0 ? kSomeFailed : 0;
    }
    if (!context.json) print(words);
    return fail(context.stop.stop_requested() ? Code::Cancelled : Code::Unavailable,
                "stopped with {} of {} pictures left; run it again to go on where it was", sum.not_tried,
                plan.size());
}

}  // namespace

void add_vision_upload_command(CLI::App& vision, Chosen& chosen) {
    auto* const command = vision.add_subcommand("upload", "Send photographs to a project");
    auto const options = std::make_shared<Options>();
    command->add_option("PROJECT", options->project)->required();
    command->add_option("PICTURES", options->paths, "Pictures, or folders with one folder for each tag")
        ->required();
    auto* const tag = command->add_option(
        "--tag", options->tagging.tags, "All of them have this tag, whatever their folder (may be repeated)");
    tag->allow_extra_args(false);
    command->add_flag("--untagged", options->tagging.untagged, "They get no tag yet")->excludes(tag);
    command->add_option("--negative", options->negative,
                        "The tag that means none of these, for example empty; only where it is new");
    command->add_option("--connections", options->connections, "Pictures on their way at a time")
        ->check(CLI::Range(1, 32))
        ->capture_default_str();
    command->footer(
        "Tags that the project lacks are made. A picture that it has already is not stored again: an upload\n"
        "that was cut off goes on when it is run again. Exit status 3 if some pictures were refused.\n"
        "Example: ounce vision upload leopards photographs/ --negative empty\n");
    choose(*command, chosen, options, upload);
}

}  // namespace ounce::cli
