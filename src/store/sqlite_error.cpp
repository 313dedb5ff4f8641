#include "store/sqlite_error.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <string_view>

namespace ounce::store {
namespace {

Code code_of(int sqlite_code, int system_errno) {
    if (system_errno == ENOSPC || system_errno == EDQUOT) return Code::ResourceExhausted;
    switch (sqlite_code & 0xff) {
        case SQLITE_FULL:
        case SQLITE_TOOBIG:
        case SQLITE_NOMEM:
            return Code::ResourceExhausted;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Code::Unavailable;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_IOERR:
            return Code::DataLoss;
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return Code::PermissionDenied;
        default:
            return Code::Internal;
    }
}

std::string_view advice(Code code) {
    switch (code) {
        case Code::ResourceExhausted:
            return "; free some space on that disk and run again";
        case Code::Unavailable:
            return "; another program is working with it: wait until it is done";
        case Code::DataLoss:
            return "; the file is damaged or the disk is failing";
        case Code::PermissionDenied:
            return "; the folder must exist and be writable";
        default:
            return "";
    }
}

}  // namespace

tl::unexpected<Error> sqlite_failure(sqlite3* handle, std::filesystem::path const& path, int code) {
    auto const kind = code_of(code, sqlite3_system_errno(handle));
    // A copy's failure is told by its code alone: the connection itself knows of no error.
    auto const* const words =
        sqlite3_errcode(handle) == SQLITE_OK ? sqlite3_errstr(code) : sqlite3_errmsg(handle);
    return fail(kind, "{}: {}{}", path.string(), words, advice(kind));
}

}  // namespace ounce::store
