#pragma once

#include "api/route.hpp"
#include "crypto/keyring.hpp"
#include "project/vision.hpp"

namespace ounce::api {

/// The vision wire, as the vendor's training and prediction clients speak it (custom-vision-api.md):
///   /customvision/{version}/training/...    Training-Key: Right::Train
///   /customvision/{version}/prediction/...  Prediction-Key: Right::Predict
///   /customvision/files/..., /exports/...   what their answers link to, by signed URL
/// docs/VISION.md lists what is built; operations that are not answer 400 BadRequestOperationNotSupported.
/// `vision` and `keyring` must outlive the routes.
RouteGroup vision_routes(project::Vision& vision, crypto::Keyring const& keyring);

}  // namespace ounce::api
