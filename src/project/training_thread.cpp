#include "project/training_thread.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "base/log.hpp"
#include "project/answer.hpp"
#include "project/package_zip.hpp"
#include "train/background_training.hpp"
#include "train/trainer.hpp"

namespace ounce::project {
namespace {

constexpr int kNiceness = 10;
constexpr std::size_t kImagesAtOnce = 5000;             // read from the database in one piece of work
constexpr auto kRetryAfter = std::chrono::seconds(10);  // a database that cannot be written (full disk)

double seconds_since(Instant start, Clock const& clock) {
    return std::chrono::duration<double>(clock.instant() - start).count();
}

/// The frozen data set, as the trainer takes it: pictures straight from the blob store, named by image id.
Result<train::Listing> listing_of(store::Ledger& ledger, store::BlobStore const& blobs,
                                  TrainingOrder const& order) {
    train::Listing listing;
    std::int64_t after = 0;
    for (;;) {
        TRY(auto images, ledger.run([&](store::Database& database) {
            return read_training_images(database, order.iteration, after, kImagesAtOnce);
        }));
        for (auto& image : images) {
            auto const path = blobs.find(image.original);
            if (!path) {
                listing.problems.push_back({image.id.text(), "deleted meanwhile"});
                continue;
            }
            train::Picture picture{*path, image.id.text(), {}, std::move(image.group)};
            for (auto const place : image.places)
                picture.tags.push_back(order.tags.at(static_cast<std::size_t>(place)).name);
            listing.has_groups |= !picture.group.empty();
            listing.pictures.push_back(std::move(picture));
        }
        if (images.size() < kImagesAtOnce) break;
        after = images.back().number;
    }
    // By content: the same pictures and tags give the same model, whenever they were uploaded.
    std::ranges::sort(listing.pictures, {}, &train::Picture::path);
    return listing;
}

train::TrainOptions options_of(TrainingOrder const& order, TrainingThread::Options const& options,
                               train::Listing listing, std::filesystem::path const& out) {
    train::TrainOptions made;
    made.listing = std::move(listing);
    made.out = out;
    made.name = order.project_name;
    made.kind = order.multilabel ? vision::Kind::Multilabel : vision::Kind::Multiclass;
    for (auto const& tag : order.tags)
        if (tag.type == TagType::Negative) made.negative = tag.name;
    if (order.advanced) {
        made.level = train::TrainOptions::Level::Advanced;
        made.budget_minutes = 60.0 * order.budget_hours;
        made.choose_side = true;
    }
    made.cache = {options.cache, options.cache_bytes_max};
    made.threads = options.threads;
    made.program_version = options.program_version;
    made.extra_steps.push_back(train::add_background_head);
    return made;
}

std::vector<HeldOutAnswer> answers_of(train::TrainReport const& report, TrainingOrder const& order) {
    std::vector<HeldOutAnswer> answers;
    for (std::size_t i = 0; i < report.names.size(); ++i) {
        auto const image = Guid::parse(report.names[i]);
        OUNCE_CHECK(image.has_value());
        answers.push_back({*image, report.validation.fold_of[i],
                           by_place(report.probabilities.row(i), report.info.tags, order.tags)});
    }
    return answers;
}

}  // namespace

TrainingThread::TrainingThread(store::Ledger& ledger, BlobHolds const& blobs, Clock const& clock,
                               Metrics& metrics, Options options)
    : ledger_(ledger),
      blobs_(blobs),
      clock_(clock),
      options_(std::move(options)),
      completed_(metrics.counter("ounce_vision_trainings", "Trainings that ended", "status=\"completed\"")),
      failed_(metrics.counter("ounce_vision_trainings", "Trainings that ended", "status=\"failed\"")) {
    thread_ = std::jthread([this](std::stop_token const& stop) { work(stop); });
}

TrainingThread::~TrainingThread() {
    thread_.request_stop();
    std::scoped_lock const lock(mutex_);
    current_stop_.request_stop();
    // The thread is joined by its own destructor, after this lock is gone.
}

void TrainingThread::wake() {
    {
        std::scoped_lock const lock(mutex_);
        look_ = true;
    }
    wake_.notify_all();
}

void TrainingThread::cancel(Guid const& iteration) {
    std::scoped_lock const lock(mutex_);
    if (current_ == iteration) current_stop_.request_stop();
}

std::optional<ProgressReport> TrainingThread::progress(Guid const& iteration) const {
    std::scoped_lock const lock(mutex_);
    if (current_ != iteration) return std::nullopt;
    return progress_;
}

void TrainingThread::work(std::stop_token const& stop) {
    // Of this thread and those it starts: predictions come first. Where it is not allowed, training is
    // merely in the way.
    ::setpriority(PRIO_PROCESS, 0, kNiceness);
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, stop, [this] { return look_; });
            look_ = false;
        }
        while (!stop.stop_requested() && train_next(stop)) {
        }
    }
}

/// True if there may be more to do.
bool TrainingThread::train_next(std::stop_token const& stop) {
    auto order =
        ledger_.run([this](store::Database& database) { return next_training(database, clock_.now()); });
    if (!order) {
        log_warning("training cannot begin", {{"error", order.error().message}});
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stop, kRetryAfter, [this] { return look_; });
        return true;
    }
    if (!*order) return false;
    std::stop_token current;
    {
        std::scoped_lock const lock(mutex_);
        current_ = (*order)->id;
        progress_ = {};
        current_stop_ = std::stop_source();
        current = current_stop_.get_token();
        // The destructor may have asked between the last look and now.
        if (stop.stop_requested()) current_stop_.request_stop();
    }
    log_info("training begins", {{"iteration", (*order)->id.text()}, {"project", (*order)->project.text()}});
    auto const began = clock_.instant();
    auto const done = train(**order, current);
    {
        std::scoped_lock const lock(mutex_);
        current_.reset();
    }
    auto const row = (*order)->iteration;
    Status noted;
    if (!done && done.error().code == Code::Cancelled) {
        log_info("training broken off", {{"iteration", (*order)->id.text()}});
        noted = ledger_.run([row](store::Database& database) { return postpone_training(database, row); });
    } else if (!done) {
        failed_.add();
        log_warning("training failed", {{"iteration", (*order)->id.text()}, {"error", done.error().message}});
        noted = ledger_.run([&](store::Database& database) {
            return fail_training(database, row, done.error().message, seconds_since(began, clock_),
                                 clock_.now());
        });
    }
    if (!noted) {
        log_error("the end of a training cannot be noted", {{"error", noted.error().message}});
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stop, kRetryAfter, [this] { return look_; });
    }
    return true;
}

Status TrainingThread::train(TrainingOrder const& order, std::stop_token const& stop) {
    auto const began = clock_.instant();
    TRY(auto listing, listing_of(ledger_, blobs_.blobs(), order));
    TRY(auto const folder, TemporaryFolder::create());
    auto const package = folder.path() / "package";
    std::string step;
    auto const sink = [&](ProgressReport const& report) {
        if (report.step != step) {
            step = report.step;
            log_info("training step", {{"iteration", order.id.text()}, {"step", step}});
        }
        std::scoped_lock const lock(mutex_);
        progress_ = report;
    };
    auto const options = options_of(order, options_, std::move(listing), package);
    TRY(auto const report, train::train(options, sink, stop));
    TRY(auto const zip, zip_package(package));
    TRY(auto const held, blobs_.put(zip));
    auto const answers = answers_of(report, order);
    auto const seconds = seconds_since(began, clock_);
    TRY(auto const kept, ledger_.run([&](store::Database& database) {
        return complete_training(database, order.iteration, held.digest, answers, seconds, clock_.now());
    }));
    completed_.add();
    log_info("training completed", {{"iteration", order.id.text()},
                                    {"images", report.names.size()},
                                    {"computed", report.pictures_computed},
                                    {"accuracy", report.evaluation.accuracy.value},
                                    {"seconds", seconds},
                                    {"kept", kept ? "yes" : "no: deleted meanwhile"}});
    for (auto const& warning : report.warnings)
        log_info("training warning", {{"iteration", order.id.text()}, {"warning", warning}});
    return {};
}

}  // namespace ounce::project
