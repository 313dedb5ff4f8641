#include <filesystem>
#include <memory>

#include "cli/hub_command.hpp"
#include "cli/model_client.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"

namespace ounce::cli {
namespace {

struct Options {
    std::string model;  // NAME or NAME:VERSION
    std::string path;
    std::string description;
    std::vector<std::string> tags;
    std::vector<std::string> properties;
    bool latest = false;
    std::string out;
};

/// "leopard:3" -> the path of version 3, "leopard" -> of the latest.
std::string path_of_model(std::string const& model) {
    auto const colon = model.rfind(':');
    return colon == std::string::npos ? model_path(model, "latest")
                                      : model_path(model.substr(0, colon), model.substr(colon + 1));
}

std::string id_of(Json const& model) {
    return printable(text_member(model, "name") + ":" + text_member(model, "version"));
}

std::string labels(Json const& model, char const* key) {
    std::string text;
    if (!model.is_object() || !model.contains(key)) return text;
    for (auto const& [name, value] : model.at(key).items())
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", name,
                            value.is_string() ? value.get<std::string>() : dump_json(value));
    return text;
}

CommandResult add(Context const& context, Options const& options) {
    TRY(auto const tags, pairs_argument("--tag", options.tags));
    TRY(auto const properties, pairs_argument("--property", options.properties));
    TRY(auto const files, model_files(options.path));
    TRY(auto hub, open_hub(context));
    TRY_STATUS(send_files(hub, files, progress_for(context)));
    Json body{{"name", options.model},
              {"description", options.description},
              {"tags", tags},
              {"properties", properties},
              {"files", Json::array()}};
    for (auto const& file : files)
        body["files"].push_back({{"path", file.name}, {"sha256", file.sha256}, {"size", file.bytes}});
    std::error_code error;
    if (std::filesystem::is_directory(options.path, error))
        body["root"] = std::filesystem::canonical(options.path, error).filename().string();
    TRY(auto const model, hub.ask("POST", "/ounce/v1/models", body));
    print_result(context.json, OrderedJson(model), fmt::format("{}: registered\n", id_of(model)));
    return 0;
}

CommandResult list(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    std::string path =
        "/ounce/v1/models" + query_of({{"name", options.model}, {"latest", options.latest ? "true" : ""}});
    for (auto const& tag : options.tags) add_query(path, "tag", tag);
    auto models = Json::array();
    std::string next;
    do {
        auto more = path;
        if (!next.empty()) add_query(more, "next", next);
        TRY(auto const page, hub.get(more));
        if (page.is_object())
            for (auto const& each : page.value("models", Json::array())) models.push_back(each);
        next = text_member(page, "next");
    } while (!next.empty() && !context.stop.stop_requested());
    std::vector<std::vector<std::string>> rows{{"MODEL", "REGISTERED", "BYTES", "TAGS", "DESCRIPTION"}};
    for (auto const& each : models)
        rows.push_back({id_of(each), text_member(each, "created"), text_member(each, "size"),
                        labels(each, "tags"), text_member(each, "description")});
    print_result(context.json, {{"models", models}}, table(rows));
    return 0;
}

CommandResult show(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const model, hub.get(path_of_model(options.model)));
    auto text = table({{"model", id_of(model)},
                       {"registered", text_member(model, "created")},
                       {"description", text_member(model, "description")},
                       {"tags", labels(model, "tags")},
                       {"properties", labels(model, "properties")}});
    std::vector<std::vector<std::string>> rows{{"FILE", "BYTES", "SHA-256"}};
    for (auto const& file : model.is_object() ? model.value("files", Json::array()) : Json())
        rows.push_back({text_member(file, "path"), text_member(file, "size"), text_member(file, "sha256")});
    print_result(context.json, OrderedJson(model), text + "\n" + table(rows));
    return 0;
}

CommandResult download(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const model, hub.get(path_of_model(options.model)));
    TRY_STATUS(fetch_files(hub, model, options.out, progress_for(context)));
    print_result(context.json, {{"model", OrderedJson(model)}, {"path", options.out}},
                 fmt::format("{}: {} files, {} bytes, in {}\n", id_of(model),
                             model.value("files", Json::array()).size(), text_member(model, "size"),
                             printable(options.out)));
    return 0;
}

CommandResult remove(Context const& context, Options const& options) {
    if (options.model.find(':') == std::string::npos)
        return fail(Code::InvalidArgument, "{}: name the version too, as {}:1", options.model, options.model);
    TRY(auto hub, open_hub(context));
    TRY_STATUS(hub.ask("DELETE", path_of_model(options.model)));
    print_result(context.json, {{"deleted", options.model}},
                 fmt::format("{}: deleted\n", printable(options.model)));
    return 0;
}

}  // namespace

void add_model_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("model", "The models that the hub keeps, by name and version");
    command->require_subcommand(1);
    auto const options = std::make_shared<Options>();
    auto const verb = [&](char const* name, char const* what, char const* example, auto run) {
        auto* const sub = command->add_subcommand(name, what);
        sub->footer(fmt::format("Example: {}\n", example));
        choose(*sub, chosen, options, run);
        return sub;
    };

    auto* const adding = verb("register", "Keep a file, a folder or a model package as a new version",
                              "ounce model register leopard leopard.package --tag area=ladakh", add);
    adding->add_option("NAME", options->model, "The version is counted up")->required();
    adding->add_option("PATH", options->path, "File or folder")->required();
    adding->add_option("--description", options->description, "For people");
    adding->add_option("--tag", options->tags, "key=value, may change later (may be repeated)")
        ->allow_extra_args(false);
    adding->add_option("--property", options->properties, "key=value, stays as it is (may be repeated)")
        ->allow_extra_args(false);

    auto* const listing = verb("list", "Show them, newest first", "ounce model list --tag area=ladakh", list);
    listing->add_option("--name", options->model, "Of this name alone");
    listing->add_option("--tag", options->tags, "With this tag: key, or key=value (may be repeated)")
        ->allow_extra_args(false);
    listing->add_flag("--latest", options->latest, "Of each name the latest version alone");

    auto* const showing = verb("show", "Show one with its files", "ounce model show leopard", show);
    auto* const fetching = verb("download", "Fetch its files, each checked by its SHA-256",
                                "ounce model download leopard:3 --out leopard.package", download);
    auto* const removing = verb("delete", "Remove one version", "ounce model delete leopard:3", remove);
    for (auto* const sub : {showing, fetching})
        sub->add_option("MODEL", options->model, "NAME, or NAME:VERSION (default: the latest)")->required();
    removing->add_option("MODEL", options->model, "NAME:VERSION")->required();
    fetching->add_option("--out", options->out, "Folder to write; files that are there and right stay")
        ->required();
}

}  // namespace ounce::cli
