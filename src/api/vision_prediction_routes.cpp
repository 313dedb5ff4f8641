// Predictions: by a published name, and quick tests.
#include "api/picture_body.hpp"
#include "api/vision_error.hpp"
#include "api/vision_handlers.hpp"
#include "api/vision_request.hpp"

namespace ounce::api {
namespace {

using project::Guid;

Result<Response> answer(VisionContext& context, Call& call, project::LoadedModel const& model,
                        std::size_t bytes_max) {
    TRY(auto const body, BodyBytes::of(call.request));
    TRY(auto const picture, sent_picture(call.request, body.bytes(), bytes_max));
    TRY(auto const predictions, context.vision.answer(model, picture));
    auto const id = Guid::random();
    auto response = json_response(OrderedJson{{"id", id.text()},
                                              {"project", model.about().project.text()},
                                              {"iteration", model.about().iteration.text()},
                                              {"created", to_iso8601(context.vision.now())},
                                              {"predictions", to_json(predictions, !is_version_3_0(call))}});
    add_vision_headers(response, id.text());
    return response;
}

Result<Response> classify(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const model, context.vision.published_model(id, call.parameter("name")));
    return answer(context, call, *model, kPredictedBytesMax);
}

Result<Response> quick_test(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const iteration, find_guid(call, "iterationId"));
    TRY(auto const model, context.vision.trained_model(id, iteration));
    return answer(context, call, *model, project::kPictureBytesMax);
}

/// Whoever makes the hub fetch an address makes it look at a network that the caller may not see.
Result<Response> by_address(VisionContext&, Call&) {
    return fail_as(Code::InvalidArgument, "BadRequestImageUrl",
                   "This hub fetches no addresses: send the picture's bytes to .../image");
}

Result<Response> detect(VisionContext&, Call&) {
    return fail_as(Code::InvalidArgument, "BadRequestNotSupported", "Invalid project type for operation.");
}

constexpr VisionOperation kQuickTests[] = {
    {"POST", "projects/{project}/quicktest/image", kPictureBody, quick_test},
    {"POST", "projects/{project}/quicktest/url", kJsonBody, by_address},
};

constexpr VisionOperation kPredictions[] = {
    {"POST", "{project}/classify/iterations/{name}/image", kPredictedBody, classify},
    {"POST", "{project}/classify/iterations/{name}/image/nostore", kPredictedBody, classify},
    {"POST", "{project}/classify/iterations/{name}/url", kJsonBody, by_address},
    {"POST", "{project}/classify/iterations/{name}/url/nostore", kJsonBody, by_address},
    {"POST", "{project}/detect/iterations/{name}/image", kPredictedBody, detect},
    {"POST", "{project}/detect/iterations/{name}/image/nostore", kPredictedBody, detect},
    {"POST", "{project}/detect/iterations/{name}/url", kJsonBody, detect},
    {"POST", "{project}/detect/iterations/{name}/url/nostore", kJsonBody, detect},
};

}  // namespace

std::span<VisionOperation const> quick_test_operations() {
    return kQuickTests;
}

std::span<VisionOperation const> prediction_operations() {
    return kPredictions;
}

}  // namespace ounce::api
