#include "registry/model.hpp"

#include <algorithm>
#include <charconv>

#include "base/utf8.hpp"

namespace ounce::registry {
namespace {

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string ModelId::text() const {
    return fmt::format("{}:{}", name, version);
}

Status check_model_name(std::string_view name) {
    auto const good =
        !name.empty() && name.size() <= 255 && is_word(name.front()) &&
        std::ranges::all_of(name, [](char c) { return is_word(c) || c == '-' || c == '.' || c == '_'; });
    if (good) return {};
    return fail(Code::InvalidArgument,
                "a model's name is 1 to 255 letters, digits, '-', '.' and '_', and starts with a letter or "
                "digit");
}

Result<ModelId> parse_model_id(std::string_view text) {
    auto const colon = text.find(':');
    ModelId id{.name = std::string(text.substr(0, colon)), .version = 0};
    TRY_STATUS(check_model_name(id.name));
    if (colon == std::string_view::npos) return id;
    auto const digits = text.substr(colon + 1);
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id.version);
    if (error != std::errc() || end != digits.data() + digits.size() || id.version < 1)
        return fail(Code::InvalidArgument, "a model's id is name:version, such as {}:1", id.name);
    return id;
}

Status check_model_path(std::string_view path) {
    if (path.size() > kModelPathBytesMax)
        return fail(Code::ResourceExhausted, "a file's path has at most {} bytes", kModelPathBytesMax);
    auto const wrong = [] {
        return fail(
            Code::InvalidArgument,
            "a file's path is names with '/' between them: not empty, no '.', '..', backslash or control "
            "character");
    };
    if (!is_utf8(path)) return wrong();
    if (std::ranges::any_of(
            path, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\'; }))
        return wrong();
    for (;;) {
        auto const slash = path.find('/');
        auto const part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return wrong();
        if (slash == std::string_view::npos) return {};
        path.remove_prefix(slash + 1);
    }
}

}  // namespace ounce::registry
