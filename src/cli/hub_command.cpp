#include "cli/hub_command.hpp"

#include "base/file.hpp"

namespace ounce::cli {
namespace {

constexpr std::uint64_t kJsonBytesMax = 1 << 20;

}  // namespace

Result<HubClient> open_hub(Context const& context) {
    TRY(auto profile, choose_profile(Surroundings::of_process(), context.profile));
    return HubClient(std::move(profile), context.stop);
}

Result<Json> json_argument(std::string_view option, std::string const& text) {
    auto json = [&]() -> Result<Json> {
        if (!text.starts_with('@')) return parse_json(text);
        TRY(auto const content, read_file(text.substr(1), kJsonBytesMax));
        return parse_json(as_text(content));
    }();
    if (!json) return fail(json.error().in(option));
    return json;
}

Result<std::map<std::string, std::string>> pairs_argument(std::string_view option,
                                                          std::vector<std::string> const& texts) {
    std::map<std::string, std::string> pairs;
    for (auto const& text : texts) {
        auto const equals = text.find('=');
        auto const key = text.substr(0, equals);
        if (key.empty()) return fail(Code::InvalidArgument, "{} {}: give it as key=value", option, text);
        auto const value = equals == std::string::npos ? std::string() : text.substr(equals + 1);
        if (!pairs.emplace(key, value).second)
            return fail(Code::InvalidArgument, "{} {}: the key comes twice", option, key);
    }
    return pairs;
}

ProgressSink progress_for(Context const& context) {
    if (context.quiet) return [](ProgressReport const&) {};
    return stderr_progress();
}

std::string text_member(Json const& object, std::string_view key) {
    if (!object.is_object()) return {};
    auto const found = object.find(key);
    if (found == object.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : dump_json(*found);
}

}  // namespace ounce::cli
