#pragma once

#include "iot/twins.hpp"
#include "iot/work.hpp"

namespace ounce::iot {

/// A twin and the number of its row.
struct TwinRow {
    std::int64_t id = 0;
    Twin twin;
};

/// Errors: NotFound ("DeviceNotFound", "ModuleNotFound").
Result<TwinRow> need_twin(Work& work, Name const& name);

/// Writes tags, desired properties, configurations and version.
Status save_desired(Work& work, TwinRow const& row);

/// Replaces the desired properties as a change of its own, and tells DesiredChanged.
/// Errors: as replace_section.
Status put_desired(Work& work, TwinRow& row, Json const& values);

}  // namespace ounce::iot
