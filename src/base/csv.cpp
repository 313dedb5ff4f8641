#include "base/csv.hpp"

#include <algorithm>

namespace ounce {

int CsvTable::find_column(std::string_view name) const {
    auto const found = std::find(header.begin(), header.end(), name);
    return found == header.end() ? -1 : static_cast<int>(found - header.begin());
}

Result<CsvTable> parse_csv(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    CsvTable table;
    std::size_t line = 1;
    std::size_t at = 0;
    while (at < text.size()) {
        auto const first_line = line;
        std::vector<std::string> row;
        bool row_ended = false;
        bool any_quoted = false;
        while (!row_ended) {
            std::string field;
            if (at < text.size() && text[at] == '"') {
                any_quoted = true;
                ++at;
                for (;; ++at) {
                    if (at >= text.size())
                        return fail(Code::InvalidArgument, "line {}: a quoted field never ends", first_line);
                    if (text[at] == '\n') ++line;
                    if (text[at] != '"') {
                        field.push_back(text[at]);
                    } else if (at + 1 < text.size() && text[at + 1] == '"') {
                        field.push_back('"');
                        ++at;
                    } else {
                        ++at;
                        break;
                    }
                }
            }
            while (at < text.size() && text[at] != ',' && text[at] != '\n') field.push_back(text[at++]);
            row_ended = at >= text.size() || text[at] == '\n';
            if (row_ended && !field.empty() && field.back() == '\r') field.pop_back();
            row.push_back(std::move(field));
            if (at < text.size()) ++at;
        }
        ++line;
        if (row.size() == 1 && row[0].empty() && !any_quoted) continue;
        if (table.header.empty()) {
            table.header = std::move(row);
        } else if (row.size() != table.header.size()) {
            return fail(Code::InvalidArgument, "line {}: {} fields, the header has {}", first_line,
                        row.size(), table.header.size());
        } else {
            table.rows.push_back(std::move(row));
        }
    }
    return table;
}

std::string csv_line(std::span<std::string const> fields) {
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (i > 0) line.push_back(',');
        auto const& field = fields[i];
        if (field.find_first_of(",\"\r\n") == std::string::npos) {
            line += field;
            continue;
        }
        line.push_back('"');
        for (char const c : field) {
            if (c == '"') line.push_back('"');
            line.push_back(c);
        }
        line.push_back('"');
    }
    line.push_back('\n');
    return line;
}

}  // namespace ounce
