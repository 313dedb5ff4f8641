// Training, iterations, what they were measured at, publishing and exports.
#include "api/vision_handlers.hpp"
#include "api/vision_request.hpp"

namespace ounce::api {
namespace {

using project::Guid;

struct Named {
    Guid project;
    Guid iteration;
};
Result<Named> named(Call const& call) {
    TRY(auto project, path_guid(call, "project"));
    TRY(auto iteration, path_guid(call, "iteration"));
    return Named{std::move(project), std::move(iteration)};
}

OrderedJson shown(VisionContext& context, project::Iteration const& iteration) {
    return to_json(iteration, context.vision.progress(iteration.id));
}

Result<Response> train(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const body, json_body(call));
    project::TrainingRequest request;
    auto const type = call.find_query("trainingType").value_or("");
    request.advanced = net::same_name(type, "Advanced");
    if (!type.empty() && !request.advanced && !net::same_name(type, "Regular"))
        return fail_as(Code::InvalidArgument, "BadRequestInvalid",
                       "trainingType must be Regular or Advanced");
    TRY(auto const hours, number(call, "reservedBudgetInHours", 0, project::kBudgetHoursMax, 0));
    request.budget_hours = static_cast<int>(hours);
    TRY(request.force, flag(call, "forceTrain", false));
    TRY(request.selected_tags, guid_member(body, "selectedTags", project::kTagsMax));
    if (auto const base = body.find("customBaseModelInfo"); base != body.end() && !base->is_null())
        return fail_as(Code::InvalidArgument, "BadRequestNotSupported",
                       "A training here always begins from the same backbone, not from another iteration");
    TRY(auto const begun, context.vision.train(id, request));
    return json_response(shown(context, begun));
}

Result<Response> get_iterations(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const iterations, context.vision.ask([&](store::Database& database) {
        return project::list_iterations(database, id);
    }));
    auto json = OrderedJson::array();
    for (auto const& iteration : iterations) json.push_back(shown(context, iteration));
    return json_response(json);
}

Result<Response> get_iteration(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY(auto const iteration, context.vision.ask([&](store::Database& database) {
        return project::get_iteration(database, of.project, of.iteration);
    }));
    return json_response(shown(context, iteration));
}

Result<Response> update_iteration(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY(auto const body, json_body(call));
    TRY(auto const name, text_member(body, "name"));
    TRY(auto const iteration, context.vision.ask([&](store::Database& database) {
        if (!name) return project::get_iteration(database, of.project, of.iteration);
        return project::rename_iteration(database, of.project, of.iteration, *name, context.vision.now());
    }));
    return json_response(shown(context, iteration));
}

Result<Response> delete_iteration(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY_STATUS(context.vision.delete_iteration(of.project, of.iteration));
    return empty_response(204);
}

Result<Response> get_performance(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY(auto const threshold, number(call, "threshold", 0, 1, 0.5));
    TRY(auto const measured, context.vision.ask([&](store::Database& database) {
        return project::read_measured(database, of.project, of.iteration);
    }));
    return json_response(to_json(project::measure(measured.tags, measured.images, threshold), measured.tags));
}

Result<Response> get_image_performances(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY(auto const query, image_query(call));
    TRY(auto const found, context.vision.ask([&](store::Database& database) {
        return project::list_image_performances(database, of.project, of.iteration, query);
    }));
    auto const links = context.links(call);
    auto json = OrderedJson::array();
    for (auto const& image : found.images) json.push_back(to_json(image, found.tags, of.project, links));
    return json_response(json);
}

Result<Response> count_image_performances(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY(auto const query, image_query(call));
    TRY(auto const count, context.vision.ask([&](store::Database& database) {
        return project::count_image_performances(database, of.project, of.iteration, query);
    }));
    return json_response(OrderedJson(count));
}

Result<Response> publish(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY(auto const name, required_text(call, "publishName"));
    TRY(auto const target, required_text(call, "predictionId"));
    TRY(auto const overwrite, flag(call, "overwrite", false));
    TRY_STATUS(context.vision.publish(of.project, of.iteration, name, target, overwrite));
    return json_response(OrderedJson(true));
}

Result<Response> unpublish(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY_STATUS(context.vision.unpublish(of.project, of.iteration));
    return empty_response(204);
}

Result<Response> get_exports(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY(auto const exports, context.vision.ask([&](store::Database& database) {
        return project::list_exports(database, of.project, of.iteration);
    }));
    auto const links = context.links(call);
    auto json = OrderedJson::array();
    for (auto const& each : exports) json.push_back(to_json(each, of.project, of.iteration, links));
    return json_response(json);
}

/// Made before the answer, which takes a second or so: clients that wait for "Done" have nothing to wait for.
/// Asking again gives the export that is there, which the original refuses and its users complained about.
Result<Response> export_iteration(VisionContext& context, Call& call) {
    TRY(auto const of, named(call));
    TRY(auto const platform, required_text(call, "platform"));
    std::string const flavor(call.find_query("flavor").value_or(""));
    TRY(auto const made, context.vision.export_iteration(of.project, of.iteration, platform, flavor));
    return json_response(to_json(made, of.project, of.iteration, context.links(call)));
}

constexpr VisionOperation kOperations[] = {
    {"POST", "projects/{project}/train", kJsonBody, train},
    {"GET", "projects/{project}/iterations", kEmptyBody, get_iterations},
    {"GET", "projects/{project}/iterations/{iteration}", kEmptyBody, get_iteration},
    {"PATCH", "projects/{project}/iterations/{iteration}", kJsonBody, update_iteration},
    {"DELETE", "projects/{project}/iterations/{iteration}", kEmptyBody, delete_iteration},
    {"GET", "projects/{project}/iterations/{iteration}/performance", kEmptyBody, get_performance},
    {"GET", "projects/{project}/iterations/{iteration}/performance/images", kEmptyBody,
     get_image_performances},
    {"GET", "projects/{project}/iterations/{iteration}/performance/images/count", kEmptyBody,
     count_image_performances},
    {"POST", "projects/{project}/iterations/{iteration}/publish", kJsonBody, publish},
    {"DELETE", "projects/{project}/iterations/{iteration}/publish", kEmptyBody, unpublish},
    {"GET", "projects/{project}/iterations/{iteration}/export", kEmptyBody, get_exports},
    {"POST", "projects/{project}/iterations/{iteration}/export", kJsonBody, export_iteration},
};

}  // namespace

std::span<VisionOperation const> iteration_operations() {
    return kOperations;
}

Result<Response> download_export(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    auto const& name = call.parameter("name");  // "<iteration>.<platform>.zip"
    auto const dot = name.find('.');
    auto const iteration = Guid::parse(name.substr(0, dot));
    if (!iteration || dot == std::string::npos)
        return fail_as(Code::NotFound, "NotFoundIteration", "Invalid iteration");
    TRY(auto const exports, context.vision.ask([&](store::Database& database) {
        return project::list_exports(database, id, *iteration);
    }));
    for (auto const& each : exports) {
        if (name.substr(dot + 1) != each.platform + ".zip") continue;
        TRY(auto const path, context.vision.blobs().find(each.blob));
        Response response;
        response.headers.add("Content-Type", "application/zip");
        response.headers.add("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
        response.body = net::FileBody{path, 0, std::nullopt};
        return response;
    }
    return fail_as(Code::NotFound, "NotFound", "There is no such export");
}

}  // namespace ounce::api
