#include "net/request_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace ounce::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

constexpr std::size_t kLastChunkBytes = 5;  // "0\r\n\r\n"

std::string to_string(string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

struct RequestParser::Engine final : http::basic_parser<true> {
    RequestHead head;
    bool is_http_11 = true;
    bool expects_continue = false;
    bool in_head = true;
    bool unknown_coding = false;
    std::size_t head_bytes = 0;
    std::size_t fields = 0;
    int hosts = 0;
    ByteView piece;

    Engine() {
        eager(false);
        header_limit(kHeadBytesMax);
        body_limit(boost::none);  // the caller counts: it knows the limit only once it has seen the head
    }

    void count(std::size_t bytes, error_code& failed) {
        head_bytes += bytes;
        if (head_bytes > kHeadBytesMax) failed = http::error::header_limit;
    }

    void on_request_impl(http::verb, string_view method, string_view target, int version,
                         error_code& failed) override {
        head.method = to_string(method);
        is_http_11 = version >= 11;
        std::string text = to_string(target);
        for (std::string_view const scheme : {"https://", "http://"}) {
            if (text.size() < scheme.size() || !same_name(text.substr(0, scheme.size()), scheme)) continue;
            auto const slash = text.find_first_of("/?", scheme.size());
            text = slash == std::string::npos ? "/" : text.substr(slash);  // what a proxy would be told
            if (text.front() == '?') text.insert(0, "/");
            break;
        }
        if (text.empty() || (text.front() != '/' && text != "*")) {
            failed = http::error::bad_target;
            return;
        }
        auto const mark = text.find('?');
        head.path = text.substr(0, mark);
        if (mark != std::string::npos) head.query = text.substr(mark + 1);
        count(target.size(), failed);
    }
    void on_field_impl(http::field name, string_view name_text, string_view value,
                       error_code& failed) override {
        if (++fields > kFieldsMax) failed = http::error::header_limit;
        count(name_text.size() + value.size(), failed);
        if (failed || !in_head) return;  // trailers are counted and dropped
        if (name == http::field::host) ++hosts;
        if (name == http::field::expect && same_name(to_string(value), "100-continue"))
            expects_continue = true;
        if (name == http::field::transfer_encoding && !same_name(to_string(value), "chunked"))
            unknown_coding = true;
        head.headers.add(to_string(name_text), to_string(value));
    }
    void on_header_impl(error_code&) override { in_head = false; }
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code&) override { return take(body); }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
        return take(body);
    }
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, string_view, int, error_code&) override {}

    std::size_t take(string_view body) {
        piece = as_bytes({body.data(), body.size()});
        return body.size();
    }
};

RequestParser::RequestParser() : engine_(std::make_unique<Engine>()) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::state() const {
    if (engine_->is_done()) return State::Done;
    return engine_->is_header_done() ? State::Body : State::Head;
}

Result<RequestParser::Step> RequestParser::step(ByteView input) {
    Step step;
    // Beast 1.81 ends the program when it sees "0\r\n" and then a single byte more (it asserts five). A body
    // in chunks never has fewer than five bytes to go, so waiting for them loses nothing.
    bool const in_chunks = !engine_->in_head && engine_->chunked();
    if (input.size() < (in_chunks ? kLastChunkBytes : 1)) return step;
    bool const was_head = engine_->in_head;
    engine_->piece = {};
    error_code failed;
    step.consumed = engine_->put(boost::asio::const_buffer(input.data(), input.size()), failed);
    step.body = engine_->piece;
    if (failed == http::error::header_limit)
        return fail(Code::ResourceExhausted, "the head of the request has more than {} bytes or {} fields",
                    kHeadBytesMax, kFieldsMax);
    if (failed == http::error::need_more) {
        if (step.consumed == 0 && input.size() >= kHeadBytesMax)
            return fail(Code::InvalidArgument, "not a request: a line of more than {} bytes", kHeadBytesMax);
        return step;
    }
    if (failed) return fail(Code::InvalidArgument, "not a request: {}", failed.message());
    if (was_head && !engine_->in_head) {
        if (engine_->unknown_coding)
            return fail(Code::Unimplemented, "the only transfer coding known here is 'chunked'");
        if (engine_->hosts > 1 || (engine_->hosts == 0 && engine_->is_http_11))
            return fail(Code::InvalidArgument, "not a request: it needs one Host");
    }
    return step;
}

RequestHead RequestParser::take_head() {
    return std::move(engine_->head);
}

bool RequestParser::has_body() const {
    return engine_->chunked() || content_length().value_or(0) > 0;
}

std::optional<std::uint64_t> RequestParser::content_length() const {
    if (engine_->chunked()) return std::nullopt;
    auto const told = engine_->content_length();
    return told ? *told : 0;
}

bool RequestParser::keep_alive() const {
    return engine_->keep_alive();
}

bool RequestParser::expects_continue() const {
    return engine_->expects_continue && engine_->is_http_11;
}

int parse_failure_status(Error const& error) {
    if (error.code == Code::ResourceExhausted) return 431;
    return error.code == Code::Unimplemented ? 501 : 400;
}

}  // namespace ounce::net
