#include "train/background_frames.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "vision/camera_background.hpp"

namespace ounce::train {
namespace {

using std::chrono::milliseconds;

// Frames of one camera that are in memory at once, less the windows on both sides: 90 kB each.
constexpr std::size_t kBlock = 1024;
constexpr char const* kVersion = "background 1";  // change it when what is kept would come out otherwise

/// A key for what a frame's change depends on: every picture of its window, with its time.
void set_keys(BackgroundCamera& camera, TrainedSet const& set) {
    for (std::size_t i = 0; i < camera.size(); ++i) {
        auto const first = i > vision::kBackgroundWindow ? i - vision::kBackgroundWindow : 0;
        auto const last = std::min(camera.size() - 1, i + vision::kBackgroundWindow);
        std::string text = fmt::format("{} {}\n", kVersion, i - first);
        for (auto j = first; j <= last; ++j)
            text += to_hex(set.identities[camera[j].picture].sha256) +
                    fmt::format(" {}\n", (camera[j].time - camera[i].time).count());
        camera[i].key = crypto::sha256(as_bytes(text));
    }
}

Bytes floats_record(std::vector<float> const& numbers) {
    Bytes record(numbers.size() * sizeof(float));
    if (!record.empty()) std::memcpy(record.data(), numbers.data(), record.size());
    return record;
}

std::vector<float> to_floats(ByteView record) {
    std::vector<float> numbers(record.size() / sizeof(float));
    if (!numbers.empty()) std::memcpy(numbers.data(), record.data(), numbers.size() * sizeof(float));
    return numbers;
}

/// What is remembered: changes and features, in a folder of their own each. A cache that cannot be used costs
/// time, nothing else.
class Memory {
  public:
    Memory(TrainedSet const& set, BackgroundHead const& head, std::string const& what) {
        auto const& options = set.options.cache;
        if (options.folder.empty()) return;
        auto const& backbone = set.extractor.backbone();
        auto const way = fmt::format("{} {} {} {} {}", kVersion, what, backbone.onnx_sha256,
                                     dump_json(vision::to_json(head.gate_recipe)),
                                     dump_json(vision::to_json(head.recipe)));
        auto opened =
            RecordCache::open(options.folder / "background" / crypto::sha256_hex(as_bytes(way)).substr(0, 24),
                              options.bytes_max);
        if (opened) cache_.emplace(std::move(*opened));
    }
    [[nodiscard]] std::optional<ByteView> find(RecordCache::Key const& key) const {
        return cache_ ? cache_->find(key) : std::nullopt;
    }
    void keep(RecordCache::Key const& key, std::vector<float> const& numbers) {
        std::lock_guard const lock(one_at_a_time_);
        if (cache_ && !cache_->append(key, floats_record(numbers))) cache_.reset();
    }

  private:
    std::optional<RecordCache> cache_;
    std::mutex one_at_a_time_;
};

/// Counts what many threads do, for a person.
class Counter {
  public:
    Counter(std::string step, std::size_t total, ProgressSink const& progress)
        : step_(std::move(step)), total_(total), progress_(progress) {}
    void one_more() {
        std::lock_guard const lock(one_at_a_time_);
        ++done_;
        if (progress_) progress_({step_, done_, total_});
    }

  private:
    std::string step_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    ProgressSink const& progress_;
    std::mutex one_at_a_time_;
};

Result<Bytes> read_picture(TrainedSet const& set, BackgroundFrame const& frame) {
    return read_file(set.files[frame.picture].path, kPictureBytesMax);
}

/// Changes of camera[first, last): looks at them and the windows around them.
void find_in_block(BackgroundCamera& camera, std::size_t first, std::size_t last, TrainedSet const& set,
                   BackgroundNetwork const& network, Memory& memory, Counter& counter,
                   std::stop_token const& stop) {
    auto const from = first > vision::kBackgroundWindow ? first - vision::kBackgroundWindow : 0;
    auto const to = std::min(camera.size(), last + vision::kBackgroundWindow);
    std::vector<std::optional<BackgroundNetwork::Look>> looks(to - from);
    parallel_for(looks.size(), set.threads, [&](std::size_t i) {
        if (stop.stop_requested()) return;
        auto const picture = read_picture(set, camera[from + i]);
        if (from + i >= first && from + i < last) counter.one_more();
        if (!picture) return;  // gone since the features were made: the frame has no background
        if (auto look = network.look(*picture)) looks[i] = std::move(*look);
    });
    if (stop.stop_requested()) return;
    std::vector<std::optional<std::vector<float>>> distances(looks.size());
    std::vector<vision::CameraFrame> frames;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < looks.size(); ++i) {
        if (!looks[i]) {
            if (from + i >= first && from + i < last) memory.keep(camera[from + i].key, {0, 0});
            continue;
        }
        frames.push_back({camera[from + i].time, looks[i]->infrared, &looks[i]->middle, &distances[i]});
        places.push_back(from + i);
    }
    for (std::size_t f = 0; f < frames.size(); ++f) {
        if (places[f] < first || places[f] >= last) continue;
        auto& frame = camera[places[f]];
        auto change = vision::find_change(frames, f, {});
        frame.neighbours = change.neighbours;
        frame.score = change.score;
        frame.distance = std::move(change.distance);
        std::vector<float> record{static_cast<float>(frame.neighbours), frame.score};
        record.insert(record.end(), frame.distance.begin(), frame.distance.end());
        memory.keep(frame.key, record);
    }
}

bool recall_change(BackgroundFrame& frame, Memory const& memory) {
    auto const found = memory.find(frame.key);
    if (!found) return false;
    auto const numbers = to_floats(*found);
    if (numbers.size() < 2) return false;
    frame.neighbours = static_cast<std::size_t>(numbers[0]);
    frame.score = numbers[1];
    frame.distance.assign(numbers.begin() + 2, numbers.end());
    return true;
}

}  // namespace

std::vector<BackgroundCamera> background_cameras(TrainedSet const& set) {
    std::map<std::string, BackgroundCamera> by_name;
    for (std::size_t i = 0; i < set.pictures.size(); ++i) {
        auto const& group = set.pictures[i].group;
        auto const& identity = set.identities[i];
        bool const known = !identity.camera.empty() && identity.taken.has_value();
        if (!known && group.empty()) continue;
        by_name[known ? "camera " + identity.camera : "group " + group].emplace_back(i);
    }
    std::vector<BackgroundCamera> cameras;
    for (auto& [name, camera] : by_name) {
        bool const timed = std::ranges::all_of(camera, [&](BackgroundFrame const& frame) {
            return set.identities[frame.picture].taken.has_value();
        });
        for (std::size_t i = 0; i < camera.size(); ++i) {
            // Without times the order is that of the names, and no two frames count as one burst.
            camera[i].time = timed ? set.identities[camera[i].picture].taken->time_since_epoch()
                                   : milliseconds(std::chrono::minutes(i));
        }
        std::ranges::sort(camera, {},
                          [](BackgroundFrame const& frame) { return std::pair(frame.time, frame.picture); });
        std::size_t event = 0;
        for (std::size_t i = 0; i < camera.size(); ++i) {
            if (timed && i > 0 && camera[i].time - camera[i - 1].time > kEventGap) ++event;
            // Without times it is not known which frames one event would have had.
            if (timed) camera[i].event = fmt::format("{} {}", name, event);
        }
        cameras.push_back(std::move(camera));
    }
    return cameras;
}

bool is_negative(TrainedSet const& set, std::size_t picture) {
    auto const& dataset = set.dataset;
    if (dataset.kind == vision::Kind::Multiclass)
        return dataset.has_negative && dataset.labels.has(picture, dataset.tags.size() - 1);
    return dataset.labels.first(picture) == dataset.labels.classes;
}

Status find_changes(std::vector<BackgroundCamera>& cameras, TrainedSet const& set,
                    BackgroundNetwork const& network, ProgressSink const& progress,
                    std::stop_token const& stop) {
    Memory memory(set, network.head(), "change");
    std::size_t missing = 0;
    std::vector<std::uint8_t> known(cameras.size());
    for (std::size_t c = 0; c < cameras.size(); ++c) {
        set_keys(cameras[c], set);
        known[c] = std::ranges::all_of(cameras[c],
                                       [&](BackgroundFrame& frame) { return recall_change(frame, memory); });
        if (known[c] == 0) missing += cameras[c].size();
    }
    Counter counter("backgrounds", missing, progress);
    for (std::size_t c = 0; c < cameras.size(); ++c) {
        auto& camera = cameras[c];
        if (known[c] != 0) continue;
        for (std::size_t first = 0; first < camera.size(); first += kBlock)
            find_in_block(camera, first, std::min(camera.size(), first + kBlock), set, network, memory,
                          counter, stop);
    }
    if (stop.stop_requested()) return fail(Code::Cancelled, "stopped; what was found so far is kept");
    return {};
}

Status find_changed_features(std::vector<BackgroundFrame*> const& frames, TrainedSet const& set,
                             BackgroundNetwork const& network, ProgressSink const& progress,
                             std::stop_token const& stop) {
    Memory memory(set, network.head(), "features");
    std::vector<BackgroundFrame*> missing;
    for (auto* const frame : frames) {
        if (auto const found = memory.find(frame->key))
            frame->features = to_floats(*found);
        else
            missing.push_back(frame);
    }
    Counter counter("what changed", missing.size(), progress);
    std::mutex one_at_a_time;
    std::optional<Error> first_error;
    parallel_for(missing.size(), set.threads, [&](std::size_t i) {
        if (stop.stop_requested()) return;
        auto const picture = read_picture(set, *missing[i]);
        auto const columns = static_cast<int>(std::lround(std::sqrt(missing[i]->distance.size())));
        auto features = picture ? network.features(*picture, missing[i]->distance, columns)
                                : Result<std::vector<float>>(fail(picture.error()));
        if (!features) {
            std::lock_guard const lock(one_at_a_time);
            if (!first_error) first_error = features.error().in(set.pictures[missing[i]->picture].name);
            return;
        }
        missing[i]->features = std::move(*features);
        memory.keep(missing[i]->key, missing[i]->features);
        counter.one_more();
    });
    if (stop.stop_requested()) return fail(Code::Cancelled, "stopped; what was found so far is kept");
    if (first_error) return fail(*first_error);
    return {};
}

}  // namespace ounce::train
