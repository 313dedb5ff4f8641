#include "cli/table.hpp"

#include <algorithm>

#include "cli/output.hpp"

namespace ounce::cli {
namespace {

/// Characters, not bytes, for UTF-8.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_number(std::string_view text) {
    return text.find_first_not_of("0123456789.-%") == std::string_view::npos;
}

}  // namespace

std::string table(std::vector<std::vector<std::string>> const& rows) {
    std::vector<std::size_t> widths;
    std::vector<bool> numbers;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        widths.resize(std::max(widths.size(), rows[r].size()));
        numbers.resize(widths.size(), true);
        for (std::size_t c = 0; c < rows[r].size(); ++c) {
            widths[c] = std::max(widths[c], width_of(rows[r][c]));
            if (r > 0 && !is_number(rows[r][c])) numbers[c] = false;
        }
    }
    std::string text;
    for (auto const& row : rows) {
        std::string line;
        for (std::size_t c = 0; c < row.size(); ++c) {
            std::string const gap(widths[c] - width_of(row[c]), ' ');
            auto const cell = printable(row[c]);
            line += (c == 0 ? "" : "  ") + (numbers[c] ? gap + cell : cell + gap);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

}  // namespace ounce::cli
