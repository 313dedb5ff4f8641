#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ounce {

/// A table as read from CSV: every row has as many fields as the header.
struct CsvTable {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;

    /// Which column is called `name`, or -1.
    [[nodiscard]] int find_column(std::string_view name) const;
};

/// Parses CSV as RFC 4180 says: quoted fields may hold commas, quotes (doubled) and line ends; CRLF or LF;
/// a UTF-8 byte order mark is skipped; empty lines are skipped.
/// Errors: InvalidArgument with the line where a row has another number of fields, or a quote never ends.
Result<CsvTable> parse_csv(std::string_view text);

/// One line with its LF, fields quoted where needed. A field that a spreadsheet would run as a formula
/// (leading = + - @ that is no number) is kept as it is: these files are data, and round trips matter more.
std::string csv_line(std::span<std::string const> fields);

}  // namespace ounce
