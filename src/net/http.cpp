#include "net/http.hpp"

#include <algorithm>
#include <system_error>

namespace ounce::net {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    auto const found =
        std::ranges::find_if(fields_, [name](auto const& field) { return same_name(field.first, name); });
    if (found == fields_.end()) return std::nullopt;
    return found->second;
}

void Headers::set(std::string_view name, std::string value) {
    std::erase_if(fields_, [name](auto const& field) { return same_name(field.first, name); });
    add(std::string(name), std::move(value));
}

SpooledBody::SpooledBody(SpooledBody&& other) noexcept
    : path_(std::exchange(other.path_, {})), size_(std::exchange(other.size_, 0)) {}

SpooledBody& SpooledBody::operator=(SpooledBody&& other) noexcept {
    std::swap(path_, other.path_);  // the other removes what was ours
    std::swap(size_, other.size_);
    return *this;
}

SpooledBody::~SpooledBody() {
    if (path_.empty()) return;
    std::error_code ignored;  // nobody is left to tell; the folder is emptied when the hub starts
    std::filesystem::remove(path_, ignored);
}

std::uint64_t PartsBody::size() const {
    std::uint64_t size = 0;
    for (auto const& part : parts) {
        if (auto const* const text = std::get_if<std::string>(&part))
            size += text->size();
        else
            size += std::get<FileBody>(part).length.value_or(0);
    }
    return size;
}

Reply::~Reply() {
    if (!send_) return;
    HttpResponse response;
    response.status = 500;
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    response.body = R"({"error":{"code":"500","message":"the hub lost this request: see its log"}})";
    send_(std::move(response));
}

void Reply::send(HttpResponse response) {
    OUNCE_CHECK(static_cast<bool>(send_));
    auto send = std::exchange(send_, {});
    send(std::move(response));
}

}  // namespace ounce::net
