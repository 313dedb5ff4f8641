#include <array>
#include <utility>

#include "iot/identities.hpp"

namespace ounce::iot {
namespace {

struct ModeName {
    std::string_view name;  // in lower case
    BulkMode mode;
};
constexpr std::array kModes = {
    ModeName{"create", BulkMode::Create},
    ModeName{"update", BulkMode::Update},
    ModeName{"updateifmatchetag", BulkMode::UpdateIfMatch},
    ModeName{"delete", BulkMode::Delete},
    ModeName{"deleteifmatchetag", BulkMode::DeleteIfMatch},
};

tl::unexpected<Error> wrong(std::size_t index, std::string_view what) {
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "item {}: {}", index, what);
}

std::string text_or_empty(Json const& item, char const* member) {
    auto const found = item.find(member);
    return found != item.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<BulkMode> parse_mode(Json const& item, std::size_t index) {
    auto text = text_or_empty(item, "importMode");
    for (auto& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    for (auto const& [name, mode] : kModes)
        if (text == name) return mode;
    return wrong(index, "importMode must be create, update, updateIfMatchETag, delete or deleteIfMatchETag");
}

Result<BulkItem> parse_item(Json const& json, std::size_t index) {
    if (!json.is_object()) return wrong(index, "must be an object");
    BulkItem item;
    TRY(item.mode, parse_mode(json, index));
    auto id = text_or_empty(json, "id");
    if (id.empty()) id = text_or_empty(json, "deviceId");
    auto request =
        parse_identity_request(json, {.device = std::move(id), .module = text_or_empty(json, "moduleId")});
    if (!request) return fail(request.error().in(fmt::format("item {}", index)));
    item.request = std::move(*request);
    item.etag = text_or_empty(json, "eTag");
    if (item.etag.empty()) item.etag = text_or_empty(json, "etag");
    bool const needs_etag = item.mode == BulkMode::UpdateIfMatch || item.mode == BulkMode::DeleteIfMatch;
    if (needs_etag && item.etag.empty()) return wrong(index, "has no eTag");
    return item;
}

Status do_item(Work& work, BulkItem const& item) {
    switch (item.mode) {
        case BulkMode::Create:
            TRY_STATUS(create_identity(work, item.request));
            return {};
        case BulkMode::Update:
            TRY_STATUS(update_identity(work, item.request, Precondition::any()));
            return {};
        case BulkMode::UpdateIfMatch:
            TRY_STATUS(update_identity(work, item.request, Precondition::parse(item.etag)));
            return {};
        case BulkMode::Delete:
            return delete_identity(work, item.request.name, Precondition::any());
        case BulkMode::DeleteIfMatch:
            return delete_identity(work, item.request.name, Precondition::parse(item.etag));
    }
    return {};
}

}  // namespace

Result<std::vector<BulkItem>> parse_bulk(Json const& body) {
    if (!body.is_array() || body.empty() || body.size() > kBulkMax)
        return fail_as(Code::InvalidArgument, "ArgumentInvalid", "the body must be a list of 1 to {} items",
                       kBulkMax);
    std::vector<BulkItem> items;
    for (auto const& json : body) {
        TRY(auto item, parse_item(json, items.size()));
        for (auto const& earlier : items)
            if (earlier.request.name == item.request.name)
                return fail_as(Code::InvalidArgument, "DeviceDefinedMultipleTimes", "{} is there twice",
                               describe(item.request.name));
        items.push_back(std::move(item));
    }
    return items;
}

Result<std::vector<BulkError>> change_identities(Work& work, std::vector<BulkItem> const& items) {
    std::vector<BulkError> errors;
    for (auto const& item : items) {
        auto const changes = work.changes.size();
        TRY_STATUS(work.database.run("SAVEPOINT item"));
        if (auto const done = do_item(work, item); !done) {
            if (!work.database.in_transaction()) return fail(done.error());  // a full disk
            TRY_STATUS(work.database.run("ROLLBACK TO item"));
            work.changes.erase(work.changes.begin() + static_cast<std::ptrdiff_t>(changes),
                               work.changes.end());
            errors.push_back({item.request.name, done.error()});
        }
        TRY_STATUS(work.database.run("RELEASE item"));
    }
    return errors;
}

}  // namespace ounce::iot
