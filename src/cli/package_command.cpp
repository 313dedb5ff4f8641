#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "base/file.hpp"
#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "crypto/sha256.hpp"
#include "crypto/signature.hpp"
#include "vision/package.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kKeyBytesMax = 16 << 10;

struct Options {
    std::string package;
    std::string public_key;
    std::string private_key;
    std::string out;
};

std::string_view kind_name(vision::Kind kind) {
    return kind == vision::Kind::Multiclass ? "multiclass" : "multilabel";
}

Result<std::optional<std::string>> read_key(std::string const& path) {
    if (path.empty()) return std::optional<std::string>();
    TRY(auto const pem, read_file(path, kKeyBytesMax));
    return std::optional(std::string(as_text(pem)));
}

OrderedJson describe(vision::Package const& package, bool is_signed) {
    auto const& info = package.info;
    auto tags = OrderedJson::array();
    for (auto const& tag : info.tags)
        tags.push_back({{"name", tag.name}, {"threshold", tag.threshold}, {"negative", tag.negative}});
    auto extras = OrderedJson::array();
    for (auto const& [name, content] : package.extras) extras.push_back(name);
    return {{"name", info.name},
            {"created", info.created},
            {"kind", kind_name(info.kind)},
            {"tags", tags},
            {"recipe", to_json(info.recipe)},
            {"input", info.input},
            {"output", info.output},
            {"model_bytes", package.model.size()},
            {"model_sha256", crypto::sha256_hex(package.model)},
            {"golden_images", package.golden.size()},
            {"golden_tolerance", info.golden_tolerance},
            {"extra_files", extras},
            {"signed", is_signed},
            {"metrics", OrderedJson(info.metrics)},
            {"lineage", OrderedJson(info.lineage)}};
}

std::string describe_in_words(vision::Package const& package, bool is_signed) {
    auto const& info = package.info;
    auto const& recipe = info.recipe;
    auto text = fmt::format("{} ({}), made {}\n", info.name, kind_name(info.kind), info.created);
    text += "tags:\n";
    for (auto const& tag : info.tags)
        text += fmt::format("  {:<24} seen from {:.3f}{}\n", tag.name, tag.threshold,
                            tag.negative ? "  (none of these)" : "");
    text += fmt::format("input: {} x {} pixels; recipe {}\n", recipe.width_px, recipe.height_px,
                        dump_json(to_json(recipe)));
    text +=
        fmt::format("model: {} bytes, SHA-256 {}\n", package.model.size(), crypto::sha256_hex(package.model));
    text += fmt::format("golden images: {}, tolerance {}\n", package.golden.size(), info.golden_tolerance);
    for (auto const& [name, content] : package.extras)
        text += fmt::format("extra file: {}, {} bytes\n", name, content.size());
    text += fmt::format("signed: {}\n", is_signed ? "yes" : "no");
    if (!info.metrics.empty()) text += "metrics: " + dump_json(info.metrics) + "\n";
    if (!info.lineage.empty()) text += "lineage: " + dump_json(info.lineage) + "\n";
    return text;
}

bool has_signature(fs::path const& folder) {
    std::error_code error;
    return fs::exists(folder / "signature", error);
}

CommandResult show(Context const& context, Options const& options) {
    TRY(auto const package, vision::read_package(options.package));
    auto const is_signed = has_signature(options.package);
    print(context.json ? dump_json(describe(package, is_signed)) + "\n"
                       : describe_in_words(package, is_signed));
    return 0;
}

/// The checks that were made, in order: printed as they come, and as one object at the end.
class Checks {
  public:
    explicit Checks(bool json) : json_(json) {}

    void note(std::string const& name, bool passed, std::string const& detail) {
        list_.push_back({{"check", name}, {"passed", passed}, {"detail", detail}});
        all_passed_ = all_passed_ && passed;
        if (!json_)
            print(fmt::format("{:<4}  {:<24}  {}\n", passed ? "ok" : "BAD", printable(name),
                              printable(detail)));
    }
    [[nodiscard]] bool all_passed() const { return all_passed_; }
    void finish(std::string const& package) const {
        if (json_)
            print(dump_json(OrderedJson{{"package", package}, {"valid", all_passed_}, {"checks", list_}}) +
                  "\n");
        else
            print(fmt::format("{}: {}\n", package, all_passed_ ? "valid" : "NOT valid; do not use it"));
    }

  private:
    bool json_;
    bool all_passed_ = true;
    OrderedJson list_ = OrderedJson::array();
};

CommandResult verify(Context const& context, Options const& options) {
    TRY(auto const public_key, read_key(options.public_key));
    Checks checks(context.json);
    auto const package = vision::read_package(options.package, {.public_key_pem = public_key});
    if (!package) {
        if (package.error().code == Code::NotFound) return fail(package.error());
        checks.note("files", false, package.error().message);
        checks.finish(options.package);
        return exit_code(package.error().code);
    }
    checks.note("files", true,
                fmt::format("{} files, sizes and SHA-256 as listed",
                            2 + package->golden.size() + package->extras.size()));
    if (public_key)
        checks.note("signature", true, "matches the key given");
    else
        checks.note("signature", true,
                    has_signature(options.package) ? "there is one, not checked: give --public-key"
                                                   : "none, and none asked for");
    auto const report = vision::run_golden(*package);
    if (!report) {
        checks.note("model", false, report.error().message);
        checks.finish(options.package);
        return exit_code(report.error().code);
    }
    checks.note("model", true, "runs, and answers as many probabilities as there are tags");
    for (auto const& result : report->results)
        checks.note(
            "golden/" + result.file, result.difference <= package->info.golden_tolerance,
            fmt::format("{:.2g} off, {:.2g} allowed", result.difference, package->info.golden_tolerance));
    if (report->images == 0)
        checks.note("golden images", false, "there are none: nothing shows that it is right");
    checks.finish(options.package);
    return checks.all_passed() ? 0 : exit_code(Code::FailedPrecondition);
}

CommandResult sign(Context const& context, Options const& options) {
    TRY(auto const key, read_key(options.private_key));
    TRY(auto const package, vision::read_package(options.package));
    TRY_STATUS(vision::write_package(options.package, package, key));
    TRY(auto const public_pem, crypto::public_key_of(*key));
    if (context.json)
        print(dump_json(OrderedJson{{"package", options.package}, {"public_key", public_pem}}) + "\n");
    else
        print(fmt::format("{}: signed; whoever has this public key can verify it:\n{}", options.package,
                          public_pem));
    return 0;
}

CommandResult keygen(Context const& context, Options const& options) {
    TRY(auto const pair, crypto::make_key_pair());
    fs::path const folder = options.out;
    TRY_STATUS(make_folder(folder));
    auto const private_path = folder / "private.pem";
    auto const public_path = folder / "public.pem";
    std::error_code error;
    if (fs::exists(public_path, error))
        return fail(Code::AlreadyExists, "{}: exists; a key is never overwritten", public_path.string());
    TRY_STATUS(create_private_file(private_path, as_bytes(pair.private_pem)));
    TRY_STATUS(write_file(public_path, as_bytes(pair.public_pem)));
    if (context.json)
        print(dump_json(
                  OrderedJson{{"private_key", private_path.string()}, {"public_key", public_path.string()}}) +
              "\n");
    else
        print(fmt::format("{}: keep it secret; it signs packages\n{}: give it to whoever verifies them\n",
                          private_path.string(), public_path.string()));
    return 0;
}

}  // namespace

void add_package_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("package", "Look at, verify and sign model packages");
    command->require_subcommand(1);
    auto const options = std::make_shared<Options>();
    auto const add = [&](char const* name, char const* help, char const* example, auto function) {
        auto* const sub = command->add_subcommand(name, help);
        sub->footer(fmt::format("Example: {}\n", example));
        sub->callback([&chosen, options, function] {
            chosen = [options, function](Context const& context) { return function(context, *options); };
        });
        return sub;
    };

    auto* const showing = add("show", "Say what a package holds", "ounce package show snow-leopard", show);
    auto* const verifying =
        add("verify", "Check files, signature and golden images; exit status 0 only if all is right",
            "ounce package verify snow-leopard --public-key keys/public.pem", verify);
    auto* const signing =
        add("sign", "Sign a package", "ounce package sign snow-leopard --key keys/private.pem", sign);
    auto* const making = add("keygen", "Make a key pair for signing: private.pem and public.pem",
                             "ounce package keygen --out keys", keygen);
    for (auto* const sub : {showing, verifying, signing})
        sub->add_option("package", options->package, "The package's folder")->required();
    verifying->add_option("--public-key", options->public_key,
                          "PEM file: the signature must be there and match it");
    signing->add_option("--key", options->private_key, "PEM file with the private key")->required();
    making->add_option("--out", options->out, "Folder for the two files")->required();
}

}  // namespace ounce::cli
