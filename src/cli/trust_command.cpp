#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "crypto/base64.hpp"

namespace ounce::cli {
namespace {

struct Options {
    std::string subscription = "00000000-0000-0000-0000-000000000000";
    bool with_key = false;
};

bool is_guid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-')) return false;
        if (!dash && std::string_view("0123456789abcdefABCDEF").find(text[i]) == std::string_view::npos)
            return false;
    }
    return true;
}

/// For a POSIX shell: 'it'\''s'.
std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (char const c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// What makes the Azure ML SDK talk to the hub (azureml-v1.md section 1), in the order to print it.
std::vector<std::pair<std::string, std::string>> azureml_variables(Profile const& profile,
                                                                   Options const& options) {
    auto const around = Surroundings::of_process();
    std::vector<std::pair<std::string, std::string>> variables{
        {"ARM_CLOUD_METADATA_URL",
         fmt::format("https://{}/arm/{}/metadata/endpoints", authority(profile.hub), options.subscription)},
        {"AZUREML_CURRENT_CLOUD", "AzureCloud"},
        // A folder that is not there: in one that is, the SDK would keep the hub's address for ever.
        {"AZURE_CONFIG_DIR", (around.folder / "azure").string()},
    };
    if (!profile.ca.empty()) {
        std::error_code error;
        auto const ca = std::filesystem::absolute(profile.ca, error).string();
        variables.emplace_back("REQUESTS_CA_BUNDLE", ca);
        variables.emplace_back("SSL_CERT_FILE", ca);
    }
    variables.emplace_back("AZUREML_SERVICE_PRINCIPAL_TENANT_ID", "ounce");
    variables.emplace_back("AZUREML_SERVICE_PRINCIPAL_ID", profile.hub.policy);
    if (options.with_key)
        variables.emplace_back("AZUREML_SERVICE_PRINCIPAL_PASSWORD",
                               crypto::to_base64(profile.hub.key.bytes()));
    return variables;
}

CommandResult azureml(Context const& context, Options const& options) {
    if (!is_guid(options.subscription))
        return fail(Code::InvalidArgument, "--subscription {}: it is a GUID", options.subscription);
    TRY(auto const profile, choose_profile(Surroundings::of_process(), context.profile));
    OrderedJson object;
    std::string text;
    for (auto const& [name, value] : azureml_variables(profile, options)) {
        object[name] = value;
        text += fmt::format("export {}={}\n", name, shell_quoted(value));
    }
    if (!options.with_key)
        text += "# --with-key adds AZUREML_SERVICE_PRINCIPAL_PASSWORD, for scripts that name no login\n";
    print_result(context.json, object, text);
    return 0;
}

}  // namespace

void add_trust_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("trust", "Make other programs talk to the hub and trust its CA");
    command->require_subcommand(1);
    auto* const printing =
        command->add_subcommand("azureml", "Print the environment for the Azure ML SDK for Python (v1)");
    auto const options = std::make_shared<Options>();
    printing->add_option("--subscription", options->subscription, "The subscription id that the scripts use")
        ->capture_default_str();
    printing->add_flag("--with-key", options->with_key, "Print the key as well: a secret");
    printing->footer(
        "Set them before Python imports azureml. REQUESTS_CA_BUNDLE takes the place of the public\n"
        "authorities: for a script that talks to others too, join both files.\n"
        "Example: eval \"$(ounce trust azureml --with-key)\" && python register.py\n");
    choose(*printing, chosen, options, azureml);
}

}  // namespace ounce::cli
