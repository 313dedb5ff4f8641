#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace ounce::vision {

/// For tests: a .zip (deflated) with these members, in this order.
Bytes zip_of(std::vector<std::pair<std::string, std::string>> const& members);

}  // namespace ounce::vision
