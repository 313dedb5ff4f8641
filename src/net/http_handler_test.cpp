#include "net/http_handler_test.hpp"

#include <fmt/format.h>

#include <chrono>

#include "base/file.hpp"

namespace ounce::net {
namespace {

HttpResponse text_response(int status, std::string text) {
    HttpResponse response;
    response.status = status;
    response.headers.add("Content-Type", "text/plain");
    response.body = std::move(text);
    return response;
}

void echo(HttpRequest const& request, Reply reply) {
    auto text = fmt::format("{} {} {} ", request.method, request.path, request.query);
    text += as_text(request.body);
    reply.send(text_response(200, std::move(text)));
}

void echo_file(HttpRequest const& request, Reply reply) {
    bool const there = request.spool && request.body.empty() &&
                       std::filesystem::file_size(request.spool->path()) == request.spool->size();
    reply.send(text_response(200, there ? fmt::format("file of {}", request.spool->size()) : "no file"));
}

}  // namespace

std::variant<Admission, HttpResponse> TestHandler::admit(RequestHead const& head) {
    Admission admission;
    admission.body.bytes_max = kBodyMax;
    if (head.path == "/refuse") return text_response(401, "who are you?");
    if (head.path == "/file") {
        admission.body.to = BodyPlan::To::File;
        admission.handle = &echo_file;
    } else if (head.path == "/piece") {
        admission.body.to = BodyPlan::To::File;
        admission.body.cut_off_too = true;
        admission.handle = [this](HttpRequest const& request, Reply reply) {
            keep_piece(request, std::move(reply));
        };
    } else if (head.path == "/hold") {
        admission.handle = [this](HttpRequest const&, Reply reply) { hold(std::move(reply)); };
    } else if (head.path == "/lose") {
        admission.handle = [](HttpRequest const&, Reply const&) {};
    } else if (head.path == "/send") {
        admission.handle = [this](HttpRequest const&, Reply reply) { reply.send(response_); };
    } else {
        admission.handle = &echo;
    }
    return admission;
}

HttpResponse TestHandler::refuse(int status, Error const& error, RequestHead const* head) {
    return text_response(
        status, fmt::format("refused{}: {}", head != nullptr ? " " + head->path : "", error.message));
}

void TestHandler::hold(Reply reply) {
    {
        std::scoped_lock const lock(mutex_);
        held_.push_back(std::move(reply));
    }
    changed_.notify_all();
}

bool TestHandler::wait_for_held(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return held_.size() >= count; });
}

void TestHandler::keep_piece(HttpRequest const& request, Reply reply) {
    auto const content = read_file(request.spool->path(), kBodyMax);
    {
        std::scoped_lock const lock(mutex_);
        pieces_.push_back((content ? std::string(as_text(*content)) : content.error().message) +
                          (request.cut_off ? "..." : ""));
    }
    changed_.notify_all();
    reply.send(text_response(200, "kept"));
}

std::vector<std::string> TestHandler::wait_for_pieces(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return pieces_.size() >= count; });
    return pieces_;
}

void TestHandler::release() {
    std::vector<Reply> held;
    {
        std::scoped_lock const lock(mutex_);
        held.swap(held_);
    }
    for (auto& reply : held) reply.send(text_response(200, "released"));
}

TestServer::TestServer(HttpServer::Options options) {
    options.address = "127.0.0.1";
    options.port = 0;
    options.spool_folder = files.folder();
    auto started = HttpServer::start(std::move(options), files.identity(), handler, metrics);
    EXPECT_TRUE(started) << started.error().message;
    server = std::move(*started);
}

std::string TestServer::url(std::string_view path) const {
    return fmt::format("https://localhost:{}{}", server->port(), path);
}

std::string TestServer::metric(std::string_view name) const {
    auto const page = "\n" + metrics.openmetrics();
    auto const line = page.find(fmt::format("\n{} ", name));
    if (line == std::string::npos) return "none";
    auto const value = line + name.size() + 2;
    return page.substr(value, page.find('\n', value) - value);
}

}  // namespace ounce::net
