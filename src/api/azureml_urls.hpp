#pragma once

#include <string>
#include <string_view>

#include "api/route.hpp"
#include "registry/artifacts.hpp"

namespace ounce::api {

/// The segments that name a workspace in every path of the Azure ML wire; {workspace} is free text.
#define OUNCE_AZUREML_WORKSPACE                            \
    "/subscriptions/{subscription}/resourceGroups/{group}" \
    "/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"

/// What this wire knows a caller by and answers with. Pure.

/// "https://hub.example:8443", as the caller wrote it in the Host header; "https://localhost" if that is no
/// host at all.
std::string hub_url(Call const& call);

/// "/subscriptions/…/workspaces/W" in the caller's own spelling.
std::string workspace_path(Call const& call);

/// An address to which the SDK puts a file, good for a day. It takes such an address apart and builds another
/// from "account.blob.suffix" and a path that it escapes again: so what it takes for the account is in fact
/// the user's name before '@', and the place is written in letters that need no escape (azureml-v1.md
/// section 4). A secret: not for logs.
std::string upload_url(Call const& call, ByteView signing_key, registry::ArtifactPlace const& place,
                       Time now);
/// The place in such an address's last segment. Errors: InvalidArgument.
Result<registry::ArtifactPlace> parse_upload_place(std::string_view segment);

/// An address from which anyone gets the blob for a day. A secret as well.
std::string download_url(Call const& call, ByteView signing_key, std::string_view digest, Time now);

}  // namespace ounce::api
