#include <cstdlib>
#include <string_view>

#include "iot/query.hpp"

namespace {

using namespace ounce;

bool refused(auto const& result) {
    if (!result && result.error().message.empty()) std::abort();
    return !result;
}

Json const& twin() {
    static auto const document = *parse_json(R"({"deviceId":"cam-1","status":"enabled","tags":{"site":"north",
        "n":3,"odd name":1,"deep":{"er":[1,2,{"x":null}]}},"properties":{"desired":{"rate":5,"on":true},
        "reported":{"t":-2.5,"none":null}},"capabilities":{"iotEdge":false},
        "configurations":{"dep-1":{"status":"Applied"}}})");
    return document;
}

/// The words lie behind one another, and the last is the end.
void check_words(std::string_view text) {
    auto const words = iot::split_query(text);
    if (refused(words)) return;
    if (words->back().kind != iot::QueryToken::Kind::End || words->back().place != text.size()) std::abort();
    for (std::size_t i = 1; i < words->size(); ++i)
        if ((*words)[i].place <= (*words)[i - 1].place) std::abort();
}

}  // namespace

// A query as somebody with the right to read twins sends it, run over a twin and over nothing.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    check_words(text);
    auto const query = iot::Query::parse(text);
    if (refused(query)) return 0;
    iot::Query::Groups groups(*query);
    for (auto const& document : {twin(), Json::object()}) {
        bool const holds = query->matches(document);
        if (holds != query->matches(document)) std::abort();
        if (!holds) continue;
        if (query->aggregates())
            refused(groups.add(document));
        else if (dump_json(query->row(document)).size() < 2)
            std::abort();
    }
    if (query->aggregates() && !groups.rows().is_array()) std::abort();
    return 0;
}
