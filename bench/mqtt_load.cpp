// Pretends to be many devices that speak MQTT 3.1.1 over TLS with one server, and measures it; one thread.
//
//   bench_mqtt_load publish|idle|handshakes --host H --port P --ca FILE [OPTIONS] (--help tells all)
//
// publish: sends messages at QoS 1, each with its device, number and checksum, and keeps account of which
// were acknowledged; with --subscriber it then looks whether the broker has each of them once. idle: connects
// and stays silent until its standard input ends. handshakes: connects over and over.
//
// Prints one JSON object for each thing done, as soon as it is done. Ends with 1 if a connection was lost, a
// message stayed without its answer, or the check found something wrong.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <random>

#include "base/file.hpp"
#include "load/handshake_run.hpp"
#include "load/publish_run.hpp"
#include "load/subscriber.hpp"

namespace {

using namespace ounce;
using namespace ounce::load;

constexpr std::uint64_t kPasswordBytesMax = 4096;

struct Options {
    std::string host = "localhost";
    std::uint16_t port = 8883;
    std::filesystem::path ca;
    Credentials credentials;
    std::filesystem::path password_file;
    std::size_t connections = 1;
    std::size_t at_once = 32;
    std::string topic = "devices/{device}/messages/events/";
    PublishPlan plan;
    double seconds = 0;
    std::string subscriber_filter;
    std::filesystem::path acknowledged_file;
};

void print(Json const& report) {
    std::printf("%s\n", dump_json(report).c_str());
    std::fflush(stdout);
}

std::string random_name() {
    std::random_device source;
    return fmt::format("{:08x}{:08x}", source(), source());
}

struct Connected {
    Target target;
    Poller poller;
    std::vector<Device> devices;
};

Result<std::unique_ptr<Connected>> connect(Options& options) {
    TRY(auto target, Target::find(options.host, options.port, options.ca));
    if (!options.password_file.empty()) {
        TRY(auto const password, read_file(options.password_file, kPasswordBytesMax));
        options.credentials.password = as_text(password);
    }
    if (options.credentials.hub_name.empty()) options.credentials.hub_name = options.host;
    TRY(auto devices, make_devices(options.credentials, options.topic, options.connections));
    return std::make_unique<Connected>(std::move(target), Poller{}, std::move(devices));
}

/// Connects all devices; says how long that took.
Result<Json> connect_devices(Options const& options, Connected& all) {
    auto const began = std::chrono::steady_clock::now();
    TRY_STATUS(connect_all(all.target, all.devices, options.at_once, all.poller));
    auto const seconds = seconds_between(began, std::chrono::steady_clock::now());
    return Json{{"connections", all.devices.size()},
                {"connect_seconds", seconds},
                {"connects_per_s", static_cast<double>(all.devices.size()) / seconds}};
}

std::vector<std::string> names_of(std::vector<Device> const& devices) {
    std::vector<std::string> names;
    for (auto const& device : devices) names.push_back(device.name);
    return names;
}

Result<bool> publish(Options options) {
    TRY(auto const all, connect(options));
    options.plan.run = random_name();
    options.plan.time = std::chrono::milliseconds(static_cast<std::int64_t>(options.seconds * 1000));
    Tally tally(names_of(all->devices));
    std::optional<Subscriber> subscriber;
    if (!options.subscriber_filter.empty()) {
        Account account{.client_id = "load-subscriber",
                        .user_name = options.credentials.user_name,
                        .password = options.credentials.password};
        subscriber.emplace(all->target, std::move(account), options.subscriber_filter);
        TRY_STATUS(subscriber->subscribe());
    }
    TRY(auto const connected, connect_devices(options, *all));
    print(connected);
    PublishRun run(options.plan, all->devices, all->poller, tally);
    run.go();
    auto report = run.report();
    report["run"] = options.plan.run;
    print(report);
    if (!options.acknowledged_file.empty()) {
        auto const text = dump_json(Json{{"run", options.plan.run}, {"devices", tally.to_json()}});
        TRY_STATUS(write_file(options.acknowledged_file, as_bytes(text)));
    }
    if (!subscriber) return run.all_well();
    TRY_STATUS(subscriber->collect(options.plan.run, tally));
    print({{"check", tally.verdict()}});
    return run.all_well() && tally.all_well();
}

Result<bool> idle(Options options) {
    TRY(auto const all, connect(options));
    TRY(auto const report, connect_devices(options, *all));
    print(report);
    while (std::cin.get() != std::char_traits<char>::eof()) {
    }
    std::vector<wire::mqtt::Packet> packets;
    std::size_t lost = 0;
    for (auto& device : all->devices) lost += device.client->advance(packets) ? 0 : 1;
    print({{"lost_connections", lost}});
    return lost == 0;
}

Result<bool> handshakes(Options const& options) {
    TRY(auto const target, Target::find(options.host, options.port, options.ca));
    TRY(auto const report,
        run_handshakes(target, options.at_once,
                       std::chrono::milliseconds(static_cast<std::int64_t>(options.seconds * 1000))));
    print(report);
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Load for an MQTT server over TLS.");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--host", options.host, "name or address, as in the server's certificate");
    app.add_option("--port", options.port)->required();
    app.add_option("--ca", options.ca, "PEM of who signed the server's certificate")->required();
    app.add_option("--connections", options.connections)->check(CLI::Range(1, 60'000));
    app.add_option("--at-once", options.at_once, "connections on their way at a time")
        ->check(CLI::Range(1, 1000));
    app.add_option("--devices", options.credentials.devices_file,
                   "file of lines NAME<tab>KEY: IoT user names and SAS tokens");
    app.add_option("--hub-name", options.credentials.hub_name, "in those; as --host if not given");
    app.add_option("--prefix", options.credentials.prefix, "of names made up, without --devices");
    app.add_option("--user", options.credentials.user_name, "for names made up");
    app.add_option("--password-file", options.password_file);

    auto* const publishing = app.add_subcommand("publish", "sends at QoS 1");
    publishing->add_option("--messages", options.plan.messages, "in all");
    publishing->add_option("--seconds", options.seconds, "how long to send");
    publishing->add_option("--bytes", options.plan.body_bytes, "of each body")
        ->check(CLI::Range(160, 262'144));
    publishing->add_option("--window", options.plan.window, "unacknowledged messages of a device, at most")
        ->check(CLI::Range(1, 60'000));
    publishing->add_option("--rate", options.plan.per_s, "messages a second in all; 0: as many as go");
    publishing->add_option("--topic", options.topic, "{device} becomes the name");
    publishing->add_option("--subscriber", options.subscriber_filter,
                           "checks afterwards, by a durable subscription to this filter");
    publishing->add_option("--acknowledged", options.acknowledged_file,
                           "writes what was acknowledged here, as JSON");
    auto* const idling = app.add_subcommand("idle", "connects and is silent until standard input ends");
    auto* const shaking = app.add_subcommand("handshakes", "TLS handshakes over and over");
    shaking->add_option("--seconds", options.seconds)->required();
    CLI11_PARSE(app, argc, argv);
    if (*publishing && options.plan.messages == 0 && options.seconds <= 0) {
        std::fprintf(stderr, "bench_mqtt_load: publish wants --messages or --seconds\n");
        return 2;
    }

    prepare_process();
    auto const well = *publishing ? publish(std::move(options))
                      : *idling   ? idle(std::move(options))
                                  : handshakes(options);
    if (!well) {
        std::fprintf(stderr, "bench_mqtt_load: %s\n", well.error().message.c_str());
        return 1;
    }
    return *well ? 0 : 1;
}
