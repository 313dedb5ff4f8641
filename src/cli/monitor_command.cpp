#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/telemetry_message.hpp"

namespace ounce::cli {
namespace {

constexpr std::chrono::seconds kPatience{20};  // how long the hub shall wait for a message
constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr std::string_view kPageMessages = "500";
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kPauseMax{8000};

struct Options {
    std::string device;
    std::string from = "latest";
    std::uint64_t count = 0;
    bool once = false;
};

/// Reads the hub's messages page by page. The hub's cursor says where to go on, so that a lost connection
/// loses and repeats nothing.
class Reader {
  public:
    Reader(Context const& context, HubClient hub, Options const& options)
        : context_(&context), hub_(std::move(hub)), options_(&options) {}

    /// The next messages, perhaps none. Goes on asking while the hub cannot be reached.
    /// Errors: Cancelled; what no second try would change.
    Result<std::vector<TelemetryMessage>> next() {
        for (auto wait = kFirstPause;; wait = std::min(wait * 2, kPauseMax)) {
            auto page = ask();
            bool const lost = !page && page.error().code == Code::Unavailable;
            if (!lost || cursor_.empty()) return page;
            if (!context_->quiet)
                std::fprintf(stderr, "ounce: %s; trying again\n", page.error().message.c_str());
            if (!pause(wait, context_->stop)) return fail(Code::Cancelled, "stopped");
        }
    }

  private:
    Result<std::vector<TelemetryMessage>> ask() {
        // Not at first: until the hub has told where it is, a lost connection could not be taken up.
        auto const patience = options_->once || cursor_.empty() ? 0 : kPatience.count();
        TRY(auto const page,
            hub_.ask("GET", "/ounce/v1/telemetry" + query_of({{cursor_.empty() ? "from" : "after",
                                                               cursor_.empty() ? options_->from : cursor_},
                                                              {"device", options_->device},
                                                              {"limit", kPageMessages},
                                                              {"wait", std::to_string(patience)}})));
        std::vector<TelemetryMessage> messages;
        for (auto const& each : page.is_object() ? page.value("messages", Json::array()) : Json()) {
            TRY(auto message, parse_message(each));
            messages.push_back(std::move(message));
        }
        cursor_ = text_member(page, "cursor");
        if (cursor_.empty()) return fail(Code::DataLoss, "the hub told no place to go on from");
        return messages;
    }

    Context const* context_;
    HubClient hub_;
    Options const* options_;
    std::string cursor_;
};

CommandResult monitor(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    Reader reader(context, std::move(hub), options);
    std::uint64_t shown = 0;
    for (;;) {
        auto const messages = reader.next();
        if (!messages && context.stop.stop_requested()) return 0;  // how it is meant to end
        if (!messages) return fail(messages.error());
        if (messages->empty() && options.once) return 0;
        std::string text;
        for (auto const& message : *messages) {
            text += (context.json ? json_line(message) : text_line(message)) + "\n";
            if (++shown == options.count) break;
        }
        print(text);
        if (options.count > 0 && shown >= options.count) return 0;
    }
}

}  // namespace

void add_monitor_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("monitor", "Show the messages of devices as they come");
    auto const options = std::make_shared<Options>();
    command->add_option("--device", options->device, "Of this device alone");
    command->add_option("--from", options->from, "earliest, latest, or a time: 2026-11-23T08:30:00Z")
        ->capture_default_str();
    command->add_option("--count", options->count, "End after so many messages")
        ->check(CLI::Range(std::int64_t{1}, kCountMax));
    command->add_flag("--once", options->once, "End when there are no more for now");
    command->footer(
        "Ends with Ctrl-C. A connection that is lost is taken up where it was: no message is missed or "
        "shown\n"
        "twice. With --json a line for each message; \"bodyBase64\" instead of \"body\" where it is no "
        "text.\n"
        "Example: ounce monitor --device cam-1 --from earliest --json\n");
    choose(*command, chosen, options, monitor);
}

}  // namespace ounce::cli
