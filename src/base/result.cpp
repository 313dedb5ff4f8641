#include "base/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace ounce {

std::string_view to_string(Code code) {
    switch (code) {
        case Code::InvalidArgument:
            return "invalid-argument";
        case Code::NotFound:
            return "not-found";
        case Code::AlreadyExists:
            return "already-exists";
        case Code::FailedPrecondition:
            return "failed-precondition";
        case Code::DataLoss:
            return "data-loss";
        case Code::ResourceExhausted:
            return "resource-exhausted";
        case Code::PermissionDenied:
            return "permission-denied";
        case Code::Unauthenticated:
            return "unauthenticated";
        case Code::Aborted:
            return "aborted";
        case Code::DeadlineExceeded:
            return "deadline-exceeded";
        case Code::Unavailable:
            return "unavailable";
        case Code::Unimplemented:
            return "unimplemented";
        case Code::Cancelled:
            return "cancelled";
        case Code::Internal:
            return "internal";
    }
    return "internal";
}

int exit_code(Code code) {
    switch (code) {
        case Code::InvalidArgument:
            return 2;
        case Code::NotFound:
            return 4;
        case Code::FailedPrecondition:
            return 5;
        case Code::DataLoss:
            return 6;
        case Code::AlreadyExists:
            return 7;
        case Code::PermissionDenied:
            return 8;
        case Code::ResourceExhausted:
            return 9;
        case Code::Unavailable:
            return 10;
        case Code::Unauthenticated:
            return 12;
        case Code::Aborted:
            return 13;
        case Code::DeadlineExceeded:
            return 14;
        case Code::Unimplemented:
            return 11;
        case Code::Internal:
            return 70;
        case Code::Cancelled:
            return 130;
    }
    return 70;
}

Error Error::in(std::string_view context) const {
    return {code, fmt::format("{}: {}", context, message), reason};
}

void broken_invariant(char const* condition, char const* file, int line) {
    std::fprintf(stderr, "ounce: broken invariant %s at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace ounce
