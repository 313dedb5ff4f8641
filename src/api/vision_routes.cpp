#include "api/vision_routes.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>

#include "api/vision_error.hpp"
#include "api/vision_handlers.hpp"

namespace ounce::api {
namespace {

using crypto::Right;

constexpr std::array<std::string_view, 5> kTrainingVersions{"v3.0", "v3.1", "v3.2", "v3.3", "v3.4-preview"};
constexpr std::array<std::string_view, 6> kPredictionVersions{"v3.0", "v3.1", "v3.2",
                                                              "v3.3", "v3.4", "v3.4-preview"};

/// Operations that clients know and that are not built here.
Result<Response> not_built(VisionContext&, Call&) {
    return fail_as(Code::Unimplemented, "BadRequestOperationNotSupported",
                   "This operation is not built here: docs/VISION.md lists those that are");
}

constexpr VisionOperation kNotBuilt[] = {
    {"GET", "projects/{project}/artifacts", kEmptyBody, not_built},
    {"GET", "projects/{project}/export", kEmptyBody, not_built},
    {"POST", "projects/import", kJsonBody, not_built},
    {"POST", "projects/{project}/images/{image}/regionproposals", kJsonBody, not_built},
    {"POST", "projects/{project}/images/predictions", kJsonBody, not_built},
    {"POST", "projects/{project}/images/regions", kJsonBody, not_built},
    {"DELETE", "projects/{project}/images/regions", kEmptyBody, not_built},
    {"POST", "projects/{project}/images/suggested", kJsonBody, not_built},
    {"POST", "projects/{project}/images/suggested/count", kJsonBody, not_built},
    {"DELETE", "projects/{project}/predictions", kEmptyBody, not_built},
    {"POST", "projects/{project}/predictions/query", kJsonBody, not_built},
    {"POST", "projects/{project}/tagsandregions/suggestions", kJsonBody, not_built},
};

/// What routes hold on to: the patterns that they were given as views.
struct Held {
    VisionContext context;
    std::deque<std::string> patterns;
};

class Table {
  public:
    explicit Table(std::shared_ptr<Held> held) : held_(std::move(held)) {}

    void add(std::string_view prefix, Right right, std::span<std::string_view const> versions,
             std::span<VisionOperation const> operations) {
        for (auto const& operation : operations) {
            auto const& pattern = held_->patterns.emplace_back(fmt::format("{}/{}", prefix, operation.path));
            routes.push_back({operation.method, pattern, Access::Key, right, operation.body,
                              answer(operation.handler, versions)});
        }
    }
    void add_link(std::string_view pattern, VisionHandler handler) {
        routes.push_back({"GET", pattern, Access::SignedUrl, {}, kEmptyBody, answer(handler, {})});
    }

    std::vector<Route> routes;

  private:
    Answer answer(VisionHandler handler, std::span<std::string_view const> versions) {
        return [held = held_, handler, versions](Call& call) -> Result<Response> {
            auto const known = [&](std::string_view version) {
                return net::same_name(version, call.parameter("version"));
            };
            if (!versions.empty() && std::ranges::none_of(versions, known))
                return fail_as(Code::NotFound, "RouteNotFound", "unknown version");
            auto response = handler(held->context, call);
            if (response) add_vision_headers(*response);
            // A full disk is nothing that the caller sent.
            if (!response && response.error().code == Code::ResourceExhausted &&
                response.error().reason.empty()) {
                auto error = response.error();
                error.reason = "ErrorUnknown";
                return fail(std::move(error));
            }
            return response;
        };
    }

    std::shared_ptr<Held> held_;
};

}  // namespace

VisionLinks VisionContext::links(Call const& call) const {
    auto const host = call.request.headers.find("Host").value_or("");
    auto const may_be_in_a_host = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
               c == '-' || c == ':' || c == '[' || c == ']' || c == '_';
    };
    bool const plain = !host.empty() && host.size() <= 300 && std::ranges::all_of(host, may_be_in_a_host);
    return {fmt::format("https://{}", plain ? host : std::string_view(keyring.hosts().front())),
            keyring.signing_key(), vision.now()};
}

RouteGroup vision_routes(project::Vision& vision, crypto::Keyring const& keyring) {
    Table table(std::make_shared<Held>(Held{VisionContext{vision, keyring}, {}}));
    auto const training = [&](std::span<VisionOperation const> operations) {
        table.add("/customvision/{version}/training", Right::Train, kTrainingVersions, operations);
    };
    training(project_operations());
    training(image_operations());
    training(upload_operations());
    training(iteration_operations());
    training(quick_test_operations());
    training(kNotBuilt);
    table.add("/customvision/{version}/prediction", Right::Predict, kPredictionVersions,
              prediction_operations());
    table.add_link("/customvision/files/{project}/{name}", download_image);
    table.add_link("/customvision/exports/{project}/{name}", download_export);
    return {"vision", "/customvision", vision_error, std::move(table.routes)};
}

}  // namespace ounce::api
