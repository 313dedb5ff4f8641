#include "train/background_training.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "train/background_network.hpp"
#include "train/held_out.hpp"
#include "train/record_cache.hpp"
#include "train/roc.hpp"
#include "vision/camera_background.hpp"

namespace ounce::train {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kEnough = 5;  // pictures of a kind, below which nothing is learnt of it
// Frames of one camera that are in memory at once, less the windows on both sides: 90 kB each.
constexpr std::size_t kBlock = 1024;
constexpr milliseconds kEventGap = std::chrono::minutes(2);  // as `ounce sift` groups events
constexpr char const* kVersion = "background 1";  // change it when what is kept would come out otherwise

/// A picture as one of its camera's frames. What it is worth is filled in step by step.
struct Frame {
    explicit Frame(std::size_t picture_index) : picture(picture_index) {}

    std::size_t picture;
    milliseconds time{};
    std::string event;  // pictures of one visit, for voting
    RecordCache::Key key{};
    std::size_t neighbours = 0;
    float score = 0;
    std::vector<float> distance;
    std::vector<float> features;
};
using Camera = std::vector<Frame>;

/// Which pictures are of one camera. Groups of the CSV count as cameras; without them, EXIF's.
std::vector<Camera> cameras_of(TrainedSet const& set) {
    std::map<std::string, Camera> by_name;
    for (std::size_t i = 0; i < set.pictures.size(); ++i) {
        auto const& group = set.pictures[i].group;
        auto const& identity = set.identities[i];
        if (group.empty() && (identity.camera.empty() || !identity.taken)) continue;
        by_name[group.empty() ? "exif " + identity.camera : "group " + group].emplace_back(i);
    }
    std::vector<Camera> cameras;
    for (auto& [name, camera] : by_name) {
        bool const timed = std::ranges::all_of(
            camera, [&](Frame const& frame) { return set.identities[frame.picture].taken.has_value(); });
        for (std::size_t i = 0; i < camera.size(); ++i) {
            // Without times the order is that of the names, and no two frames count as one burst.
            camera[i].time = timed ? set.identities[camera[i].picture].taken->time_since_epoch()
                                   : milliseconds(std::chrono::minutes(i));
        }
        std::ranges::sort(camera, {},
                          [](Frame const& frame) { return std::pair(frame.time, frame.picture); });
        std::size_t event = 0;
        for (std::size_t i = 0; i < camera.size(); ++i) {
            if (timed && i > 0 && camera[i].time - camera[i - 1].time > kEventGap) ++event;
            camera[i].event = fmt::format("{} {}", name, event);
        }
        cameras.push_back(std::move(camera));
    }
    return cameras;
}

/// A key for what a frame's change depends on: every picture of its window, with its time.
void set_keys(Camera& camera, TrainedSet const& set) {
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

Bytes to_record(std::vector<float> const& numbers) {
    Bytes record(numbers.size() * sizeof(float));
    if (!record.empty()) std::memcpy(record.data(), numbers.data(), record.size());
    return record;
}

std::vector<float> from_record(ByteView record) {
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
        if (cache_ && !cache_->append(key, to_record(numbers))) cache_.reset();
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

Result<Bytes> read_picture(TrainedSet const& set, Frame const& frame) {
    return read_file(set.files[frame.picture].path, kPictureBytesMax);
}

/// Changes of camera[first, last): looks at them and the windows around them.
void find_changes(Camera& camera, std::size_t first, std::size_t last, TrainedSet const& set,
                  BackgroundNetwork const& network, Memory& memory, Counter& counter,
                  std::stop_token const& stop) {
    auto const from = first > vision::kBackgroundWindow ? first - vision::kBackgroundWindow : 0;
    auto const to = std::min(camera.size(), last + vision::kBackgroundWindow);
    std::vector<std::optional<BackgroundNetwork::Look>> looks(to - from);
    parallel_for(looks.size(), set.threads, [&](std::size_t i) {
        if (stop.stop_requested()) return;
        auto const picture = read_picture(set, camera[from + i]);
        if (!picture) return;  // gone since the features were made: the frame has no background
        if (auto look = network.look(*picture)) looks[i] = std::move(*look);
        if (from + i >= first && from + i < last) counter.one_more();
    });
    if (stop.stop_requested()) return;
    std::vector<std::optional<std::vector<float>>> distances(looks.size());
    std::vector<vision::CameraFrame> frames;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < looks.size(); ++i) {
        if (!looks[i]) continue;
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

bool recall_change(Frame& frame, Memory const& memory) {
    auto const found = memory.find(frame.key);
    if (!found) return false;
    auto const numbers = from_record(*found);
    if (numbers.size() < 2) return false;
    frame.neighbours = static_cast<std::size_t>(numbers[0]);
    frame.score = numbers[1];
    frame.distance.assign(numbers.begin() + 2, numbers.end());
    return true;
}

Status change_pass(std::vector<Camera>& cameras, TrainedSet const& set, BackgroundNetwork const& network,
                   ProgressSink const& progress, std::stop_token const& stop) {
    Memory memory(set, network.head(), "change");
    std::size_t missing = 0;
    std::vector<std::uint8_t> known(cameras.size());
    for (std::size_t c = 0; c < cameras.size(); ++c) {
        set_keys(cameras[c], set);
        known[c] =
            std::ranges::all_of(cameras[c], [&](Frame& frame) { return recall_change(frame, memory); });
        if (known[c] == 0) missing += cameras[c].size();
    }
    Counter counter("backgrounds", missing, progress);
    for (std::size_t c = 0; c < cameras.size(); ++c) {
        auto& camera = cameras[c];
        if (known[c] != 0) continue;
        for (std::size_t first = 0; first < camera.size(); first += kBlock)
            find_changes(camera, first, std::min(camera.size(), first + kBlock), set, network, memory,
                         counter, stop);
    }
    if (stop.stop_requested()) return fail(Code::Cancelled, "stopped; what was found so far is kept");
    return {};
}

bool is_negative(TrainedSet const& set, std::size_t picture) {
    auto const& dataset = set.dataset;
    if (dataset.kind == vision::Kind::Multiclass)
        return dataset.has_negative && dataset.labels.has(picture, dataset.tags.size() - 1);
    return dataset.labels.first(picture) == dataset.labels.classes;
}

/// Features of what changed, of the frames in which there is something to learn.
Status feature_pass(std::vector<Frame*> const& frames, TrainedSet const& set,
                    BackgroundNetwork const& network, int columns, ProgressSink const& progress,
                    std::stop_token const& stop) {
    Memory memory(set, network.head(), "features");
    std::vector<Frame*> missing;
    for (auto* const frame : frames) {
        if (auto const found = memory.find(frame->key))
            frame->features = from_record(*found);
        else
            missing.push_back(frame);
    }
    Counter counter("what changed", missing.size(), progress);
    std::mutex one_at_a_time;
    std::optional<Error> first_error;
    parallel_for(missing.size(), set.threads, [&](std::size_t i) {
        if (stop.stop_requested()) return;
        auto const picture = read_picture(set, *missing[i]);
        auto features = picture ? network.features(*picture, missing[i]->distance, columns)
                                : Result<std::vector<float>>(fail(picture.error()));
        if (!features) {
            std::lock_guard const lock(one_at_a_time);
            if (!first_error) first_error = features.error().in(missing[i]->event);
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

struct Learnt {
    double gate_area = 0;       // out of fold, 0 = not measured
    std::vector<double> gates;  // of each frame, out of fold where measured
    Share top;                  // of frames with a tag, those whose highest tag is right, out of fold
    std::vector<std::vector<float>> shares;  // of each frame among the head's tags, out of fold; empty = none
    std::string note;
};

CrossValidationOptions validation_options(TrainedSet const& set, vision::Kind kind,
                                          std::stop_token const& stop) {
    CrossValidationOptions options;
    options.head.kind = kind;
    options.head.stop = stop;
    options.folds = set.options.folds;
    options.seed = set.options.seed;
    options.threads = set.threads;
    options.stop = stop;
    return options;
}

std::size_t distinct(std::vector<int> groups) {
    std::ranges::sort(groups);
    auto const alone = static_cast<std::size_t>(std::ranges::count_if(groups, [](int g) { return g < 0; }));
    auto const rest = std::ranges::unique(groups);
    groups.erase(rest.begin(), rest.end());
    return alone + static_cast<std::size_t>(std::ranges::count_if(groups, [](int g) { return g >= 0; }));
}

/// One weight on the logarithm of the score.
Status learn_gate(std::vector<Frame*> const& frames, TrainedSet const& set, BackgroundHead& head,
                  Learnt& learnt, std::stop_token const& stop) {
    Matrix scores(frames.size(), 1);
    std::vector<int> tags;
    std::vector<int> groups;
    std::size_t empties = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        scores.values[i] = static_cast<float>(std::log(std::max(double{frames[i]->score}, kScoreFloor)));
        tags.push_back(is_negative(set, frames[i]->picture) ? 0 : 1);
        groups.push_back(set.groups[frames[i]->picture]);
        empties += tags.back() == 0 ? 1 : 0;
    }
    auto const keep_constants = [&](std::string const& why) {
        learnt.note += why + ": the gate keeps its built-in constants. ";
        for (auto const* const frame : frames) learnt.gates.push_back(head.gate(frame->score));
    };
    auto const kinds = distinct(groups);
    if (empties < kEnough || frames.size() - empties < kEnough || kinds < 2) {
        keep_constants(fmt::format("{} empty and {} other frames with neighbours, {} groups", empties,
                                   frames.size() - empties, kinds));
        return {};
    }
    auto options = validation_options(set, vision::Kind::Multiclass, stop);
    options.folds = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(options.folds), kinds));
    TRY(auto const fitted, fit(scores, one_of(tags, 2), groups, options));
    auto const slope = double{fitted.head.weights[1]} - double{fitted.head.weights[0]};
    if (slope <= 0) {
        keep_constants("more change did not mean more animals in these frames");
        return {};
    }
    head.gate_slope = slope;
    head.gate_offset = double{fitted.head.bias[1]} - double{fitted.head.bias[0]};
    head.gate_trained = true;
    std::vector<std::uint8_t> positive;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        learnt.gates.push_back(double{fitted.validation.probabilities.row(i)[1]});
        positive.push_back(static_cast<std::uint8_t>(tags[i]));
    }
    learnt.gate_area = area_under_roc(learnt.gates, positive);
    return {};
}

Status learn_tags(std::vector<Frame*> const& frames, TrainedSet const& set, BackgroundHead& head,
                  Learnt& learnt, std::stop_token const& stop) {
    auto const& dataset = set.dataset;
    bool const multiclass = dataset.kind == vision::Kind::Multiclass;
    auto const tag_count = dataset.tags.size() - (multiclass && dataset.has_negative ? 1 : 0);
    learnt.shares.resize(frames.size());

    std::vector<std::size_t> rows;
    std::vector<std::size_t> totals(tag_count, 0);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        if (frames[i]->features.empty()) continue;
        rows.push_back(i);
        for (std::size_t k = 0; k < tag_count; ++k)
            if (dataset.labels.has(frames[i]->picture, k)) ++totals[k];
    }
    std::vector<std::size_t> learnable;
    for (std::size_t k = 0; k < tag_count; ++k)
        if (totals[k] >= kEnough) learnable.push_back(k);
    if (learnable.size() < tag_count || tag_count < 2) {
        learnt.note += tag_count < 2
                           ? "One tag only: there is nothing to tell apart. "
                           : "A tag has fewer than 5 frames with neighbours: tags come from whole pictures. ";
        return {};
    }
    Matrix features(rows.size(), frames[rows.front()]->features.size());
    Labels labels{.classes = tag_count, .on = std::vector<std::uint8_t>(rows.size() * tag_count, 0)};
    std::vector<int> groups;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        auto const& frame = *frames[rows[r]];
        std::ranges::copy(frame.features, features.row(r).begin());
        for (std::size_t k = 0; k < tag_count; ++k)
            labels.on[r * tag_count + k] = dataset.labels.has(frame.picture, k) ? 1 : 0;
        groups.push_back(set.groups[frame.picture]);
    }
    auto const kinds = distinct(groups);
    if (kinds < 2) {
        learnt.note += "All frames belong to one group: tags come from whole pictures. ";
        return {};
    }
    auto options = validation_options(set, dataset.kind, stop);
    options.folds = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(options.folds), kinds));
    TRY(auto fitted, fit(features, labels, groups, options));
    head.tags.assign(dataset.tags.begin(), dataset.tags.begin() + static_cast<std::ptrdiff_t>(tag_count));
    head.head = std::move(fitted.head);
    std::size_t right = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        auto const row = fitted.validation.probabilities.row(r);
        learnt.shares[rows[r]].assign(row.begin(), row.end());
        auto const highest = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
        right += labels.has(r, highest) ? 1 : 0;
    }
    learnt.top = share(right, rows.size());
    return {};
}

double rounded(double value) {
    return std::round(value * 1e4) / 1e4;
}

/// Every frame as it would have come out of a model that had not learnt from it: see held_out_json().
std::string held_out(std::vector<Frame*> const& frames, TrainedSet const& set, BackgroundHead const& head,
                     Learnt const& learnt, std::vector<vision::PackageTag> const& tags) {
    std::string text = "[";
    for (std::size_t i = 0; i < frames.size(); ++i) {
        auto const& shares = learnt.shares[i];
        auto probabilities = background_probabilities(head, tags, learnt.gates[i], {});
        bool const looked_again = !shares.empty() && learnt.gates[i] >= kLookAgain;
        for (std::size_t k = 0; k < tags.size() && looked_again; ++k) {
            auto const found = std::ranges::find(head.tags, tags[k].name);
            if (found != head.tags.end())
                probabilities[k] = static_cast<float>(
                    learnt.gates[i] * double{shares[static_cast<std::size_t>(found - head.tags.begin())]});
        }
        OrderedJson item{{"group", frames[i]->event}, {"tag", set.pictures[frames[i]->picture].tags}};
        item["probabilities"] = OrderedJson::array();
        for (auto const probability : probabilities)
            item["probabilities"].push_back(rounded(double{probability}));
        text += (i > 0 ? ",\n" : "\n") + dump_json(item);
    }
    return text + "\n]\n";
}

}  // namespace

Status add_background_head(TrainedSet const& set, vision::Package& package, ProgressSink const& progress,
                           std::stop_token stop) {
    auto cameras = cameras_of(set);
    auto head = untrained_background_head(set.extractor.backbone());
    Learnt learnt;
    std::vector<Frame*> frames;
    if (cameras.empty()) {
        learnt.note = "No picture's camera is known (a group column in the CSV, or EXIF): ";
        learnt.note += "the gate keeps its built-in constants, tags come from whole pictures. ";
    } else {
        TRY(auto const network, BackgroundNetwork::create(package.model, head));
        TRY_STATUS(change_pass(cameras, set, network, progress, stop));
        std::vector<Frame*> tagged;
        int columns = 0;
        for (auto& camera : cameras) {
            for (auto& frame : camera) {
                if (frame.neighbours == 0) continue;
                frames.push_back(&frame);
                columns = static_cast<int>(std::lround(std::sqrt(frame.distance.size())));
                if (!is_negative(set, frame.picture)) tagged.push_back(&frame);
            }
        }
        TRY_STATUS(feature_pass(tagged, set, network, columns, progress, stop));
        if (progress) progress({"choosing the background heads", 0, 0});
        TRY_STATUS(learn_gate(frames, set, head, learnt, stop));
        TRY_STATUS(learn_tags(frames, set, head, learnt, stop));
    }
    Json metrics{{"cameras", cameras.size()}, {"frames", frames.size()}, {"note", learnt.note}};
    if (learnt.gate_area > 0) metrics["gate_area_under_roc"] = rounded(learnt.gate_area);
    if (learnt.top.of > 0)
        metrics["tag_accuracy"] = {{"value", rounded(learnt.top.value)},
                                   {"low", rounded(learnt.top.low)},
                                   {"high", rounded(learnt.top.high)},
                                   {"of", learnt.top.of}};
    package.info.metrics["background"] = std::move(metrics);
    if (!frames.empty()) {
        auto const answers = held_out(frames, set, head, learnt, package.info.tags);
        package.extras[kBackgroundHeldOutFile] = Bytes(answers.begin(), answers.end());
    }
    auto const text = dump_json(to_json(head)) + "\n";
    package.extras[kBackgroundFile] = Bytes(text.begin(), text.end());
    return {};
}

}  // namespace ounce::train
