#include "iot/identity.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.hpp"
#include "crypto/base64.hpp"

namespace ounce::iot {
namespace {

constexpr std::string_view kIdMarks = "-.+%_#*?!(),:=@$'";

tl::unexpected<Error> wrong(std::string_view member, std::string_view should) {
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "'{}' {}", member, should);
}

bool same_word(std::string_view a, std::string_view b) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char left, char right) { return lower(left) == lower(right); });
}

/// The member if it is there; null counts as absent.
Json const* find_member(Json const& object, char const* member) {
    auto const found = object.find(member);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<std::string>> find_text(Json const& object, char const* member, std::size_t bytes_max) {
    auto const* const value = find_member(object, member);
    if (!value) return std::optional<std::string>();
    if (!value->is_string()) return wrong(member, "must be a text");
    auto const& text = value->get_ref<std::string const&>();
    if (text.size() > bytes_max) return wrong(member, fmt::format("is longer than {} bytes", bytes_max));
    if (!is_utf8(text)) return wrong(member, "is not UTF-8");
    return std::optional(text);
}

Result<Json const*> find_object(Json const& object, char const* member) {
    auto const* const value = find_member(object, member);
    if (value && !value->is_object()) return wrong(member, "must be an object");
    return value;
}

Result<crypto::Secret> parse_key(Json const& keys, char const* member) {
    TRY(auto const text, find_text(keys, member, 4 * kKeyBytesMax));
    if (!text || text->empty()) return crypto::Secret();
    auto bytes = crypto::parse_base64(*text);
    if (!bytes || bytes->size() < kKeyBytesMin || bytes->size() > kKeyBytesMax)
        return wrong(member, fmt::format("must be the base64 of {} to {} bytes", kKeyBytesMin, kKeyBytesMax));
    return crypto::Secret(std::move(*bytes));
}

/// SHA-1 or SHA-256 in hexadecimal.
Result<std::string> parse_thumbprint(Json const& prints, char const* member) {
    TRY(auto text, find_text(prints, member, 64));
    if (!text || text->empty()) return std::string();
    bool const hexadecimal = text->find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!hexadecimal || (text->size() != 40 && text->size() != 64))
        return wrong(member, "must be 40 or 64 hexadecimal digits");
    return std::move(*text);
}

constexpr std::array kAuthenticationTypes = {AuthenticationType::Sas, AuthenticationType::SelfSigned,
                                             AuthenticationType::CertificateAuthority,
                                             AuthenticationType::None};

Result<Authentication> parse_authentication(Json const& json) {
    Authentication authentication;
    TRY(auto const* const keys, find_object(json, "symmetricKey"));
    if (keys) {
        TRY(authentication.primary_key, parse_key(*keys, "primaryKey"));
        TRY(authentication.secondary_key, parse_key(*keys, "secondaryKey"));
    }
    TRY(auto const* const prints, find_object(json, "x509Thumbprint"));
    if (prints) {
        TRY(authentication.primary_thumbprint, parse_thumbprint(*prints, "primaryThumbprint"));
        TRY(authentication.secondary_thumbprint, parse_thumbprint(*prints, "secondaryThumbprint"));
    }
    bool const has_print =
        !authentication.primary_thumbprint.empty() || !authentication.secondary_thumbprint.empty();
    TRY(auto const type, find_text(json, "type", 64));
    if (type) {
        auto const* const found =
            std::find_if(kAuthenticationTypes.begin(), kAuthenticationTypes.end(),
                         [&](AuthenticationType known) { return same_word(*type, to_string(known)); });
        if (found == kAuthenticationTypes.end())
            return wrong("authentication.type", "must be sas, selfSigned, certificateAuthority or none");
        authentication.type = *found;
    } else if (has_print) {
        authentication.type = AuthenticationType::SelfSigned;
    }
    if (authentication.type == AuthenticationType::SelfSigned && !has_print)
        return wrong("x509Thumbprint", "is missing: 'selfSigned' needs a thumbprint");
    if (authentication.type != AuthenticationType::Sas) {
        authentication.primary_key = {};
        authentication.secondary_key = {};
    }
    return authentication;
}

Result<std::optional<std::string>> parse_parent(Json const& body) {
    auto const* const scopes = find_member(body, "parentScopes");
    if (!scopes) return std::optional<std::string>();
    if (!scopes->is_array() || scopes->size() > 1)
        return wrong("parentScopes", "must be a list of at most one scope");
    if (scopes->empty()) return std::optional(std::string());
    auto const& scope = scopes->front();
    if (!scope.is_string() || scope.get_ref<std::string const&>().size() > 4 * kIdBytesMax)
        return wrong("parentScopes", "must hold the scope of an edge device");
    return std::optional(scope.get<std::string>());
}

Json text_or_null(std::string const& text) {
    return text.empty() ? Json() : Json(text);
}

Json key_or_null(crypto::Secret const& key) {
    return key.bytes().empty() ? Json() : Json(crypto::to_base64(key.bytes()));
}

Json to_json(Authentication const& authentication) {
    return {{"symmetricKey",
             {{"primaryKey", key_or_null(authentication.primary_key)},
              {"secondaryKey", key_or_null(authentication.secondary_key)}}},
            {"x509Thumbprint",
             {{"primaryThumbprint", text_or_null(authentication.primary_thumbprint)},
              {"secondaryThumbprint", text_or_null(authentication.secondary_thumbprint)}}},
            {"type", to_string(authentication.type)}};
}

}  // namespace

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= kIdBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kIdMarks.find(c) != std::string_view::npos;
    });
}

Result<IdentityRequest> parse_identity_request(Json const& body, Name name) {
    if (!body.is_object()) return wrong("body", "must be an object");
    for (auto const& [member, id] : {std::pair("deviceId", &name.device), {"moduleId", &name.module}}) {
        TRY(auto const said, find_text(body, member, 4 * kIdBytesMax));
        if (said && !said->empty() && *said != *id) return wrong(member, "is not the one of the address");
    }
    if (!is_id(name.device) || !(name.module.empty() || is_id(name.module)))
        return wrong(is_id(name.device) ? "moduleId" : "deviceId",
                     "must be 1 to 128 letters, digits and -.+%_#*?!(),:=@$'");

    IdentityRequest request;
    request.name = std::move(name);
    TRY(auto const status, find_text(body, "status", 64));
    if (status) {
        if (!same_word(*status, "enabled") && !same_word(*status, "disabled"))
            return wrong("status", "must be enabled or disabled");
        request.status = same_word(*status, "enabled") ? DeviceStatus::Enabled : DeviceStatus::Disabled;
    }
    TRY(request.status_reason, find_text(body, "statusReason", kStatusReasonBytesMax));
    TRY(auto const* const authentication, find_object(body, "authentication"));
    if (authentication) {
        TRY(request.authentication, parse_authentication(*authentication));
    }
    TRY(auto const* const capabilities, find_object(body, "capabilities"));
    if (capabilities) {
        if (auto const* const edge = find_member(*capabilities, "iotEdge")) {
            if (!edge->is_boolean()) return wrong("capabilities.iotEdge", "must be true or false");
            request.edge = edge->get<bool>();
        }
    }
    TRY(request.scope, find_text(body, "deviceScope", 4 * kIdBytesMax));
    TRY(request.parent, parse_parent(body));
    TRY(request.managed_by, find_text(body, "managedBy", kIdBytesMax));
    return request;
}

Json identity_to_json(Identity const& identity, Presence const& presence) {
    Json json{{"deviceId", identity.name.device},
              {"generationId", identity.generation},
              {"etag", identity.etag},
              {"connectionState", presence.connected ? "Connected" : "Disconnected"},
              {"connectionStateUpdatedTime", wire_time(presence.changed)},
              {"lastActivityTime", wire_time(presence.last_activity)},
              {"cloudToDeviceMessageCount", 0},
              {"authentication", to_json(identity.authentication)}};
    if (!identity.name.module.empty()) {
        json["moduleId"] = identity.name.module;
        json["managedBy"] = text_or_null(identity.managed_by);
        return json;
    }
    json["status"] = to_string(identity.status);
    json["statusReason"] = text_or_null(identity.status_reason);
    json["statusUpdatedTime"] = wire_time(identity.status_changed);
    json["capabilities"] = {{"iotEdge", identity.edge}};
    if (!identity.scope.empty()) json["deviceScope"] = identity.scope;
    json["parentScopes"] = identity.parent.empty() ? Json::array() : Json::array({identity.parent});
    return json;
}

std::string edge_scope(std::string_view device, std::string_view generation) {
    return fmt::format("ms-azure-iot-edge://{}-{}", device, generation);
}

std::string_view to_string(DeviceStatus status) {
    return status == DeviceStatus::Enabled ? "enabled" : "disabled";
}

std::string_view to_string(AuthenticationType type) {
    switch (type) {
        case AuthenticationType::Sas:
            return "sas";
        case AuthenticationType::SelfSigned:
            return "selfSigned";
        case AuthenticationType::CertificateAuthority:
            return "certificateAuthority";
        case AuthenticationType::None:
            return "none";
    }
    return "";
}

std::string describe(Name const& name) {
    return name.module.empty() ? fmt::format("device '{}'", name.device)
                               : fmt::format("module '{}' of device '{}'", name.module, name.device);
}

std::string wire_time(Time time) {
    return time == Time{} ? "0001-01-01T00:00:00Z" : to_iso8601(time, 7);
}

}  // namespace ounce::iot
