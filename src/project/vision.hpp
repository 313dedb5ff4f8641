#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "project/decoding_room.hpp"
#include "project/images.hpp"
#include "project/iterations.hpp"
#include "project/model_cache.hpp"
#include "project/projects.hpp"
#include "project/training_thread.hpp"
#include "store/blob_store.hpp"
#include "store/ledger.hpp"

namespace ounce::project {

/// The vision part of a hub: projects with their pictures, tags and iterations, what trains them and what
/// answers with them. State is in one database (vision.db) and in blobs; all else can be made again.
///
/// Verbs that only rows matter to are free functions (projects.hpp, tags.hpp, images.hpp, iterations.hpp,
/// performance_rows.hpp), run by ask(). What touches pictures, models or the training thread too is a member.
/// Every call may wait for the disk, and for decoding or the network where it says so: for workers' threads,
/// any number of them.
class Vision {
  public:
    struct Options {
        std::filesystem::path database;                             // the file vision.db
        TrainingThread::Options training;                           // its cache folder is made when needed
        std::size_t models_loaded_max = 8;                          // a model takes some 40 MB
        std::uint64_t decoding_bytes_max = std::uint64_t{1} << 30;  // of all that is decoded at once
    };

    /// Opens the database and goes on with the trainings that wait. `blobs` holds this database's blobs and
    /// no other's. What is passed by reference must outlive this object. Errors: as Ledger::open.
    static Result<std::unique_ptr<Vision>> open(Options options, store::BlobStore blobs, Clock const& clock,
                                                Metrics& metrics);
    Vision(Vision const&) = delete;
    Vision& operator=(Vision const&) = delete;
    /// Breaks off a training that runs; the next open() goes on with it.
    ~Vision();

    /// Runs `verb(store::Database&)` on the ledger's thread and waits for its commit.
    template <class F>
    auto ask(F verb) {
        return ledger_->run(std::move(verb));
    }
    [[nodiscard]] Time now() const { return clock_.now(); }
    [[nodiscard]] store::BlobStore const& blobs() const { return blobs_.blobs(); }

    /// Decodes and stores one picture of an upload; a row comes to name it by add_images(). May wait for room
    /// to decode. Errors: as store_picture; what is wrong with the picture itself is in the answer.
    Result<NewImage> take_picture(std::string source, ByteView file, std::vector<Guid> tags);
    /// Errors: as project::add_images. Pictures that were not taken are forgotten again.
    Result<std::vector<UploadedImage>> add_images(Guid const& project, std::vector<NewImage> images,
                                                  std::vector<Guid> const& tags, Metadata const& metadata);
    Status delete_images(Guid const& project, std::optional<std::vector<Guid>> const& ids,
                         bool from_iterations);
    Status delete_project(Guid const& project);

    /// Queues a training and returns at once. Errors: as begin_training.
    Result<Iteration> train(Guid const& project, TrainingRequest const& request);
    /// What a training is at; none if it does not run.
    [[nodiscard]] std::optional<ProgressReport> progress(Guid const& iteration) const;
    /// Errors: as project::delete_iteration. One that trains is broken off.
    Status delete_iteration(Guid const& project, Guid const& iteration);

    /// Errors: as publish_iteration and unpublish_iteration.
    Status publish(Guid const& project, Guid const& iteration, std::string const& name,
                   std::string const& target, bool overwrite);
    Status unpublish(Guid const& project, Guid const& iteration);

    /// The model behind a published name; to answer with it takes one decoding and one run of the network.
    /// Errors: as ModelCache::published.
    Result<ModelCache::Model> published_model(Guid const& project, std::string const& name);
    /// The model of that iteration, or else of the one trained last.
    /// Errors: as get_iteration_model, default_iteration.
    Result<ModelCache::Model> trained_model(Guid const& project, std::optional<Guid> const& iteration);
    /// What the model says of a picture. May wait for room to decode. Errors: as LoadedModel::answer.
    Result<std::vector<TagProbability>> answer(LoadedModel const& model, ByteView picture);

    /// Makes the export, or gives the one that was made before. `platform`: "ONNX" for projects of a compact
    /// domain; "Ounce", the package itself, for all.
    /// Errors: BadRequestIterationIsNotTrained; BadRequestExportValidationFailed for any other.
    Result<Export> export_iteration(Guid const& project, Guid const& iteration, std::string const& platform,
                                    std::string const& flavor);

    /// Removes the files that a hub left which was killed between storing one and naming it, or between
    /// deleting what named it and removing it. For the hub to call at the start and then each day; looks each
    /// file up. Returns how many went. Errors: Cancelled if told to stop.
    Result<std::size_t> sweep(std::stop_token const& stop = {});

  private:
    Vision(std::unique_ptr<store::Ledger> ledger, Options options, store::BlobStore blobs, Clock const& clock,
           Metrics& metrics);
    void collect();

    BlobHolds const blobs_;
    Clock const& clock_;
    std::unique_ptr<store::Ledger> ledger_;
    DecodingRoom decoding_;
    ModelCache models_;
    TrainingThread training_;
};

}  // namespace ounce::project
