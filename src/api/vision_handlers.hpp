#pragma once

#include <array>
#include <string>

#include "api/route.hpp"
#include "api/vision_json.hpp"
#include "crypto/keyring.hpp"
#include "project/vision.hpp"

namespace ounce::api {

/// What the handlers of the vision wire work with; all borrowed from the hub.
struct VisionContext {
    project::Vision& vision;
    crypto::Keyring const& keyring;

    /// Links for an answer to this request: to the host that it was sent to.
    [[nodiscard]] VisionLinks links(Call const& call) const;
};

/// Answers one operation. On a worker's thread.
using VisionHandler = Result<Response> (*)(VisionContext&, Call&);

/// One operation of the wire: a line of a table. `path`: below /customvision/{version}/training or
/// /prediction.
struct VisionOperation {
    std::string_view method;
    std::string_view path;
    net::BodyPlan body;
    VisionHandler handler;
};

inline constexpr net::BodyPlan kEmptyBody{.to = net::BodyPlan::To::Memory, .bytes_max = 64 << 10};
inline constexpr net::BodyPlan kJsonBody{.to = net::BodyPlan::To::Memory, .bytes_max = 1 << 20};
/// 64 pictures of 6 MB and what is around them; as base64 the same in text.
inline constexpr net::BodyPlan kPicturesBody{.to = net::BodyPlan::To::File, .bytes_max = 400ull << 20};
inline constexpr net::BodyPlan kPicturesTextBody{.to = net::BodyPlan::To::File, .bytes_max = 540ull << 20};
inline constexpr std::size_t kPredictedBytesMax = 4 << 20;
inline constexpr net::BodyPlan kPredictedBody{.to = net::BodyPlan::To::Memory,
                                              .bytes_max = kPredictedBytesMax + (64 << 10)};
inline constexpr net::BodyPlan kPictureBody{.to = net::BodyPlan::To::Memory,
                                            .bytes_max = project::kPictureBytesMax + (64 << 10)};

// The operations by what they are about; each file has its table.
std::span<VisionOperation const> project_operations();     // vision_project_routes.cpp: domains and tags too
std::span<VisionOperation const> image_operations();       // vision_image_routes.cpp
std::span<VisionOperation const> upload_operations();      // vision_upload_routes.cpp
std::span<VisionOperation const> iteration_operations();   // vision_iteration_routes.cpp
std::span<VisionOperation const> quick_test_operations();  // vision_prediction_routes.cpp
std::span<VisionOperation const> prediction_operations();  // the same; below /prediction

/// GET of what links lead to.
Result<Response> download_image(VisionContext& context, Call& call);   // vision_image_routes.cpp
Result<Response> download_export(VisionContext& context, Call& call);  // vision_iteration_routes.cpp

}  // namespace ounce::api
