// The bare engine that the hub's classify route is held against: vision::Classifier in this process, on files
// that are in memory, with nothing else to do.
//
//   bench_classify PACKAGE FOLDER THREADS [SECONDS = 5]
//
// Each thread takes the next picture as soon as its last is answered. Prints one JSON object.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/file.hpp"
#include "load/latencies.hpp"
#include "vision/classifier.hpp"

namespace {

using namespace ounce;
using load::SteadyTime;
using std::chrono::steady_clock;

constexpr std::uint64_t kPictureBytesMax = 64 * 1024 * 1024;

struct Worker {
    load::Latencies latencies;
    std::optional<Error> error;
};

Result<std::vector<Bytes>> read_pictures(std::filesystem::path const& folder) {
    std::vector<Bytes> pictures;
    for (auto const& entry : std::filesystem::directory_iterator(folder)) {
        TRY(auto picture, read_file(entry.path(), kPictureBytesMax));
        pictures.push_back(std::move(picture));
    }
    if (pictures.empty()) return fail(Code::NotFound, "{} has no files", folder.string());
    return pictures;
}

Status run(char const* package, char const* folder, std::size_t threads, double seconds) {
    TRY(auto const classifier, vision::Classifier::open(package, {}));
    TRY(auto const pictures, read_pictures(folder));
    std::atomic<std::size_t> next{0};
    std::vector<Worker> workers(threads);
    auto const began = steady_clock::now();
    auto const work = [&](Worker& worker) {
        while (load::seconds_between(began, steady_clock::now()) < seconds && !worker.error) {
            auto const since = steady_clock::now();
            auto const answer = classifier.classify(pictures[next++ % pictures.size()]);
            worker.latencies.add(steady_clock::now() - since);
            if (!answer) worker.error = answer.error();
        }
    };
    {
        std::vector<std::jthread> running;
        for (auto& worker : workers) running.emplace_back([&] { work(worker); });
    }
    auto const took = load::seconds_between(began, steady_clock::now());
    load::Latencies all;
    for (auto const& worker : workers) {
        if (worker.error) return fail(*worker.error);
        all.add(worker.latencies);
    }
    std::printf("%s\n", dump_json(Json{{"pictures", all.count()},
                                       {"threads", threads},
                                       {"per_s", static_cast<double>(all.count()) / took},
                                       {"latency_ms", all.to_json()}})
                            .c_str());
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "bench_classify PACKAGE FOLDER THREADS [SECONDS]\n");
        return 2;
    }
    auto const done = run(argv[1], argv[2], std::strtoul(argv[3], nullptr, 10),
                          argc > 4 ? std::strtod(argv[4], nullptr) : 5);
    if (!done) std::fprintf(stderr, "bench_classify: %s\n", done.error().message.c_str());
    return done ? 0 : 1;
}
