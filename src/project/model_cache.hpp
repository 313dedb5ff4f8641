#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/metrics.hpp"
#include "project/loaded_model.hpp"
#include "store/ledger.hpp"

namespace ounce::project {

/// The models that answer now: loaded when first asked for, the longest unused one goes when there are too
/// many. Published names are held in memory, so that a prediction waits for no disk. Any thread.
class ModelCache {
  public:
    using Model = std::shared_ptr<LoadedModel const>;

    /// `ledger`, `blobs` and `metrics` must outlive the cache.
    ModelCache(store::Ledger& ledger, store::BlobStore const& blobs, Metrics& metrics,
               std::size_t models_max);

    /// Reads the published names anew: at the start, and after each change of them.
    Status refresh();

    /// Errors: NotFoundIteration "Invalid iteration" for a name that is not published; as
    /// LoadedModel::load.
    Result<Model> published(Guid const& project, std::string const& name);
    /// Errors: as get_iteration_model and LoadedModel::load.
    Result<Model> of_iteration(Guid const& project, Guid const& iteration);

    /// Drops the model of an iteration that is gone; answers that run keep it until they end.
    void forget(Guid const& iteration);

  private:
    struct Entry {
        Guid iteration;
        Model model;  // null while somebody loads it
    };

    Model find_loaded(Guid const& iteration);
    Result<Model> load(Guid const& project, Guid const& iteration);

    store::Ledger& ledger_;
    store::BlobStore const& blobs_;
    std::size_t const models_max_;
    Gauge& loaded_;
    std::mutex refreshing_;  // one at a time, so that the latest state wins
    std::mutex mutex_;       // guards what follows; never held while loading
    std::map<std::pair<Guid, std::string>, Guid> published_;
    std::list<Entry> entries_;  // the latest used first
    std::condition_variable changed_;
};

}  // namespace ounce::project
