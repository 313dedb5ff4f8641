#pragma once

#include <cstdint>

#include "project/guid.hpp"
#include "store/database.hpp"

namespace ounce::project {

/// The row of an iteration of a project. Errors: NotFoundIteration.
Result<std::int64_t> iteration_number(store::Database& database, std::int64_t project, Guid const& id);

}  // namespace ounce::project
