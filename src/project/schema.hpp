#pragma once

#include <span>

#include "store/database.hpp"

namespace ounce::project {

/// The schema of vision.db, step by step.
std::span<store::Migration const> migrations();

}  // namespace ounce::project
