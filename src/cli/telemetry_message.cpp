#include "cli/telemetry_message.hpp"

#include "base/utf8.hpp"
#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "crypto/base64.hpp"

namespace ounce::cli {
namespace {

Json object_member(Json const& json, char const* key) {
    auto const found = json.find(key);
    return found != json.end() && found->is_object() ? *found : Json::object();
}

std::int64_t number_member(Json const& json, char const* key) {
    auto const found = json.find(key);
    return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string pairs(Json const& object) {
    std::string text;
    for (auto const& [key, value] : object.items())
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, text_member(object, key));
    return text;
}

}  // namespace

Result<TelemetryMessage> parse_message(Json const& json) {
    if (!json.is_object()) return fail(Code::DataLoss, "the hub told a message that is no object");
    TelemetryMessage message;
    if (auto const coded = json.find("bodyBase64"); coded != json.end()) {
        auto body = crypto::parse_base64(text_member(json, "bodyBase64"));
        if (!body) return fail(Code::DataLoss, "the hub told a message whose body is not base64");
        message.body = std::move(*body);
    } else {
        auto const text = text_member(json, "body");
        message.body.assign(text.begin(), text.end());
    }
    message.enqueued = text_member(json, "enqueuedTime");
    message.device = text_member(json, "deviceId");
    message.module = text_member(json, "moduleId");
    message.properties = object_member(json, "properties");
    message.system_properties = object_member(json, "systemProperties");
    message.partition = number_member(json, "partition");
    message.sequence = number_member(json, "sequence");
    return message;
}

std::string json_line(TelemetryMessage const& message) {
    OrderedJson line{{"enqueuedTime", message.enqueued}, {"deviceId", message.device}};
    if (!message.module.empty()) line["moduleId"] = message.module;
    if (is_utf8(as_text(message.body)))
        line["body"] = as_text(message.body);
    else
        line["bodyBase64"] = crypto::to_base64(message.body);
    line["properties"] = message.properties;
    line["systemProperties"] = message.system_properties;
    line["partition"] = message.partition;
    line["sequence"] = message.sequence;
    return dump_json(line);
}

std::string text_line(TelemetryMessage const& message) {
    auto const who = message.module.empty() ? message.device : message.device + "/" + message.module;
    auto line = fmt::format("{}  {}  {}", message.enqueued, who,
                            is_utf8(as_text(message.body)) ? std::string(as_text(message.body))
                                                           : fmt::format("({} bytes)", message.body.size()));
    auto own = pairs(message.properties);
    auto const of_system = pairs(message.system_properties);
    if (!own.empty() && !of_system.empty()) own += "  ";
    own += of_system;
    if (!own.empty()) line += "  [" + own + "]";
    return printable(line);
}

}  // namespace ounce::cli
