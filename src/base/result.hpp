#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace ounce {

/// Why something failed, as few kinds as a caller can act on. One table (`exit_code`, later the
/// HTTP and MQTT codes) maps each kind to what the outside sees.
enum class Code {
    InvalidArgument,     // the caller gave something that can never work
    NotFound,            // no such file, tag, model
    AlreadyExists,       // would overwrite what is there
    FailedPrecondition,  // right request, wrong state: too few pictures, set-up not run
    DataLoss,            // damaged or truncated bytes
    ResourceExhausted,   // a stated bound was reached: memory, disk, size
    PermissionDenied,    // we know who asks, and they may not
    Unauthenticated,     // no credential, or one that is wrong or expired
    Aborted,             // it changed since the caller looked (an ETag does not match): look again
    DeadlineExceeded,    // somebody else did not answer in time
    Unavailable,         // may work later: library not loadable, device busy
    Unimplemented,       // a valid input of a kind we do not support; the message names it
    Cancelled,           // the person or the caller asked to stop
    Internal,            // our mistake
};

/// "invalid-argument", "not-found", ...: how a code is written in JSON.
std::string_view to_string(Code code);

/// The exit status of a command that ends with this error; see docs/CLI.md for the table.
int exit_code(Code code);

/// A failure: what kind, and one sentence for the person who must act (what, where, what to try).
struct Error {
    Code code = Code::Internal;
    std::string message;
    /// The name that a wire gives to this very failure ("DeviceNotFound"), for clients that tell failures
    /// apart by name; empty where none does.
    std::string reason = {};

    /// The same error with where it happened in front: "hub.toml: listen: not a number".
    [[nodiscard]] Error in(std::string_view context) const;
};

/// A value, or why there is none.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  public:
    using tl::expected<T, Error>::expected;
};

using Status = Result<void>;

/// `return fail(Code::NotFound, "{}: no such tag", name);`
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

/// The same with the name that the wire has for it:
/// `return fail_as(Code::NotFound, "DeviceNotFound", "there is no device '{}'", id);`
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail_as(Code code, std::string_view reason,
                                            fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected<Error>(
        Error{code, fmt::format(format, std::forward<Args>(args)...), std::string(reason)});
}

/// Passes a failure on as it is.
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

/// Ends the program for a broken invariant of ours, in release builds too. Never for input.
[[noreturn]] void broken_invariant(char const* condition, char const* file, int line);

}  // namespace ounce

#define OUNCE_CONCAT_INNER(a, b) a##b
#define OUNCE_CONCAT(a, b) OUNCE_CONCAT_INNER(a, b)

/// TRY(value, expression): declares `value` from the Result, or returns its error from this function.
/// Example: TRY(auto bytes, read_file(path, kMax));
#define TRY(declaration, ...) OUNCE_TRY(OUNCE_CONCAT(result_, __LINE__), declaration, __VA_ARGS__)
#define OUNCE_TRY(temporary, declaration, ...)                          \
    auto temporary = (__VA_ARGS__);                                     \
    if (!temporary) return ::ounce::fail(std::move(temporary).error()); \
    declaration = std::move(temporary).value()

/// TRY_STATUS(expression): returns the error of a Status, if it has one.
#define TRY_STATUS(...)                                          \
    do {                                                         \
        if (auto try_status = (__VA_ARGS__); !try_status)        \
            return ::ounce::fail(std::move(try_status).error()); \
    } while (false)

#define OUNCE_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::ounce::broken_invariant(#condition, __FILE__, __LINE__))
