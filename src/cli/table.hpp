#pragma once

#include <string>
#include <vector>

namespace ounce::cli {

/// Rows as lines of aligned columns, two spaces between them. Cells are made printable; the first row is the
/// heading. Columns of numbers alone are aligned to the right.
std::string table(std::vector<std::vector<std::string>> const& rows);

}  // namespace ounce::cli
