#pragma once

#include <vector>

#include "project/iterations.hpp"
#include "store/blob_store.hpp"
#include "vision/classifier.hpp"

namespace ounce::project {

struct TagProbability {
    Tag const* tag = nullptr;  // of the model: valid as long as it
    float probability = 0;
};

/// A trained iteration that is ready to answer. Thread-safe.
class LoadedModel {
  public:
    /// Unpacks and loads the iteration's package: some 100 ms.
    /// Errors: as unzip_package and vision::Classifier::open.
    static Result<LoadedModel> load(IterationModel about, store::BlobStore const& blobs);

    [[nodiscard]] IterationModel const& about() const { return about_; }

    /// Every tag, most probable first. One decoding and one run of the network, on this thread.
    /// Errors: BadRequestImageFormat for what is no picture; as vision::Classifier::run.
    [[nodiscard]] Result<std::vector<TagProbability>> answer(ByteView picture) const;

  private:
    LoadedModel(IterationModel about, vision::Classifier classifier)
        : about_(std::move(about)), classifier_(std::move(classifier)) {}

    IterationModel about_;
    vision::Classifier classifier_;
};

}  // namespace ounce::project
