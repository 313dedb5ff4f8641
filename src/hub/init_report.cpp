#include "hub/init_report.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "crypto/base64.hpp"

namespace ounce::hub {
namespace {

constexpr std::int64_t kHttpsPort = 443;
constexpr std::array<std::string_view, 5> kVendorPolicies = {"iothubowner", "service", "device",
                                                             "registryRead", "registryReadWrite"};

/// As one word of a shell, whatever characters a path has.
std::string shell_word(std::string_view text) {
    bool const plain = text.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "/._-:") == std::string_view::npos;
    if (plain) return std::string(text);
    std::string word = "'";
    for (auto const c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

/// "hub.example", or "hub.example:8443" where the port is not the one everybody assumes.
std::string address_of(std::string const& host, std::int64_t port) {
    auto const bare = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == kHttpsPort || port == 0 ? bare : fmt::format("{}:{}", bare, port);
}

std::string key_of(crypto::Keyring const& keyring, std::string_view policy) {
    auto const* const found = keyring.find_policy(policy);
    return found ? crypto::to_base64(found->primary.bytes()) : "";
}

/// One line for each kind of client.
OrderedJson trust_lines(std::string const& ca, std::string const& address, std::string const& host,
                        std::int64_t mqtt_port) {
    auto const path = shell_word(ca);
    auto const text = dump_json(Json(ca));  // a string literal of JavaScript and of Python
    return {
        {"node", fmt::format("export NODE_EXTRA_CA_CERTS={}", path)},
        {"node-device",
         fmt::format("client.setOptions({{ ca: require('fs').readFileSync({}, 'utf8') }})", text)},
        {"python", fmt::format("export REQUESTS_CA_BUNDLE={0} SSL_CERT_FILE={0}", path)},
        {"python-device", fmt::format("IoTHubDeviceClient.create_from_connection_string(connection_string, "
                                      "server_verification_cert=open({}).read())",
                                      text)},
        {"azureml",
         fmt::format("export ARM_CLOUD_METADATA_URL=https://{0}/arm/YOUR-SUBSCRIPTION-ID/metadata/endpoints "
                     "AZUREML_CURRENT_CLOUD=AzureCloud AZURE_CONFIG_DIR=\"$HOME/.ounce/azure\" "
                     "REQUESTS_CA_BUNDLE={1} SSL_CERT_FILE={1}",
                     address, path)},
        {"curl", fmt::format("curl --cacert {} https://{}/healthz", path, address)},
        {"docker", fmt::format("sudo install -D -m 644 {} {}", path,
                               shell_word(fmt::format("/etc/docker/certs.d/{}/ca.crt", address)))},
        {"mosquitto", fmt::format("mosquitto_pub --cafile {} -h {} -p {} …", path, host, mqtt_port)},
        {"debian",
         fmt::format("sudo install -m 644 {} /usr/local/share/ca-certificates/ounce-hub.crt && sudo "
                     "update-ca-certificates",
                     path)},
    };
}

}  // namespace

OrderedJson init_report(DataFolder const& data, Config const& config, crypto::Keyring const& keyring,
                        std::string const& ca_sha256) {
    auto const& host = keyring.hosts().front();
    auto const address = address_of(host, config.listen.https_port);
    auto const ca = data.authority_certificate().string();
    auto policies = OrderedJson::object();
    for (auto const name : kVendorPolicies)
        if (auto const* const policy = keyring.find_policy(name))
            policies[std::string(name)] = crypto::Keyring::connection_string(address, *policy);
    return {{"host", host},
            {"hosts", keyring.hosts()},
            {"ports", {{"https", config.listen.https_port}, {"mqtt", config.listen.mqtt_port}}},
            {"endpoint", "https://" + address},
            {"data", data.root().string()},
            {"ca", ca},
            {"caSha256", ca_sha256},
            {"policies", std::move(policies)},
            {"trainingKey", key_of(keyring, "training")},
            {"predictionKey", key_of(keyring, "prediction")},
            {"trust", trust_lines(ca, address, host, config.listen.mqtt_port)}};
}

std::string init_text(OrderedJson const& report) {
    auto const text = [&](char const* key) { return report[key].get<std::string>(); };
    auto result = fmt::format(
        "Hub {}\n  endpoint  {}\n  MQTT      port {}\n  data      {}\n  CA        {}\n            SHA-256 "
        "{}\n\n"
        "Keys (connection strings; secret; kept in {}/keys/keyring.json)\n",
        text("host"), text("endpoint"), report["ports"]["mqtt"].get<std::int64_t>(), text("data"), text("ca"),
        text("caSha256"), text("data"));
    for (auto const& [name, value] : report["policies"].items())
        result += fmt::format("  {:<18} {}\n", name, value.get<std::string>());
    result += fmt::format("  {:<18} {}\n  {:<18} {}\n\n", "training key", text("trainingKey"),
                          "prediction key", text("predictionKey"));
    result += "So that a client trusts the hub\n";
    for (auto const& [name, line] : report["trust"].items())
        result += fmt::format("  {:<14} {}\n", name, line.get<std::string>());
    return result + fmt::format("\nNext: ounce-hub serve --data {}\n", shell_word(text("data")));
}

}  // namespace ounce::hub
