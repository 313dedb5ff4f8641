#include "load/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace ounce::load {

namespace {

constexpr std::string_view kLengthName = "\r\ncontent-length:";
constexpr std::string_view kBoundary = "--------------------------31415926535897932384626";

/// What stands behind `text` as a number, spaces in front of it left out; -1 if none does.
long number_at(std::string_view text) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ')));
    long value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void append(Bytes& out, std::string_view text) {
    auto const view = as_bytes(text);
    out.insert(out.end(), view.begin(), view.end());
}

}  // namespace

Result<HttpClient> HttpClient::connect(Target const& target) {
    TRY(auto connection, TlsClient::connect(target));
    return HttpClient(std::move(connection));
}

void HttpClient::send(ByteView request) {
    connection_.outgoing.insert(connection_.outgoing.end(), request.begin(), request.end());
}

Result<std::optional<Response>> HttpClient::advance() {
    auto const moved = connection_.advance();  // what came before an end still counts
    auto const text = as_text(connection_.incoming);
    auto const head_end = text.find("\r\n\r\n");
    if (head_end == std::string_view::npos) {
        if (!moved) return fail(moved.error());
        return std::nullopt;
    }
    std::string head(text.substr(0, head_end));
    std::ranges::transform(head, head.begin(), [](unsigned char c) { return std::tolower(c); });
    auto const status = head.starts_with("http/1.1 ") ? number_at(head.substr(9)) : -1;
    auto const length_at = head.find(kLengthName);
    auto const length =
        length_at == std::string::npos ? -1 : number_at(head.substr(length_at + kLengthName.size()));
    if (status < 200 || length < 0)
        return fail(Code::InvalidArgument, "no response that states its length: {}", head.substr(0, 200));
    auto const whole = head_end + 4 + static_cast<std::size_t>(length);
    if (text.size() < whole) {
        if (!moved) return fail(moved.error());
        return std::nullopt;
    }
    Response response{static_cast<int>(status), std::string(text.substr(head_end + 4, whole - head_end - 4))};
    auto& incoming = connection_.incoming;
    incoming.erase(incoming.begin(), incoming.begin() + static_cast<std::ptrdiff_t>(whole));
    return response;
}

Bytes make_request(std::string_view host, std::string_view path, std::string_view headers,
                   std::string_view form_name, ByteView body) {
    bool const form = !form_name.empty();
    auto const before = form ? fmt::format(
                                   "--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n"
                                   "Content-Type: application/octet-stream\r\n\r\n",
                                   kBoundary, form_name)
                             : std::string();
    auto const after = form ? fmt::format("\r\n--{}--\r\n", kBoundary) : std::string();
    auto const type = form ? fmt::format("multipart/form-data; boundary={}", kBoundary)
                           : std::string("application/octet-stream");
    Bytes request;
    append(request,
           fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\n{}Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
                       path, host, headers, type, before.size() + body.size() + after.size()));
    append(request, before);
    request.insert(request.end(), body.begin(), body.end());
    append(request, after);
    return request;
}

}  // namespace ounce::load
