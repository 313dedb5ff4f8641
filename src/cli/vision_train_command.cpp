#include <cstdio>
#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/vision_client.hpp"
#include "cli/vision_commands.hpp"

namespace ounce::cli {
namespace {

constexpr std::chrono::seconds kPollInterval{1};

struct Options {
    std::string project;
    bool advanced = false;
    int budget_hours = 1;
    bool force = false;
    bool no_wait = false;
};

bool is_running(Json const& iteration) {
    auto const status = text_member(iteration, "status");
    return status == "Training" || status == "Queued";
}

/// Asks until the training has ended, telling how far it is.
Result<Json> wait_for_training(Context const& context, HubClient& hub, std::string const& project,
                               Json iteration) {
    auto const progress = progress_for(context);
    auto const id = text_member(iteration, "id");
    for (;;) {
        if (!is_running(iteration)) return iteration;
        auto const done = iteration.value("ounceProgress", Json::object());
        progress({done.value("step", std::string("training")), done.value("done", std::uint64_t{0}),
                  done.value("total", std::uint64_t{0})});
        if (!pause(kPollInterval, context.stop))
            return fail(Code::Cancelled,
                        "stopped waiting; the hub goes on training iteration {} ('ounce vision project show' "
                        "tells its status)",
                        text_member(iteration, "name"));
        TRY(iteration, hub.get(training_path({"projects", project, "iterations", id})));
    }
}

/// What a person who wants training gets, and how it came to that.
struct Begun {
    Json iteration;
    enum class How { New, Running, NotNeeded } how = How::New;
};

/// Begins to train, or finds the iteration that makes it needless: one that is being trained (by an earlier
/// command that was stopped, perhaps), or the last one if nothing changed since.
Result<Begun> begin(HubClient& hub, std::string const& project, Options const& options) {
    auto const path = training_path({"projects", project, "train"}) +
                      query_of({{"trainingType", options.advanced ? "Advanced" : "Regular"},
                                {"reservedBudgetInHours",
                                 options.advanced ? std::to_string(options.budget_hours) : std::string("0")},
                                {"forceTrain", options.force ? "true" : "false"}});
    for (bool again = false;; again = true) {
        auto iteration = hub.ask("POST", path);
        if (iteration) return Begun{*std::move(iteration)};
        auto const& refused = iteration.error();
        if (refused.reason == "BadRequestTrainingNotNeeded") {
            TRY(auto last, find_iteration(hub, project, ""));
            return Begun{std::move(last), Begun::How::NotNeeded};
        }
        if (refused.reason != "BadRequestTrainingAlreadyInProgress") return fail(refused);
        TRY(auto const iterations, hub.get(training_path({"projects", project, "iterations"})));
        for (auto const& each : iterations)
            if (is_running(each)) return Begun{each, Begun::How::Running};
        if (again) return fail(refused);  // the first time it may have ended meanwhile
    }
}

CommandResult train(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    auto const id = text_member(project, "id");
    TRY(auto begun, begin(hub, id, options));
    auto& [iteration, how] = begun;
    auto const name = printable(text_member(iteration, "name"));
    if (how == Begun::How::NotNeeded) {
        print_result(
            context.json, OrderedJson(iteration),
            fmt::format("{}: is trained already, and nothing changed since; --force trains again\n", name));
        return 0;
    }
    bool const joined = how == Begun::How::Running;
    if (options.no_wait) {
        print_result(context.json, OrderedJson(iteration),
                     fmt::format("{}: {}\n", name, joined ? "is being trained already" : "training begun"));
        return 0;
    }
    if (joined && !context.quiet)
        std::fprintf(stderr, "ounce: %s is being trained already; waiting for it\n", name.c_str());
    TRY(iteration, wait_for_training(context, hub, id, std::move(iteration)));
    auto const status = text_member(iteration, "status");
    if (status != "Completed")
        return fail(Code::FailedPrecondition, "{}: {}: {}", name, status,
                    printable(text_member(iteration, "trainingErrorDetails")));
    print_result(context.json, OrderedJson(iteration),
                 fmt::format("{}: trained; 'ounce vision performance {}' tells how good it is\n", name,
                             printable(options.project)));
    return 0;
}

struct PublishOptions {
    std::string project;
    std::string iteration;
    std::string as;
    bool remove = false;
};

CommandResult publish(Context const& context, PublishOptions const& options) {
    if (options.as.empty() != options.remove)
        return fail(Code::InvalidArgument, "give --as NAME, or --remove");
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    auto const id = text_member(project, "id");
    TRY(auto const iteration, find_iteration(hub, id, options.iteration));
    auto const path = training_path({"projects", id, "iterations", text_member(iteration, "id"), "publish"});
    auto const name = printable(text_member(iteration, "name"));
    if (options.remove) {
        TRY_STATUS(hub.ask("DELETE", path));
        print_result(context.json, {{"unpublished", text_member(iteration, "id")}},
                     fmt::format("{}: no longer published\n", name));
        return 0;
    }
    TRY_STATUS(hub.ask(
        "POST",
        path + query_of({{"publishName", options.as}, {"predictionId", "ounce"}, {"overwrite", "true"}})));
    print_result(context.json,
                 {{"project", id}, {"iteration", text_member(iteration, "id")}, {"publishName", options.as}},
                 fmt::format("{}: published as '{}'; 'ounce vision classify {} {} PICTURE' asks it\n", name,
                             printable(options.as), printable(options.project), printable(options.as)));
    return 0;
}

}  // namespace

void add_vision_train_command(CLI::App& vision, Chosen& chosen) {
    auto* const command = vision.add_subcommand("train", "Learn from the tagged pictures of a project");
    auto const options = std::make_shared<Options>();
    command->add_option("PROJECT", options->project)->required();
    auto* const advanced =
        command->add_flag("--advanced", options->advanced, "Look at changed copies of each picture too");
    command->add_option("--budget", options->budget_hours, "Hours that --advanced may take")
        ->check(CLI::Range(1, 96))
        ->needs(advanced)
        ->capture_default_str();
    command->add_flag("--force", options->force, "Also if nothing changed since the last training");
    command->add_flag("--no-wait", options->no_wait, "Begin, and do not wait for the end");
    command->footer("Example: ounce vision train leopards\n");
    choose(*command, chosen, options, train);
}

void add_vision_publish_command(CLI::App& vision, Chosen& chosen) {
    auto* const command = vision.add_subcommand("publish", "Let a trained iteration be asked under a name");
    auto const options = std::make_shared<PublishOptions>();
    command->add_option("PROJECT", options->project)->required();
    command->add_option("--iteration", options->iteration, "Which (default: the one trained last)");
    auto* const as =
        command->add_option("--as", options->as, "The name; an iteration that has it gives it up");
    command->add_flag("--remove", options->remove, "Publish it no longer")->excludes(as);
    command->footer("Example: ounce vision publish leopards --as current\n");
    choose(*command, chosen, options, publish);
}

}  // namespace ounce::cli
