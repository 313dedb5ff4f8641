#include "cli/profile.hpp"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>
#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/json.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBookBytesMax = 1 << 20;
constexpr std::size_t kNameBytesMax = 64;

std::optional<std::string> environment(char const* name) {
    char const* const value = std::getenv(name);
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

bool is_name(std::string_view name) {
    auto const fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.';
    };
    return !name.empty() && name.size() <= kNameBytesMax && !name.starts_with('.') &&
           std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

Surroundings Surroundings::of_process() {
    Surroundings found;
    if (auto const config = environment("XDG_CONFIG_HOME"); config && fs::path(*config).is_absolute())
        found.folder = fs::path(*config) / "ounce";
    else
        found.folder = fs::path(environment("HOME").value_or("/")) / ".config" / "ounce";
    found.connection_string = environment("OUNCE_CONNECTION_STRING");
    found.ca = environment("OUNCE_CA");
    return found;
}

Result<ProfileBook> ProfileBook::read(fs::path folder) {
    auto const path = folder / "profiles.toml";
    ProfileBook book(std::move(folder));
    auto const content = read_file(path, kBookBytesMax);
    if (!content) {
        if (content.error().code == Code::NotFound) return book;
        return fail(content.error());
    }
    auto const parsed = toml::parse(as_text(*content));
    // The library's own words may quote the line, and so a key.
    if (!parsed)
        return fail(Code::InvalidArgument, "{}:{}: not TOML; 'ounce login' writes this file", path.string(),
                    parsed.error().source().begin.line);
    auto const& table = parsed.table();
    book.default_name_ = table["default"].value_or(std::string());
    auto const* const profiles = table["profiles"].as_table();
    if (profiles == nullptr) return book;
    for (auto const& [key, value] : *profiles) {
        std::string const name(key.str());
        auto const entry = toml::node_view<toml::node const>(value);
        auto hub = parse_connection_string(entry["connection_string"].value_or(std::string()));
        if (!hub) return fail(hub.error().in(fmt::format("{}: profile {}", path.string(), name)));
        auto const ca = entry["ca"].value<std::string>();
        book.profiles_[name] = {name, std::move(*hub), ca ? book.folder_ / *ca : fs::path()};
    }
    return book;
}

Result<Profile> ProfileBook::find(std::string const& name) const {
    auto const& wanted = name.empty() ? default_name_ : name;
    auto const found = profiles_.find(wanted);
    if (found != profiles_.end()) return found->second;
    if (name.empty())
        return fail(Code::NotFound,
                    "no hub to talk to: 'ounce login --connection-string-file FILE --ca FILE' makes a "
                    "profile, or set OUNCE_CONNECTION_STRING and OUNCE_CA");
    return fail(Code::NotFound, "no profile '{}'; 'ounce profile list' shows those there are", name);
}

Status ProfileBook::save(std::string const& name, ConnectionString const& hub,
                         std::optional<std::string> const& ca_pem) {
    if (!is_name(name))
        return fail(Code::InvalidArgument,
                    "'{}' cannot name a profile: 1 to {} letters, digits, '.', '_', '-'", name,
                    kNameBytesMax);
    TRY_STATUS(make_folder(folder_));
    Profile profile{name, hub, {}};
    if (ca_pem) {
        profile.ca = folder_ / (name + ".ca.pem");
        TRY_STATUS(write_file(profile.ca, as_bytes(*ca_pem)));
    }
    profiles_[name] = std::move(profile);
    default_name_ = name;
    return write();
}

Status ProfileBook::remove(std::string const& name) {
    auto const found = profiles_.find(name);
    if (found == profiles_.end()) return fail(Code::NotFound, "no profile '{}'", name);
    auto const ca = found->second.ca;
    profiles_.erase(found);
    if (default_name_ == name) default_name_ = profiles_.empty() ? "" : profiles_.begin()->first;
    TRY_STATUS(write());
    std::error_code stays_behind;  // a certificate is no secret
    if (!ca.empty()) fs::remove(ca, stays_behind);
    return {};
}

Status ProfileBook::write() const {
    // A JSON string is a TOML string as well; what goes in has no control characters.
    auto const quoted = [](std::string const& text) { return dump_json(Json(text)); };
    auto text = fmt::format("default = {}\n", quoted(default_name_));
    for (auto const& [name, profile] : profiles_) {
        text += fmt::format("\n[profiles.{}]\nconnection_string = {}\n", quoted(name),
                            quoted(to_text(profile.hub)));
        if (!profile.ca.empty()) text += fmt::format("ca = {}\n", quoted(profile.ca.filename().string()));
    }
    return write_private_file(folder_ / "profiles.toml", as_bytes(text));
}

Result<Profile> choose_profile(Surroundings const& surroundings, std::string const& name) {
    Profile chosen;
    if (surroundings.connection_string && name.empty()) {
        auto hub = parse_connection_string(*surroundings.connection_string);
        if (!hub) return fail(hub.error().in("OUNCE_CONNECTION_STRING"));
        chosen = {"OUNCE_CONNECTION_STRING", std::move(*hub), {}};
    } else {
        TRY(auto const book, ProfileBook::read(surroundings.folder));
        TRY(chosen, book.find(name));
    }
    if (surroundings.ca) chosen.ca = *surroundings.ca;
    return chosen;
}

}  // namespace ounce::cli
