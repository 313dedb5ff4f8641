#include <cstdlib>
#include <string_view>

#include "train/background_head.hpp"
#include "train/dataset.hpp"
#include "train/linear_head.hpp"

namespace {

using namespace ounce;

/// A refusal says why.
template <class T>
void expect_reason(Result<T> const& result) {
    if (!result && result.error().message.empty()) std::abort();
}

void read_listing(std::string_view csv) {
    auto const listing = train::parse_listing(csv, "/pictures");
    expect_reason(listing);
    if (!listing) return;
    for (auto const& picture : listing->pictures)
        if (picture.path.empty() || picture.name.empty()) std::abort();
    for (auto const kind : {vision::Kind::Multiclass, vision::Kind::Multilabel}) {
        auto const dataset = train::number_tags(listing->pictures, kind, "empty", 1);
        expect_reason(dataset);
        if (dataset && dataset->labels.count() != listing->pictures.size()) std::abort();
    }
}

/// What was read once is read again, and comes out the same.
template <class T, class Parse>
void read_twice(Json const& json, Parse const& parse) {
    Result<T> const first = parse(json);
    expect_reason(first);
    if (!first) return;
    auto const text = dump_json(to_json(*first));
    Result<T> const second = parse(*parse_json(text));
    if (!second || dump_json(to_json(*second)) != text) std::abort();
}

}  // namespace

// Tables and heads as other people hand them over. The first byte chooses which.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view const text(reinterpret_cast<char const*>(data) + 1, size - 1);
    if (data[0] % 3 == 0) {
        read_listing(text);
        return 0;
    }
    auto const json = parse_json(text);
    if (!json) return 0;
    if (data[0] % 3 == 1)
        read_twice<train::LinearHead>(*json, train::parse_linear_head);
    else
        read_twice<train::BackgroundHead>(*json, train::parse_background_head);
    return 0;
}
