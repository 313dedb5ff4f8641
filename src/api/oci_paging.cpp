#include "api/oci_paging.hpp"

#include <algorithm>
#include <charconv>

#include "base/percent.hpp"

namespace ounce::api {
namespace {

constexpr std::size_t kCountMax = 1'000;

}  // namespace

Result<OciPage> parse_oci_page(Call const& call) {
    OciPage page{.count = kCountMax, .last = std::string(call.find_query("last").value_or(""))};
    if (auto const text = call.find_query("n")) {
        auto const* const end = text->data() + text->size();
        auto const [stop, error] = std::from_chars(text->data(), end, page.count);
        if (error != std::errc() || stop != end) return fail(Code::InvalidArgument, "n is a number");
    }
    return page;
}

Response oci_list(Json json, char const* key, std::vector<std::string> names, OciPage const& page,
                  std::string_view path) {
    auto const count = std::min(page.count, kCountMax);
    std::string next;
    if (names.size() > count) {
        names.resize(count);
        if (!names.empty())
            next = fmt::format("<{}?n={}&last={}>; rel=\"next\"", path, count, percent_encode(names.back()));
    }
    json[key] = names;
    auto response = json_response(json);
    if (!next.empty()) response.headers.add("Link", std::move(next));
    return response;
}

}  // namespace ounce::api
