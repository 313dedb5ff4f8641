#include "net/http_connection.hpp"

#include <netinet/tcp.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "net/listen.hpp"
#include "net/request_parser.hpp"
#include "net/response_head.hpp"
#include "net/spool_file.hpp"

// The one file that instantiates Asio over TLS for HTTP: half a minute to compile.

namespace ounce::net {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 16 << 10;    // one TLS record
constexpr std::size_t kSpoolBytes = 256 << 10;  // what one visit to the disk thread carries
constexpr std::size_t kJoinBytes = 16 << 10;    // bodies up to this go out in one piece with their head
constexpr std::uint64_t kBodyBytesPerSecondMin = 256;  // over the whole of a body; the worst link does better
constexpr std::chrono::seconds kFarewell{2};           // for the other side to take our last words
constexpr std::uint64_t kFarewellBytes = 64 << 20;  // of a refused body that are read and dropped meanwhile

/// Runs `work` on the disk thread and comes back to the network thread with what it returned.
template <class Work>
awaitable<std::invoke_result_t<Work&>> on_disk(HttpShared& shared, Work work) {
    using Outcome = std::invoke_result_t<Work&>;
    auto initiate = [&shared](auto handler, Work job) {
        asio::post(shared.disk, [&shared, handler = std::move(handler), job = std::move(job)]() mutable {
            asio::post(shared.io, [handler = std::move(handler), outcome = job()]() mutable {
                std::move(handler)(std::move(outcome));
            });
        });
    };
    co_return co_await asio::async_initiate<asio::use_awaitable_t<> const, void(Outcome)>(
        std::move(initiate), asio::use_awaitable, std::move(work));
}

class Connection final : public HttpConnection, public std::enable_shared_from_this<Connection> {
  public:
    Connection(HttpShared& shared, tcp::socket socket, asio::ssl::context& tls)
        : shared_(shared),
          stream_(std::move(socket), tls),
          deadline_(shared.io),
          answered_(shared.io),
          peer_(peer_address(stream_.next_layer())) {}

    void start() override { asio::co_spawn(shared_.io, run(shared_from_this()), asio::detached); }
    void drain() override {
        if (waiting_) interrupt();
    }
    void stop() override;
    [[nodiscard]] std::optional<Instant> waiting_since() const override {
        return stopping_ ? std::nullopt : waiting_;
    }

  private:
    enum class Next { KeepOpen, Close, Linger, Drop };

    awaitable<void> run(std::shared_ptr<Connection> self);
    awaitable<bool> shake_hands();
    awaitable<Next> serve_one();
    awaitable<Next> read_head(RequestParser& parser);
    awaitable<Next> read_body(RequestParser& parser, RequestHead const& head, BodyPlan plan,
                              HttpRequest& into);
    awaitable<Status> keep(ByteView piece, BodyPlan plan, HttpRequest& into, std::optional<SpoolFile>& spool);
    awaitable<Status> flush(std::optional<SpoolFile>& spool);
    awaitable<Next> keep_what_came(RequestHead const& head, HttpRequest& into,
                                   std::optional<SpoolFile>& spool);
    awaitable<Next> give_up_on_body(RequestHead const& head);
    awaitable<HttpResponse> ask(UniqueFunction<void(HttpRequest, Reply)> handle, HttpRequest request);
    awaitable<Next> answer(HttpResponse response, RequestHead const& head, Next after);
    awaitable<Next> refuse(int status, Error error, RequestHead const* head);
    awaitable<bool> send_file(FileReader file);
    awaitable<bool> send_parts(PartsBody body);
    awaitable<bool> send(std::string_view text);
    awaitable<std::size_t> read();
    awaitable<void> say_goodbye(bool linger);

    void acknowledge_at_once();
    void arm(std::chrono::milliseconds timeout);
    void disarm();
    void interrupt();
    void take_answer(std::uint64_t number, HttpResponse response);
    [[nodiscard]] ByteView unread() const { return ByteView(buffer_).subspan(begin_, end_ - begin_); }
    void consume(std::size_t bytes) { begin_ += bytes; }
    void release_memory() { shared_.body_memory -= std::exchange(held_memory_, 0); }

    HttpShared& shared_;
    asio::ssl::stream<tcp::socket> stream_;
    asio::steady_timer deadline_;
    asio::steady_timer answered_;  // never rings: cancelled when the answer is there
    std::string peer_;
    Bytes buffer_;  // what was read and not yet parsed lies from begin_ to end_
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    Bytes pending_;  // of a spooled body, not yet on the disk
    std::optional<Instant> waiting_ = std::chrono::steady_clock::now();
    std::uint64_t request_number_ = 0;
    std::optional<HttpResponse> answer_;
    std::uint64_t held_memory_ = 0;
    bool interrupted_ = false;  // the deadline rang, or we are to end
    bool stopping_ = false;
};

// Deadlines. Every wait for the network is armed with one; when it rings, the wait ends with an error.

void Connection::arm(std::chrono::milliseconds timeout) {
    interrupted_ = stopping_;
    deadline_.expires_after(timeout);
    deadline_.async_wait([weak = weak_from_this()](error_code const& cancelled) {
        if (cancelled) return;
        auto const self = weak.lock();
        // A ring that was on its way when the deadline was moved does not count.
        if (self && self->deadline_.expiry() <= std::chrono::steady_clock::now()) {
            self->shared_.timeouts.add();
            self->interrupt();
        }
    });
}

void Connection::disarm() {
    deadline_.expires_at(std::chrono::steady_clock::time_point::max());
}

void Connection::interrupt() {
    interrupted_ = true;
    error_code ignored;
    stream_.lowest_layer().cancel(ignored);
}

void Connection::stop() {
    stopping_ = true;
    interrupted_ = true;
    error_code ignored;
    stream_.lowest_layer().close(ignored);
    deadline_.cancel();
    answered_.cancel();
}

// Bytes.

awaitable<std::size_t> Connection::read() {
    if (interrupted_) co_return 0;
    if (begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= std::exchange(begin_, 0);
    }
    if (buffer_.size() < end_ + kReadBytes) buffer_.resize(end_ + kReadBytes);
    error_code failed;
    auto const space = asio::buffer(buffer_.data() + end_, kReadBytes);
    auto const got =
        co_await stream_.async_read_some(space, asio::redirect_error(asio::use_awaitable, failed));
    end_ += got;
    co_return failed ? 0 : got;
}

/// The system keeps acknowledgements back for 40 ms where request and answer take turns, hoping to send them
/// with the answer. A client on this machine, whose packets have 64 KB, then waits in mid-body: a few
/// pictures in a hundred took 40 ms longer.
void Connection::acknowledge_at_once() {
    error_code ignored;
    using QuickAck = asio::detail::socket_option::boolean<IPPROTO_TCP, TCP_QUICKACK>;
    stream_.next_layer().set_option(QuickAck(true), ignored);
}

awaitable<bool> Connection::send(std::string_view text) {
    while (!text.empty()) {
        arm(shared_.options.stall_timeout);
        if (interrupted_) co_return false;
        error_code failed;
        auto const piece = asio::buffer(text.data(), text.size());
        auto const sent =
            co_await stream_.async_write_some(piece, asio::redirect_error(asio::use_awaitable, failed));
        if (failed || sent == 0) co_return false;
        text.remove_prefix(sent);
    }
    co_return true;
}

// One connection.

awaitable<void> Connection::run(std::shared_ptr<Connection>) {
    auto next = Next::Drop;
    if (co_await shake_hands()) {
        do {
            next = co_await serve_one();
        } while (next == Next::KeepOpen && !stopping_);
    }
    if (next != Next::Drop && !stopping_) co_await say_goodbye(next == Next::Linger);
    deadline_.cancel();
    error_code ignored;
    stream_.lowest_layer().close(ignored);
    shared_.left(*this);
}

awaitable<bool> Connection::shake_hands() {
    error_code failed;
    stream_.lowest_layer().set_option(tcp::no_delay(true), failed);
    arm(shared_.options.handshake_timeout);
    co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                     asio::redirect_error(asio::use_awaitable, failed));
    if (failed || interrupted_) {
        shared_.handshakes_failed.add();
        log(LogLevel::Debug, "http handshake failed", {{"peer", peer_}, {"reason", failed.message()}});
        co_return false;
    }
    co_return true;
}

/// Tells the other side that this is all. If it is still sending what nobody wants, reads on a while: closing
/// now would make its system drop our answer before it is read.
awaitable<void> Connection::say_goodbye(bool linger) {
    error_code failed;
    arm(kFarewell);
    SSL_set_shutdown(stream_.native_handle(), SSL_RECEIVED_SHUTDOWN);  // say it, do not wait to be answered
    co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, failed));
    if (!linger || interrupted_) co_return;
    stream_.next_layer().shutdown(tcp::socket::shutdown_send, failed);
    std::uint64_t dropped = 0;
    buffer_.resize(kReadBytes);  // nothing in it matters any more
    while (!failed && !interrupted_ && dropped < kFarewellBytes) {
        auto const space = asio::buffer(buffer_);
        dropped += co_await stream_.next_layer().async_read_some(
            space, asio::redirect_error(asio::use_awaitable, failed));
    }
}

awaitable<Connection::Next> Connection::serve_one() {
    RequestParser parser;
    auto next = co_await read_head(parser);
    waiting_.reset();
    if (next != Next::KeepOpen) co_return next;

    HttpRequest request;
    static_cast<RequestHead&>(request) = parser.take_head();
    request.peer = peer_;
    RequestHead const head = request;
    auto admitted = shared_.handler.admit(head);
    auto const after = parser.keep_alive() ? Next::KeepOpen : Next::Close;
    if (auto* const refusal = std::get_if<HttpResponse>(&admitted))
        co_return co_await answer(std::move(*refusal), head, parser.has_body() ? Next::Linger : after);

    auto& admission = std::get<Admission>(admitted);
    next = co_await read_body(parser, head, admission.body, request);
    if (next == Next::KeepOpen) {
        bool const cut_off = request.cut_off;
        auto response = co_await ask(std::move(admission.handle), std::move(request));
        if (cut_off)
            next = co_await give_up_on_body(head);
        else
            next = stopping_ ? Next::Drop : co_await answer(std::move(response), head, after);
    }
    release_memory();
    waiting_ = std::chrono::steady_clock::now();
    co_return next;
}

awaitable<Connection::Next> Connection::read_head(RequestParser& parser) {
    bool begun = end_ > begin_;
    waiting_ = std::chrono::steady_clock::now();
    if (!begun && shared_.draining) co_return Next::Close;
    arm(begun ? shared_.options.head_timeout : shared_.options.idle_timeout);
    for (;;) {
        auto const step = parser.step(unread());
        if (!step) co_return co_await refuse(parse_failure_status(step.error()), step.error(), nullptr);
        consume(step->consumed);
        if (parser.state() != RequestParser::State::Head) break;
        if (step->consumed > 0) continue;
        auto const got = co_await read();
        if (stopping_) co_return Next::Drop;
        if (got == 0 && interrupted_ && begun && !shared_.draining) {
            Error error{Code::DeadlineExceeded, "the head of the request took too long"};
            co_return co_await refuse(408, std::move(error), nullptr);
        }
        if (got == 0) co_return Next::Close;
        if (!begun) arm(shared_.options.head_timeout);
        begun = true;
    }
    disarm();
    co_return Next::KeepOpen;
}

awaitable<Connection::Next> Connection::read_body(RequestParser& parser, RequestHead const& head,
                                                  BodyPlan plan, HttpRequest& into) {
    Error too_large{Code::ResourceExhausted,
                    fmt::format("the body has more than the {} bytes that this takes", plan.bytes_max)};
    auto const length = parser.content_length();
    if (length && *length > plan.bytes_max) co_return co_await refuse(413, std::move(too_large), &head);
    if (parser.expects_continue() && parser.has_body() && end_ == begin_) {
        if (!co_await send("HTTP/1.1 100 Continue\r\n\r\n")) co_return Next::Drop;
    }

    std::optional<SpoolFile> spool;
    if (plan.to == BodyPlan::To::File) {
        auto create = [this] { return SpoolFile::create(shared_.options.spool_folder); };
        auto created = co_await on_disk(shared_, std::move(create));
        if (!created) co_return co_await refuse(413, std::move(created).error(), &head);
        spool.emplace(std::move(*created));
    }
    // Callers without a key could else hold a place for ever with a byte a minute: devices' tokens are only
    // looked at when the body is there.
    std::chrono::seconds const allowed(length.value_or(plan.bytes_max) / kBodyBytesPerSecondMin);
    auto const until = std::chrono::steady_clock::now() + shared_.options.stall_timeout + allowed;
    std::uint64_t size = 0;
    while (parser.state() != RequestParser::State::Done) {
        auto const step = parser.step(unread());
        if (!step) co_return co_await refuse(parse_failure_status(step.error()), step.error(), &head);
        size += step->body.size();
        if (size > plan.bytes_max) co_return co_await refuse(413, std::move(too_large), &head);
        auto kept = co_await keep(step->body, plan, into, spool);
        if (!kept) {
            int const status = kept.error().code == Code::Unavailable ? 503 : 413;
            co_return co_await refuse(status, std::move(kept).error(), &head);
        }
        consume(step->consumed);
        if (step->consumed > 0) continue;
        auto const left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        arm(std::min(left, shared_.options.stall_timeout));
        acknowledge_at_once();
        auto const got = co_await read();
        if (got > 0) continue;
        if (plan.cut_off_too && spool && !stopping_) co_return co_await keep_what_came(head, into, spool);
        co_return co_await give_up_on_body(head);
    }
    disarm();
    if (spool) {
        auto const flushed = co_await flush(spool);
        if (!flushed) co_return co_await refuse(413, flushed.error(), &head);
        into.spool.emplace(spool->finish());
    }
    co_return Next::KeepOpen;
}

awaitable<Connection::Next> Connection::keep_what_came(RequestHead const& head, HttpRequest& into,
                                                       std::optional<SpoolFile>& spool) {
    auto const flushed = co_await flush(spool);
    auto body = spool->finish();
    if (!flushed || body.size() == 0) co_return co_await give_up_on_body(head);
    into.spool.emplace(std::move(body));
    into.cut_off = true;
    co_return Next::KeepOpen;
}

/// Whoever fell silent is told so; whoever went away cannot be.
awaitable<Connection::Next> Connection::give_up_on_body(RequestHead const& head) {
    if (stopping_ || !interrupted_) co_return Next::Drop;
    Error error{Code::DeadlineExceeded, "the body of the request came too slowly"};
    co_return co_await refuse(408, std::move(error), &head);
}

awaitable<Status> Connection::keep(ByteView piece, BodyPlan plan, HttpRequest& into,
                                   std::optional<SpoolFile>& spool) {
    if (plan.to == BodyPlan::To::File) {
        pending_.insert(pending_.end(), piece.begin(), piece.end());
        if (pending_.size() < kSpoolBytes) co_return Status();
        co_return co_await flush(spool);
    }
    if (shared_.body_memory + piece.size() > shared_.options.body_memory_max)
        co_return fail(Code::Unavailable, "too many uploads at once: try again in a while");
    shared_.body_memory += piece.size();
    held_memory_ += piece.size();
    into.body.insert(into.body.end(), piece.begin(), piece.end());
    co_return Status();
}

awaitable<Status> Connection::flush(std::optional<SpoolFile>& spool) {
    auto append = [this, &spool] { return spool->append(pending_); };
    auto status = co_await on_disk(shared_, std::move(append));
    pending_.clear();
    co_return status;
}

// Answers.

void Connection::take_answer(std::uint64_t number, HttpResponse response) {
    if (number != request_number_ || answer_) return;
    answer_ = std::move(response);
    answered_.cancel();
}

awaitable<HttpResponse> Connection::ask(UniqueFunction<void(HttpRequest, Reply)> handle,
                                        HttpRequest request) {
    answer_.reset();
    answered_.expires_at(std::chrono::steady_clock::time_point::max());
    auto const number = ++request_number_;
    auto bring = [mailbox = shared_.mailbox, weak = weak_from_this(), number](HttpResponse response) {
        mailbox->post([weak, number, response = std::move(response)]() mutable {
            if (auto const self = weak.lock()) self->take_answer(number, std::move(response));
        });
    };
    Reply reply(std::move(bring));
    handle(std::move(request), std::move(reply));
    // Answers come through the mailbox, never from inside handle(): none can be missed here.
    while (!answer_ && !stopping_) {
        error_code cancelled;
        co_await answered_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    HttpResponse response;
    if (answer_) response = std::move(*answer_);
    answer_.reset();
    release_memory();  // the request is dealt with; a slow reader of the answer takes nobody's place
    co_return response;
}

awaitable<Connection::Next> Connection::refuse(int status, Error error, RequestHead const* head) {
    static RequestHead const kUnknown;
    auto response = shared_.handler.refuse(status, error, head);
    log(LogLevel::Debug, "http request refused",
        {{"peer", peer_}, {"status", status}, {"reason", error.message}});
    co_return co_await answer(std::move(response), head != nullptr ? *head : kUnknown, Next::Linger);
}

awaitable<Connection::Next> Connection::answer(HttpResponse response, RequestHead const& head, Next after) {
    if (shared_.draining && after == Next::KeepOpen) after = Next::Close;
    std::optional<FileReader> file;
    if (auto const* const body = std::get_if<FileBody>(&response.body)) {
        auto open = [body] { return FileReader::open(*body); };
        auto opened = co_await on_disk(shared_, std::move(open));
        if (opened) {
            file.emplace(std::move(*opened));
        } else {
            log_error("http file not sent", {{"reason", opened.error().message}});
            Error const error{Code::Internal, "what was asked for cannot be read: see the log of the hub"};
            response = shared_.handler.refuse(500, error, &head);
        }
    }
    auto const* const text = std::get_if<std::string>(&response.body);
    auto* const parts = std::get_if<PartsBody>(&response.body);
    auto const size = file ? file->left() : text ? text->size() : parts ? parts->size() : 0;
    auto const length = announced_length(head.method, response, size);
    auto out = response_head(response.status, response.headers, length, after == Next::KeepOpen,
                             system_clock().now());
    bool const with_body = may_have_body(head.method, response.status);
    bool const joined = with_body && text != nullptr && text->size() <= kJoinBytes;
    if (joined) out += *text;
    if (!co_await send(out)) co_return Next::Drop;
    if (with_body && !joined && text != nullptr && !co_await send(*text)) co_return Next::Drop;
    if (with_body && file && !co_await send_file(std::move(*file))) co_return Next::Drop;
    if (with_body && parts && !co_await send_parts(std::move(*parts))) co_return Next::Drop;
    co_return after;
}

awaitable<bool> Connection::send_file(FileReader file) {
    while (file.left() > 0) {
        auto read_piece = [&file] { return file.read(kSpoolBytes); };
        auto const piece = co_await on_disk(shared_, std::move(read_piece));
        if (!piece) {
            log_error("http file broken off", {{"reason", piece.error().message}});
            co_return false;  // the connection drops, so that the caller sees that it has not got all
        }
        if (!co_await send(*piece)) co_return false;
    }
    co_return true;
}

awaitable<bool> Connection::send_parts(PartsBody body) {
    for (auto const& part : body.parts) {
        if (auto const* const text = std::get_if<std::string>(&part)) {
            if (!co_await send(*text)) co_return false;
            continue;
        }
        auto open = [&part] { return FileReader::open(std::get<FileBody>(part)); };
        auto opened = co_await on_disk(shared_, std::move(open));
        if (!opened) {
            log_error("http part not sent", {{"reason", opened.error().message}});
            co_return false;
        }
        if (!co_await send_file(std::move(*opened))) co_return false;
    }
    co_return true;
}

}  // namespace

std::shared_ptr<HttpConnection> make_http_connection(HttpShared& shared, tcp::socket socket,
                                                     asio::ssl::context& tls) {
    return std::make_shared<Connection>(shared, std::move(socket), tls);
}

}  // namespace ounce::net
