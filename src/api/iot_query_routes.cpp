#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "api/iot_route_parts.hpp"
#include "crypto/base64.hpp"
#include "iot/query.hpp"
#include "iot/twins.hpp"

namespace ounce::api {
namespace {

constexpr int kPageDefault = 100;
constexpr int kPageMax = 1'000;
constexpr std::size_t kPageBytesMax = 16 * 1024 * 1024;
constexpr int kStepTwins = 100;  // read at a time: everybody else waits for the database meanwhile

/// How far a query is: the last twin looked at, and how many rows were given. Clients send it back as text.
struct Place {
    iot::Name after;
    std::int64_t given = 0;

    [[nodiscard]] std::string to_text() const {
        return crypto::to_base64url(as_bytes(dump_json(Json::array({after.device, after.module, given}))));
    }
    static Result<Place> parse(std::string_view text) {
        auto const wrong = [] {
            return fail(Code::InvalidArgument, "x-ms-continuation is not one of this hub: begin anew");
        };
        auto const bytes = crypto::parse_base64url(text);
        if (!bytes) return wrong();
        auto const json = parse_json(as_text(*bytes), 2);
        if (!json || !json->is_array() || json->size() != 3 || !(*json)[0].is_string() ||
            !(*json)[1].is_string() || !(*json)[2].is_number_unsigned())
            return wrong();
        return Place{.after = {.device = (*json)[0], .module = (*json)[1]}, .given = (*json)[2]};
    }
};

Result<int> parse_page_size(Call const& call) {
    auto const text = call.request.headers.find("x-ms-max-item-count");
    if (!text || text->empty()) return kPageDefault;
    int size = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), size);
    if (error != std::errc() || end != text->data() + text->size() || size < 1)
        return fail(Code::InvalidArgument, "x-ms-max-item-count must be a whole number above 0");
    return std::min(size, kPageMax);
}

/// The twins behind `place` one after the other, until there are no more or `take` gives false.
template <class F>
Status for_each_twin(IotServices const& services, iot::Query const& query, Place& place, F take) {
    bool const modules = query.source() == iot::Query::Source::Modules;
    for (;;) {
        TRY(auto const twins, services.devices.run([&](iot::Work& work) {
            return iot::list_twins(work, modules, place.after, kStepTwins);
        }));
        if (twins.empty()) return {};
        for (auto const& twin : twins) {
            place.after = twin.identity.name;
            auto const json = iot::twin_to_json(twin, services.presence.of(twin.identity.name));
            if (!query.matches(json)) continue;
            TRY(auto const more, take(json));
            if (!more) return {};
        }
    }
}

Result<Response> aggregate(IotServices const& services, iot::Query const& query) {
    iot::Query::Groups groups(query);
    Place place;
    TRY_STATUS(for_each_twin(services, query, place, [&](Json const& twin) -> Result<bool> {
        TRY_STATUS(groups.add(twin));
        return true;
    }));
    auto response = json_response(groups.rows());
    response.headers.add("x-ms-item-type", "Raw");
    return response;
}

Result<Response> run_query(IotServices const& services, Call const& call) {
    TRY(auto const body, call.json());
    TRY(auto const text, json_member<std::string>(body, "query"));
    TRY(auto const query, iot::Query::parse(text));
    TRY(auto const page_size, parse_page_size(call));
    if (query.aggregates()) return aggregate(services, query);

    Place place;
    if (auto const text_of = call.request.headers.find("x-ms-continuation"); text_of && !text_of->empty()) {
        TRY(place, Place::parse(*text_of));
    }
    auto const top = query.top().value_or(std::numeric_limits<std::int64_t>::max());
    auto rows = Json::array();
    std::size_t bytes = 0;
    bool full = false;
    if (place.given < top)
        TRY_STATUS(for_each_twin(services, query, place, [&](Json const& twin) -> Result<bool> {
            rows.push_back(query.row(twin));
            bytes += dump_json(rows.back()).size();
            ++place.given;
            full = static_cast<int>(rows.size()) >= page_size || bytes >= kPageBytesMax;
            return !full && place.given < top;
        }));
    auto response = json_response(rows);
    response.headers.add("x-ms-item-type", query.selects_all() ? "Twin" : "Raw");
    // Left out at the end: the vendor's client takes an empty one for "there is more".
    if (full && place.given < top) response.headers.add("x-ms-continuation", place.to_text());
    return response;
}

}  // namespace

std::vector<Route> query_routes(IotServices const& services) {
    return {Route{.method = "POST",
                  .pattern = "/devices/query",
                  .access = Access::Key,
                  .right = crypto::Right::ServiceConnect,
                  .body = {.to = net::BodyPlan::To::Memory, .bytes_max = 64 * 1024},
                  .answer = versioned(Answer([services](Call& call) { return run_query(services, call); }))}};
}

}  // namespace ounce::api
