#pragma once

#include <vector>

#include "project/images.hpp"
#include "project/iterations.hpp"
#include "project/performance.hpp"

namespace ounce::project {

/// What was measured when an iteration was trained. On the ledger's thread; errors besides those of
/// get_iteration: BadRequestIterationIsNotTrained.

struct Measured {
    std::vector<Tag> tags;  // by place
    std::vector<MeasuredImage> images;
};
Result<Measured> read_measured(store::Database& database, Guid const& project, Guid const& iteration);

struct ImagePerformance {
    Image image;                       // with the tags it had
    std::vector<float> probabilities;  // a place each
};
struct ImagePerformances {
    std::vector<Tag> tags;  // by place
    std::vector<ImagePerformance> images;
};
/// The pictures that were measured, each by a model that had not learnt from it. `query` as in list_images;
/// its iteration is ignored.
Result<ImagePerformances> list_image_performances(store::Database& database, Guid const& project,
                                                  Guid const& iteration, ImageQuery query);
Result<std::size_t> count_image_performances(store::Database& database, Guid const& project,
                                             Guid const& iteration, ImageQuery query);

}  // namespace ounce::project
