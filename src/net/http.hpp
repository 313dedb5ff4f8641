#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/unique_function.hpp"

namespace ounce::net {

/// Whether two header names are the same: ASCII letters count without case.
bool same_name(std::string_view a, std::string_view b);

/// Header fields in the order sent. Names are compared without case.
class Headers {
  public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

    /// The first field of that name; none if there is none.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    /// Replaces all fields of that name by one.
    void set(std::string_view name, std::string value);

    [[nodiscard]] auto begin() const { return fields_.begin(); }
    [[nodiscard]] auto end() const { return fields_.end(); }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// What came before the body. Method and target as sent; the target is split at the first '?', not decoded.
struct RequestHead {
    std::string method;  // "GET"
    std::string path;    // "/devices/cam%201"
    std::string query;   // "api-version=2021-04-12", without the '?'
    Headers headers;
    std::string peer;  // the caller's address, without its port
};

/// A request body that was too large for memory: a file of ours, removed when this goes unless released.
class SpooledBody {
  public:
    SpooledBody(std::filesystem::path path, std::uint64_t size) : path_(std::move(path)), size_(size) {}
    SpooledBody(SpooledBody&& other) noexcept;
    SpooledBody& operator=(SpooledBody&& other) noexcept;
    ~SpooledBody();
    [[nodiscard]] std::filesystem::path const& path() const { return path_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// The caller takes the file over (BlobStore::adopt).
    std::filesystem::path release() { return std::exchange(path_, {}); }

  private:
    std::filesystem::path path_;
    std::uint64_t size_;
};

struct HttpRequest : RequestHead {
    Bytes body;                        // empty if spooled
    std::optional<SpooledBody> spool;  // if the plan said File
    bool cut_off = false;              // the body is not whole, and nobody waits for the answer
};

/// A stretch of a file as a response body. The file is opened when the response begins; it may be removed
/// from its folder meanwhile.
struct FileBody {
    std::filesystem::path path;
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> length;  // none: to the end
};

/// A body made of texts and stretches of files one after the other, such as an archive that nobody wrote out.
/// Each file is opened when its turn comes; one that is gone by then breaks the connection off.
struct PartsBody {
    std::vector<std::variant<std::string, FileBody>> parts;  // every FileBody with its length
    [[nodiscard]] std::uint64_t size() const;
};

struct HttpResponse {
    int status = 200;
    Headers headers;
    std::variant<std::string, FileBody, PartsBody> body;
    /// For HEAD and 304: announced as Content-Length although no body is sent. Without it HEAD announces the
    /// length of `body`, so that a handler may answer HEAD as it answers GET.
    std::optional<std::uint64_t> announced_length;
};

/// Answers one request, once, from any thread. If it dies unused the caller gets 500, so that no mistake of
/// ours leaves a client waiting. After the connection or the server is gone an answer goes nowhere, silently.
class Reply {
  public:
    explicit Reply(UniqueFunction<void(HttpResponse)> send) : send_(std::move(send)) {}
    Reply(Reply&&) noexcept = default;
    Reply& operator=(Reply&&) = delete;
    ~Reply();
    /// Call once; a second call is a broken program.
    void send(HttpResponse response);

  private:
    UniqueFunction<void(HttpResponse)> send_;
};

/// Where a request's body goes before it is handled.
struct BodyPlan {
    enum class To { Memory, File };
    To to = To::Memory;
    std::uint64_t bytes_max = 1 << 20;  // more is refused with 413 before it is read where the length is told
    /// For File: what came of a body whose sender went away or fell silent is handled too, marked `cut_off`,
    /// unless it is nothing. Else it is dropped and nobody hears of it.
    bool cut_off_too = false;
};

/// A request that will be heard: where its body goes, and who gets the whole of it.
struct Admission {
    BodyPlan body;
    /// Called at most once, on the network thread, when the body is there; must hand the work on (to a
    /// WorkerPool, a ledger) and return. The Reply may be kept.
    UniqueFunction<void(HttpRequest, Reply)> handle;
};

/// What a server does with requests. All calls are made on the server's network thread and must be quick and
/// wait for nothing.
class HttpHandler {
  public:
    virtual ~HttpHandler() = default;

    /// Called when the head is there, before any of the body is read: decides once who hears the request, or
    /// refuses it at once (then the connection closes unless there is no body).
    virtual std::variant<Admission, HttpResponse> admit(RequestHead const& head) = 0;

    /// The wording of errors that the server finds itself: 400 malformed, 408 too slow, 413 body too large,
    /// 431 head too large, 500, 503 overload. `head` is null if there is none yet.
    virtual HttpResponse refuse(int status, Error const& error, RequestHead const* head) = 0;
};

}  // namespace ounce::net
