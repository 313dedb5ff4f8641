#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "api/iot_route_parts.hpp"
#include "iot/query.hpp"
#include "iot/query_place.hpp"
#include "iot/twins.hpp"

namespace ounce::api {
namespace {

constexpr int kPageDefault = 100;
constexpr int kPageMax = 1'000;
constexpr std::size_t kPageBytesMax = 16 * 1024 * 1024;
constexpr int kStepTwins = 100;  // read at a time: everybody else waits for the database meanwhile

Result<int> parse_page_size(Call const& call) {
    auto const text = call.request.headers.find("x-ms-max-item-count");
    if (!text || text->empty()) return kPageDefault;
    int size = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), size);
    if (error != std::errc() || end != text->data() + text->size() || size < 1)
        return fail(Code::InvalidArgument, "x-ms-max-item-count must be a whole number above 0");
    return std::min(size, kPageMax);
}

/// The twins that match behind `after` one after the other, until there are no more or `take` gives false.
template <class F>
Status for_each_twin(IotServices const& services, iot::Query const& query, iot::Name after, F take) {
    bool const modules = query.source() == iot::Query::Source::Modules;
    for (;;) {
        TRY(auto const twins, services.devices.run([&](iot::Work& work) {
            return iot::list_twins(work, modules, after, kStepTwins);
        }));
        if (twins.empty()) return {};
        for (auto const& twin : twins) {
            after = twin.identity.name;
            auto const json = iot::twin_to_json(twin, services.presence.of(after));
            if (!query.matches(json)) continue;
            TRY(auto const more, take(after, json));
            if (!more) return {};
        }
    }
}

Result<Response> aggregate(IotServices const& services, iot::Query const& query) {
    iot::Query::Groups groups(query);
    TRY_STATUS(for_each_twin(services, query, {}, [&](iot::Name const&, Json const& twin) -> Result<bool> {
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

    iot::QueryPlace place;
    if (auto const text_of = call.request.headers.find("x-ms-continuation"); text_of && !text_of->empty()) {
        auto parsed = iot::QueryPlace::parse(*text_of);
        if (!parsed) return fail(parsed.error().in("x-ms-continuation"));
        place = std::move(*parsed);
    }
    auto const top = query.top().value_or(std::numeric_limits<std::int64_t>::max());
    auto rows = Json::array();
    std::size_t bytes = 0;
    bool more = false;
    auto const take = [&](iot::Name const& name, Json const& twin) -> Result<bool> {
        more = static_cast<int>(rows.size()) >= page_size || bytes >= kPageBytesMax;
        if (more) return false;
        rows.push_back(query.row(twin));
        bytes += dump_json(rows.back()).size();
        place = {.after = name, .given = place.given + 1};
        return place.given < top;
    };
    if (place.given < top) TRY_STATUS(for_each_twin(services, query, place.after, take));
    auto response = json_response(rows);
    response.headers.add("x-ms-item-type", query.selects_all() ? "Twin" : "Raw");
    // Left out at the end: the vendor's client takes an empty one for "there is more".
    if (more) response.headers.add("x-ms-continuation", place.to_text());
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
