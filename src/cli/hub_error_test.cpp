#include "cli/hub_error.hpp"

#include <gtest/gtest.h>

namespace ounce::cli {
namespace {

TEST(HubError, ReadsEveryDialectOfTheHub) {
    struct Case {
        int status;
        char const* body;
        Code code;
        char const* reason;
        char const* message;
    };
    for (auto const& [status, body, code, reason, message] : {
             Case{404, R"({"Message":"ErrorCode:DeviceNotFound;no device 'a'","ExceptionMessage":""})",
                  Code::NotFound, "DeviceNotFound", "no device 'a'"},
             Case{400, R"({"code":"BadRequestTagNameNotUnique","message":"there is a tag 'a'"})",
                  Code::InvalidArgument, "BadRequestTagNameNotUnique", "there is a tag 'a'"},
             Case{401, R"({"error":{"code":"401","message":"wrong key"}})", Code::Unauthenticated, "401",
                  "wrong key"},
             Case{404, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such manifest"}]})",
                  Code::NotFound, "MANIFEST_UNKNOWN", "no such manifest"},
             Case{412, R"({"Message":"ErrorCode:PreconditionFailed"})", Code::Aborted, "PreconditionFailed",
                  "PreconditionFailed"},
             Case{504, "", Code::DeadlineExceeded, "", "the hub answered with status 504"},
             Case{502, "<html>", Code::Unavailable, "", "the hub answered with status 502"},
             Case{500, "[1, 2]", Code::Internal, "", "the hub answered with status 500"},
             Case{413, R"({"message": 5})", Code::ResourceExhausted, "", "the hub answered with status 413"},
             Case{418, R"({"errors": []})", Code::InvalidArgument, "", "the hub answered with status 418"},
         }) {
        auto const error = error_of(status, body);
        EXPECT_EQ(error.code, code) << body;
        EXPECT_EQ(error.reason, reason) << body;
        EXPECT_EQ(error.message, message) << body;
    }
}

TEST(HubError, WordsCannotSteerATerminalOrFillIt) {
    EXPECT_EQ(error_of(400, R"({"message":"a\u001b[2Jb\nc"})").message, "a?[2Jb?c");
    EXPECT_LE(error_of(400, R"({"message":")" + std::string(5000, 'x') + "\"}").message.size(), 500U);
}

}  // namespace
}  // namespace ounce::cli
