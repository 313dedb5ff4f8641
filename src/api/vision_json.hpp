#pragma once

#include <span>
#include <string>

#include "api/route.hpp"
#include "base/clock.hpp"
#include "base/progress.hpp"
#include "project/loaded_model.hpp"
#include "project/performance_rows.hpp"
#include "project/projects.hpp"

namespace ounce::api {

/// The types of the vision wire as JSON, members in the order of the original (custom-vision-api.md sections
/// 3 and 4). Pure.

/// Where pictures and exports can be fetched without a key, for a day: absolute addresses that are signed.
class VisionLinks {
  public:
    /// `base`: "https://host:port". `key`: the hub's signing key, borrowed.
    VisionLinks(std::string base, ByteView key, Time now) : base_(std::move(base)), key_(key), now_(now) {}

    [[nodiscard]] std::string image(project::Guid const& project, char copy,
                                    project::Guid const& image) const;
    [[nodiscard]] std::string exported(project::Guid const& project, project::Guid const& iteration,
                                       std::string_view platform) const;

  private:
    [[nodiscard]] std::string address(std::string const& path) const;
    std::string base_;
    ByteView key_;
    Time now_;
};

OrderedJson to_json(project::Domain const& domain);
OrderedJson to_json(project::Project const& project, VisionLinks const& links);
OrderedJson to_json(project::Tag const& tag);
OrderedJson to_json(project::Image const& image, project::Guid const& project, VisionLinks const& links);
/// `progress`: of a training that runs, in a member of our own ("ounceProgress").
OrderedJson to_json(project::Iteration const& iteration, std::optional<ProgressReport> const& progress);
OrderedJson to_json(project::IterationPerformance const& performance, std::span<project::Tag const> tags);
OrderedJson to_json(project::ImagePerformance const& image, std::span<project::Tag const> tags,
                    project::Guid const& project, VisionLinks const& links);
OrderedJson to_json(project::Export const& made, project::Guid const& project, project::Guid const& iteration,
                    VisionLinks const& links);
/// `with_type`: not on the first version of the wire.
OrderedJson to_json(std::span<project::TagProbability const> predictions, bool with_type);

}  // namespace ounce::api
