#include "cli/multipart_body.hpp"

#include <gtest/gtest.h>

#include "wire/multipart.hpp"

namespace ounce::cli {
namespace {

TEST(MultipartBody, IsReadBackWhateverTheFileIsCalled) {
    Bytes const content{0, 1, '\r', '\n', '-', '-', 255};
    auto const form = multipart_body("imageData", "a\"b\r\nc.jpg", content).value();
    auto const boundary = wire::form_boundary(form.content_type).value();
    auto const parts = wire::parse_form(as_bytes(form.body), boundary).value();
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(parts[0].name, "imageData");
    EXPECT_EQ(parts[0].filename, "a_b??c.jpg");
    EXPECT_EQ(Bytes(parts[0].content.begin(), parts[0].content.end()), content);
    EXPECT_NE(form.content_type, multipart_body("imageData", "a", content).value().content_type);
}

}  // namespace
}  // namespace ounce::cli
