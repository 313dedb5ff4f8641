#include "wire/multipart.hpp"

#include <algorithm>
#include <utility>

#include "base/percent.hpp"
#include "base/utf8.hpp"

namespace ounce::wire {

namespace {

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) {
    auto const begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// A header value with parameters: `form-data; name="a"; filename="b"`.
struct HeaderValue {
    std::string main;
    std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case

    [[nodiscard]] std::string const* find(std::string_view name) const {
        for (auto const& [key, value] : parameters)
            if (key == name) return &value;
        return nullptr;
    }
};

/// Takes a quoted string off the front of `text`. Only `\"` and `\\` are escapes: some programs send
/// "C:\picture.jpg" as it is.
Result<std::string> take_quoted(std::string_view& text) {
    std::string value;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '"') {
            text.remove_prefix(at + 1);
            return value;
        }
        if (text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\')) ++at;
        value += text[at];
    }
    return fail(Code::InvalidArgument, "a header has a quoted text without end");
}

Result<HeaderValue> parse_header_value(std::string_view text) {
    HeaderValue header;
    auto const end = std::min(text.find(';'), text.size());
    header.main = trimmed(text.substr(0, end));
    text.remove_prefix(end);
    while (!text.empty()) {
        text.remove_prefix(1);  // ';'
        auto const stop = std::min(text.find_first_of("=;"), text.size());
        std::string name(trimmed(text.substr(0, stop)));
        std::transform(name.begin(), name.end(), name.begin(), lower);
        text.remove_prefix(stop);
        std::string value;
        if (!text.empty() && text.front() == '=') {
            text.remove_prefix(1);
            text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
            if (!text.empty() && text.front() == '"') {
                TRY(value, take_quoted(text));
                text.remove_prefix(std::min(text.find(';'), text.size()));
            } else {
                auto const next = std::min(text.find(';'), text.size());
                value = trimmed(text.substr(0, next));
                text.remove_prefix(next);
            }
        }
        if (!name.empty()) header.parameters.emplace_back(std::move(name), std::move(value));
    }
    return header;
}

/// `filename*=UTF-8''na%C3%AFve.jpg` (RFC 5987), or nothing if it is not of that form.
std::optional<std::string> parse_extended(std::string_view text) {
    auto const first = text.find('\'');
    auto const second = first == std::string_view::npos ? first : text.find('\'', first + 1);
    if (second == std::string_view::npos || !equal_ignoring_case(text.substr(0, first), "utf-8")) return {};
    auto decoded = percent_decode(text.substr(second + 1));
    if (!decoded || !is_utf8(*decoded)) return {};
    return std::move(*decoded);
}

Result<FormPart> parse_part_headers(std::string_view headers) {
    FormPart part;
    part.content_type = "text/plain";
    bool named = false;
    while (!headers.empty()) {
        auto const end = std::min(headers.find("\r\n"), headers.size());
        auto const line = headers.substr(0, end);
        headers.remove_prefix(std::min(end + 2, headers.size()));
        auto const colon = line.find(':');
        if (colon == std::string_view::npos)
            return fail(Code::InvalidArgument, "a part of the form has a header line without ':'");
        auto const name = trimmed(line.substr(0, colon));
        auto const value = trimmed(line.substr(colon + 1));
        if (equal_ignoring_case(name, "content-type")) part.content_type = value;
        if (!equal_ignoring_case(name, "content-disposition")) continue;
        TRY(auto const disposition, parse_header_value(value));
        if (auto const* text = disposition.find("name")) {
            part.name = *text;
            named = true;
        }
        if (auto const* text = disposition.find("filename")) part.filename = *text;
        if (auto const* text = disposition.find("filename*"))
            if (auto extended = parse_extended(*text)) part.filename = std::move(*extended);
    }
    if (!named) return fail(Code::InvalidArgument, "a part of the form has no name");
    if (!is_utf8(part.name))
        return fail(Code::InvalidArgument, "a part of the form has a name that is not UTF-8");
    if (part.filename) part.filename = to_utf8(*part.filename);
    return part;
}

/// Where a delimiter line is: `at` the first byte that is not content any more, `after` the first byte behind
/// the line.
struct Delimiter {
    std::size_t at = 0;
    std::size_t after = 0;
    bool last = false;
};

/// The next delimiter line from `from` on. What merely begins like one is content.
std::optional<Delimiter> find_delimiter(std::string_view body, std::string_view delimiter, std::size_t from) {
    while (true) {
        auto const found = body.find(delimiter, from);
        if (found == std::string_view::npos) return std::nullopt;
        from = found + 1;
        bool const line_begins = found == 0 || (found >= 2 && body.substr(found - 2, 2) == "\r\n");
        if (!line_begins) continue;
        auto const at = found == 0 ? 0 : found - 2;
        auto rest = found + delimiter.size();
        if (body.substr(rest, 2) == "--") return Delimiter{at, rest + 2, true};
        rest = std::min(body.find_first_not_of(" \t", rest), body.size());
        if (body.substr(rest, 2) == "\r\n") return Delimiter{at, rest + 2, false};
    }
}

}  // namespace

Result<std::string> form_boundary(std::string_view content_type) {
    TRY(auto const header, parse_header_value(content_type));
    if (header.main.size() < 10 || !equal_ignoring_case(header.main.substr(0, 10), "multipart/"))
        return fail(Code::InvalidArgument, "the body is not multipart/form-data");
    auto const* boundary = header.find("boundary");
    if (boundary == nullptr) return fail(Code::InvalidArgument, "the Content-Type names no boundary");
    bool const printable = std::all_of(boundary->begin(), boundary->end(),
                                       [](char letter) { return letter >= ' ' && letter <= '~'; });
    if (boundary->empty() || boundary->size() > kFormBoundaryBytesMax || !printable ||
        boundary->back() == ' ')
        return fail(Code::InvalidArgument, "the Content-Type names a boundary that is not allowed");
    return *boundary;
}

Result<std::vector<FormPart>> parse_form(ByteView body, std::string_view boundary) {
    auto const text = as_text(body);
    auto const line = "--" + std::string(boundary);
    auto delimiter = find_delimiter(text, line, 0);
    if (!delimiter) return fail(Code::InvalidArgument, "the form does not hold its own boundary");

    std::vector<FormPart> parts;
    while (!delimiter->last) {
        if (parts.size() == kFormPartsMax)
            return fail(Code::ResourceExhausted, "the form has more than {} parts", kFormPartsMax);
        auto const begin = delimiter->after;
        // Headers end with an empty line; a part may have none, then it begins with that line.
        bool const no_headers = text.substr(begin, 2) == "\r\n";
        auto const window = text.substr(begin, kFormPartHeaderBytesMax + 4);
        auto const headers_end = no_headers ? 0 : window.find("\r\n\r\n");
        if (headers_end == std::string_view::npos) {
            if (window.size() < kFormPartHeaderBytesMax + 4)
                return fail(Code::InvalidArgument, "the form ends within the headers of part {}",
                            parts.size() + 1);
            return fail(Code::ResourceExhausted, "the headers of part {} of the form have more than {} bytes",
                        parts.size() + 1, kFormPartHeaderBytesMax);
        }
        TRY(auto part, parse_part_headers(window.substr(0, headers_end)));
        auto const content = begin + headers_end + (no_headers ? 2 : 4);
        // An empty content may share its line end with the headers'.
        delimiter = find_delimiter(text, line, content - 2);
        if (!delimiter)
            return fail(Code::InvalidArgument, "the form ends within part {} ('{}')", parts.size() + 1,
                        part.name);
        auto const end = std::max(delimiter->at, content);
        part.content = body.subspan(content, end - content);
        parts.push_back(std::move(part));
    }
    return parts;
}

}  // namespace ounce::wire
