#include "api/oci_routes.hpp"

#include <gtest/gtest.h>

#include "api/oci_paging.hpp"

namespace ounce::api {
namespace {

Json body_of(Response const& response) {
    return Json::parse(std::get<std::string>(response.body));
}

TEST(Oci, ErrorsCarryTheCodesOfTheSpecification) {
    struct {
        Error error;
        int status;
        char const* code;
    } const cases[] = {
        {{Code::NotFound, "m", "MANIFEST_UNKNOWN"}, 404, "MANIFEST_UNKNOWN"},
        {{Code::NotFound, "m", "MANIFEST_BLOB_UNKNOWN"}, 400, "MANIFEST_BLOB_UNKNOWN"},
        {{Code::NotFound, "m", "RouteNotFound"}, 404, "NAME_UNKNOWN"},
        {{Code::Unauthenticated, "m", ""}, 401, "UNAUTHORIZED"},
        {{Code::PermissionDenied, "m", ""}, 403, "DENIED"},
        {{Code::ResourceExhausted, "m", ""}, 413, "SIZE_INVALID"},
        {{Code::InvalidArgument, "m", "DIGEST_INVALID"}, 400, "DIGEST_INVALID"},
    };
    for (auto const& c : cases) {
        auto const response = oci_error(c.error);
        EXPECT_EQ(response.status, c.status) << c.code;
        EXPECT_EQ(body_of(response)["errors"][0]["code"], c.code);
        EXPECT_EQ(response.headers.find("WWW-Authenticate").has_value(), c.status == 401);
    }
}

TEST(Oci, ListsTellWhereTheyGoOn) {
    Call call;
    call.query = {{"n", "2"}, {"last", "a b"}};
    auto const page = parse_oci_page(call);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->count, 2U);
    EXPECT_EQ(page->last, "a b");
    auto const more = oci_list({{"name", "r"}}, "tags", {"b", "c", "d"}, *page, "/v2/r/tags/list");
    EXPECT_EQ(body_of(more)["tags"], (Json{"b", "c"}));
    EXPECT_EQ(body_of(more)["name"], "r");
    EXPECT_EQ(more.headers.find("Link").value_or(""), "</v2/r/tags/list?n=2&last=c>; rel=\"next\"");
    auto const last = oci_list(Json::object(), "tags", {"b", "c"}, *page, "/x");
    EXPECT_FALSE(last.headers.find("Link"));
    EXPECT_EQ(body_of(oci_list(Json::object(), "tags", {}, *page, "/x"))["tags"], Json::array());
    call.query = {{"n", "x"}};
    EXPECT_FALSE(parse_oci_page(call));
}

}  // namespace
}  // namespace ounce::api
