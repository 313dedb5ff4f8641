#include "api/azureml_urls.hpp"

#include <algorithm>
#include <chrono>

#include "base/percent.hpp"
#include "crypto/base64.hpp"
#include "crypto/signed_url.hpp"

namespace ounce::api {
namespace {

constexpr std::chrono::hours kAddressLife{24};  // a large file over a bad link

std::string host_of(Call const& call) {
    auto const host = call.request.headers.find("Host").value_or("");
    auto const is_host_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-' || c == ':' || c == '[' || c == ']';
    };
    if (host.empty() || host.size() > 255 || !std::ranges::all_of(host, is_host_letter)) return "localhost";
    return std::string(host);
}

}  // namespace

std::string hub_url(Call const& call) {
    return "https://" + host_of(call);
}

std::string workspace_path(Call const& call) {
    return fmt::format(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
        percent_encode(call.parameter("subscription")), percent_encode(call.parameter("group")),
        percent_encode(call.parameter("workspace")));
}

std::string upload_url(Call const& call, ByteView signing_key, registry::ArtifactPlace const& place,
                       Time now) {
    auto const text = fmt::format("{}/{}/{}", place.origin, place.container, place.path);
    auto const path = "/blob/upload/" + crypto::to_base64url(as_bytes(text));
    return fmt::format("https://ounce.blob.@{}{}?{}", host_of(call), path,
                       crypto::sign_url(signing_key, crypto::UrlAccess::Write, path, now + kAddressLife));
}

Result<registry::ArtifactPlace> parse_upload_place(std::string_view segment) {
    TRY(auto const bytes, crypto::parse_base64url(segment));
    auto const text = as_text(bytes);
    auto const first = text.find('/');
    auto const second = first == std::string_view::npos ? first : text.find('/', first + 1);
    if (second == std::string_view::npos) return fail(Code::InvalidArgument, "this address names no file");
    return registry::ArtifactPlace{.origin = std::string(text.substr(0, first)),
                                   .container = std::string(text.substr(first + 1, second - first - 1)),
                                   .path = std::string(text.substr(second + 1))};
}

std::string download_url(Call const& call, ByteView signing_key, std::string_view digest, Time now) {
    auto const path = fmt::format("/blob/content/{}", digest);
    return fmt::format("{}{}?{}", hub_url(call), path,
                       crypto::sign_url(signing_key, crypto::UrlAccess::Read, path, now + kAddressLife));
}

}  // namespace ounce::api
