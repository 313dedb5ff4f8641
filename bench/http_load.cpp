// Posts files to the hub, by many clients at once, each on a connection of its own that it keeps; one thread.
//
//   bench_http_load --host H --port P --ca FILE --requests LIST [OPTIONS] (--help tells all)
//
// LIST has a line "PATH<tab>FILE" for each request. Each client sends the next as soon as its last was
// answered: every one once, or round and round for --seconds. Requests are made before the clock starts.
// Prints one JSON object. Ends with 1 if an answer was not 200 or lacks the text that it must have.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/file.hpp"
#include "load/http_client.hpp"
#include "load/latencies.hpp"
#include "load/poller.hpp"

namespace {

using namespace ounce;
using namespace ounce::load;
using std::chrono::steady_clock;

constexpr std::uint64_t kFileBytesMax = 64 * 1024 * 1024;
constexpr std::chrono::milliseconds kPatience{60'000};

struct Options {
    std::string host = "localhost";
    std::uint16_t port = 443;
    std::filesystem::path ca;
    std::filesystem::path list;
    std::filesystem::path header_file;
    std::string form_name;
    std::size_t clients = 1;
    double seconds = 0;
    std::string must_hold;
};

struct Client {
    std::optional<HttpClient> http;
    bool busy = false;
    SteadyTime since;
};

class Run {
  public:
    Run(Options const& options, Target const& target, std::vector<Bytes> requests)
        : options_(options), target_(target), requests_(std::move(requests)), clients_(options.clients) {}

    /// Errors: the first of a connection, or of an answer that is not as it must be.
    Result<Json> go() {
        began_ = last_ = steady_clock::now();
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            TRY(clients_[i].http, HttpClient::connect(target_));
            poller_.add(clients_[i].http->descriptor(), static_cast<std::uint32_t>(i));
            TRY_STATUS(send_next(clients_[i]));
        }
        while (waiting_ > 0) {
            auto const ready = poller_.wait(kPatience);
            if (ready.empty()) return fail(Code::DeadlineExceeded, "no answer comes");
            for (auto const number : ready) TRY_STATUS(turn(clients_[number]));
        }
        auto const seconds = seconds_between(began_, last_);
        return Json{{"requests", latencies_.count()},
                    {"clients", clients_.size()},
                    {"seconds", seconds},
                    {"per_s", static_cast<double>(latencies_.count()) / seconds},
                    {"latency_ms", latencies_.to_json()}};
    }

  private:
    [[nodiscard]] bool over() const {
        if (options_.seconds <= 0) return next_ >= requests_.size();
        return seconds_between(began_, steady_clock::now()) >= options_.seconds;
    }

    Status send_next(Client& client) {
        if (over()) return {};
        client.http->send(requests_[next_++ % requests_.size()]);
        client.busy = true;
        ++waiting_;
        client.since = steady_clock::now();
        return turn(client);
    }

    Status turn(Client& client) {
        if (!client.busy) return {};
        TRY(auto const response, client.http->advance());
        if (!response) return {};
        last_ = steady_clock::now();
        latencies_.add(last_ - client.since);
        client.busy = false;
        --waiting_;
        if (response->status != 200 || response->body.find(options_.must_hold) == std::string::npos)
            return fail(Code::FailedPrecondition, "answer {}: {}", response->status,
                        response->body.substr(0, 500));
        return send_next(client);
    }

    Options const& options_;
    Target const& target_;
    std::vector<Bytes> const requests_;
    std::vector<Client> clients_;
    Poller poller_;
    std::size_t next_ = 0, waiting_ = 0;
    SteadyTime began_, last_;
    Latencies latencies_;
};

/// The lines of a file; none if `path` is empty.
Result<std::vector<std::string>> read_lines(std::filesystem::path const& path) {
    std::vector<std::string> lines;
    if (path.empty()) return lines;
    TRY(auto const content, read_file(path, kFileBytesMax));
    for (auto text = as_text(content); !text.empty();) {
        auto const line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.empty()) lines.emplace_back(line);
    }
    return lines;
}

Result<std::vector<Bytes>> make_requests(Options const& options) {
    std::string headers;
    TRY(auto const header_lines, read_lines(options.header_file));
    for (auto const& line : header_lines) headers += line + "\r\n";
    TRY(auto const lines, read_lines(options.list));
    std::vector<Bytes> requests;
    for (auto const& line : lines) {
        auto const tab = line.find('\t');
        if (tab == std::string::npos) return fail(Code::InvalidArgument, "a line has no tab: {}", line);
        TRY(auto const file, read_file(line.substr(tab + 1), kFileBytesMax));
        requests.push_back(make_request(options.host, line.substr(0, tab), headers, options.form_name, file));
    }
    if (requests.empty()) return fail(Code::NotFound, "{} has no requests", options.list.string());
    return requests;
}

Status run(Options const& options) {
    TRY(auto const target, Target::find(options.host, options.port, options.ca));
    TRY(auto requests, make_requests(options));
    TRY(auto const report, Run(options, target, std::move(requests)).go());
    std::printf("%s\n", dump_json(report).c_str());
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Posts files over HTTPS.");
    app.add_option("--host", options.host, "name or address, as in the server's certificate");
    app.add_option("--port", options.port)->required();
    app.add_option("--ca", options.ca, "PEM of who signed the server's certificate")->required();
    app.add_option("--requests", options.list, "file of lines PATH<tab>FILE")->required();
    app.add_option("--header-file", options.header_file, "further header lines, for keys");
    app.add_option("--form", options.form_name,
                   "posts a form with the file as its one part, not the bare file");
    app.add_option("--clients", options.clients)->check(CLI::Range(1, 1000));
    app.add_option("--seconds", options.seconds, "0: each request once");
    app.add_option("--must-hold", options.must_hold, "text that each answer has");
    CLI11_PARSE(app, argc, argv);
    prepare_process();
    if (auto const done = run(options); !done) {
        std::fprintf(stderr, "bench_http_load: %s\n", done.error().message.c_str());
        return 1;
    }
    return 0;
}
