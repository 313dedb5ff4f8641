#pragma once

#include "api/route.hpp"

namespace ounce::api {

/// How the services of Azure ML say an error so that its SDK shows the text (azureml-v1.md section 8).
/// PermissionDenied is 401 in all of them but the blobs: the SDK hides what a 403 says. Pure.

/// {"error": {"code", "message", "details": []}, …}: history, artifacts, the resource manager.
Response azureml_history_error(Error const& error);
/// {"code", "statusCode", "message", "details", "correlation": {"Reason": …}}: models and assets.
Response azureml_model_error(Error const& error);
/// {"error", "error_description"}: login.
Response azureml_login_error(Error const& error);
/// <Error><Code/><Message/></Error>: blobs.
Response azureml_blob_error(Error const& error);

}  // namespace ounce::api
