#include "project/model_cache.hpp"

#include <algorithm>

namespace ounce::project {

ModelCache::ModelCache(store::Ledger& ledger, store::BlobStore const& blobs, Metrics& metrics,
                       std::size_t models_max)
    : ledger_(ledger),
      blobs_(blobs),
      models_max_(models_max),
      loaded_(metrics.gauge("ounce_vision_models_loaded", "Trained iterations held ready to answer")) {}

Status ModelCache::refresh() {
    std::scoped_lock const one_at_a_time(refreshing_);
    TRY(auto const all, ledger_.run([](store::Database& database) { return list_publications(database); }));
    std::map<std::pair<Guid, std::string>, Guid> published;
    for (auto const& each : all) published.emplace(std::pair(each.project, each.name), each.iteration);
    std::scoped_lock const lock(mutex_);
    published_ = std::move(published);
    return {};
}

Result<ModelCache::Model> ModelCache::published(Guid const& project, std::string const& name) {
    Guid iteration;
    {
        std::scoped_lock const lock(mutex_);
        auto const found = published_.find(std::pair(project, name));
        if (found == published_.end())
            return fail_as(Code::NotFound, "NotFoundIteration", "Invalid iteration");
        iteration = found->second;
    }
    return of_iteration(project, iteration);
}

Result<ModelCache::Model> ModelCache::of_iteration(Guid const& project, Guid const& iteration) {
    if (auto model = find_loaded(iteration)) {
        if (model->about().project == project) return model;
        return fail_as(Code::NotFound, "NotFoundIteration", "Invalid iteration");
    }
    auto loaded = load(project, iteration);
    std::scoped_lock const lock(mutex_);
    auto const mine = std::ranges::find(entries_, iteration, &Entry::iteration);
    if (mine != entries_.end()) {
        if (loaded)
            mine->model = *loaded;
        else
            entries_.erase(mine);
    }
    while (entries_.size() > models_max_) {
        // What is being loaded stays: its loader looks for it.
        auto const last = std::find_if(entries_.rbegin(), entries_.rend(),
                                       [](Entry const& entry) { return entry.model != nullptr; });
        if (last == entries_.rend()) break;
        entries_.erase(std::next(last).base());
    }
    loaded_.set(static_cast<std::int64_t>(entries_.size()));
    changed_.notify_all();
    return loaded;
}

/// The model, waiting for whoever loads it. Null: the caller is to load it, and others wait for that.
ModelCache::Model ModelCache::find_loaded(Guid const& iteration) {
    std::unique_lock lock(mutex_);
    for (;;) {
        auto const found = std::ranges::find(entries_, iteration, &Entry::iteration);
        if (found == entries_.end()) {
            entries_.push_front({iteration, nullptr});
            return nullptr;
        }
        if (found->model) {
            entries_.splice(entries_.begin(), entries_, found);
            return found->model;
        }
        changed_.wait(lock);
    }
}

Result<ModelCache::Model> ModelCache::load(Guid const& project, Guid const& iteration) {
    TRY(auto about, ledger_.run([&](store::Database& database) {
        return get_iteration_model(database, project, iteration);
    }));
    TRY(auto model, LoadedModel::load(std::move(about), blobs_));
    return std::make_shared<LoadedModel const>(std::move(model));
}

void ModelCache::forget(Guid const& iteration) {
    std::scoped_lock const lock(mutex_);
    std::erase_if(entries_, [&](Entry const& entry) { return entry.iteration == iteration && entry.model; });
    loaded_.set(static_cast<std::int64_t>(entries_.size()));
}

}  // namespace ounce::project
