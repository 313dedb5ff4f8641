#include "project/blob_holds.hpp"

#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace ounce::project {

struct BlobHolds::State {
    explicit State(store::BlobStore store) : blobs(std::move(store)) {}

    store::BlobStore const blobs;
    std::mutex mutex;                         // guards what follows, and files while they are removed
    std::map<std::string, std::size_t> held;  // by how many
    std::map<Removal const*, std::set<std::string>> to_go;  // what each may still remove
};

BlobHolds::BlobHolds(store::BlobStore blobs) : state_(std::make_shared<State>(std::move(blobs))) {}

store::BlobStore const& BlobHolds::blobs() const {
    return state_->blobs;
}

Result<HeldBlob> BlobHolds::put(ByteView bytes) const {
    TRY(auto digest, state_->blobs.put(bytes));
    {
        std::scoped_lock const lock(state_->mutex);
        ++state_->held[digest];
        for (auto& [removal, digests] : state_->to_go) digests.erase(digest);
    }
    auto const drop = [state = state_, digest](void const*) {
        std::scoped_lock const lock(state->mutex);
        auto const found = state->held.find(digest);
        if (--found->second == 0) state->held.erase(found);
    };
    HeldBlob held{digest, std::shared_ptr<void const>(state_.get(), drop)};
    // It may have been there before, and removed just before it was held; now it can be no more.
    if (!state_->blobs.find(digest)) TRY_STATUS(state_->blobs.put(bytes).map([](auto const&) {}));
    return held;
}

BlobHolds::Removal::Removal(BlobHolds const& holds, std::span<std::string const> digests) : holds_(holds) {
    std::set<std::string> to_go(digests.begin(), digests.end());
    std::scoped_lock const lock(holds_.state_->mutex);
    std::erase_if(to_go, [&](std::string const& digest) { return holds_.state_->held.contains(digest); });
    holds_.state_->to_go.emplace(this, std::move(to_go));
}

BlobHolds::Removal::~Removal() {
    std::scoped_lock const lock(holds_.state_->mutex);
    holds_.state_->to_go.erase(this);
}

Result<bool> BlobHolds::Removal::remove(std::string const& digest) {
    std::scoped_lock const lock(holds_.state_->mutex);
    if (!holds_.state_->to_go.at(this).contains(digest)) return false;
    TRY_STATUS(holds_.state_->blobs.remove(digest));
    return true;
}

}  // namespace ounce::project
