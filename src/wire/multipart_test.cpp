#include "wire/multipart.hpp"

#include <gmock/gmock.h>

namespace ounce::wire {
namespace {

Result<std::vector<FormPart>> parse(std::string_view body, std::string_view boundary = "B") {
    return parse_form(as_bytes(body), boundary);
}

TEST(FormBoundary, IsReadFromTheContentType) {
    struct Case {
        std::string_view header;
        std::optional<std::string_view> boundary;
    };
    std::string const longest(kFormBoundaryBytesMax, 'x');
    std::string const longest_header = "multipart/form-data; boundary=" + longest;
    std::string const too_long_header = longest_header + "x";
    Case const cases[] = {
        {"multipart/form-data; boundary=abc", "abc"},
        {"Multipart/Form-Data;BOUNDARY=\"a b\\\"c\"; charset=utf-8", "a b\"c"},
        {"multipart/form-data; charset=utf-8; boundary= abc ", "abc"},
        {longest_header, longest},
        {too_long_header, {}},
        {"multipart/form-data", {}},
        {"multipart/form-data; boundary=", {}},
        {"multipart/form-data; boundary=\"abc", {}},
        {"multipart/form-data; boundary=\"abc \"", {}},
        {"application/json; boundary=abc", {}},
        {"", {}},
    };
    for (auto const& [header, boundary] : cases) {
        auto const result = form_boundary(header);
        ASSERT_EQ(result.has_value(), boundary.has_value()) << header;
        if (boundary) EXPECT_EQ(*result, *boundary);
    }
}

TEST(ParseForm, GivesPartsInOrderWithTheirNames) {
    auto const parts = *parse(
        "preamble\r\n--B\r\nContent-Disposition: form-data; name=\"imageData\"; filename=\"a.jpg\"\r\n"
        "Content-Type: image/jpeg\r\n\r\n\x01\r\n\x02\r\n--B "
        "\t\r\ncontent-disposition:form-data;name=tag\r\n\r\n"
        "\r\n--B--\r\nepilogue");
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].name, "imageData");
    EXPECT_EQ(parts[0].filename, "a.jpg");
    EXPECT_EQ(parts[0].content_type, "image/jpeg");
    EXPECT_EQ(as_text(parts[0].content), "\x01\r\n\x02");
    EXPECT_EQ(parts[1].name, "tag");
    EXPECT_EQ(parts[1].filename, std::nullopt);
    EXPECT_EQ(parts[1].content_type, "text/plain");
    EXPECT_TRUE(parts[1].content.empty());
}

TEST(ParseForm, ReadsFileNamesAsClientsWriteThem) {
    struct Case {
        std::string_view disposition, filename;
    };
    Case const cases[] = {
        {R"(name="x"; filename="C:\pictures\a.jpg")", R"(C:\pictures\a.jpg)"},
        {R"(name="x"; filename="say \"hi\".jpg")", R"(say "hi".jpg)"},
        {R"(name="x"; filename="a;b.jpg")", "a;b.jpg"},
        {R"(name="x"; filename="?.jpg"; filename*=UTF-8''na%C3%AFve.jpg)", "na\xc3\xafve.jpg"},
        {R"(name="x"; filename=plain.jpg; filename*=latin1''%ef)", "plain.jpg"},
        {R"(name="x"; filename="")", ""},
    };
    for (auto const& [disposition, filename] : cases) {
        auto const parts = parse("--B\r\nContent-Disposition: form-data; " + std::string(disposition) +
                                 "\r\n\r\nv\r\n--B--");
        ASSERT_TRUE(parts) << disposition << parts.error().message;
        EXPECT_EQ(parts->at(0).filename, filename);
    }
}

TEST(ParseForm, KeepsContentThatLooksLikeADelimiter) {
    auto const parts = parse("--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx--B\r\n--Bx\r\n--B--");
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 1U);
    EXPECT_EQ(as_text(parts->at(0).content), "x--B\r\n--Bx");
}

TEST(ParseForm, LetsAnEmptyContentShareItsLineEndWithTheHeaders) {
    auto const parts = parse("--B\r\nContent-Disposition: form-data; name=a\r\n\r\n--B--");
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 1U);
    EXPECT_TRUE(parts->at(0).content.empty());
}

TEST(ParseForm, RefusesBrokenForms) {
    for (std::string_view const body : {
             "",
             "no boundary here",
             "--B",
             "--B\r\n",
             "--B\r\nContent-Disposition: form-data; name=a",
             "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nv",
             "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--Bx",
             "--B\r\nContent-Disposition: form-data\r\n\r\nv\r\n--B--",
             "--B\r\n\r\nv\r\n--B--",
             "--B\r\nno colon\r\n\r\nv\r\n--B--",
             "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nv\r\n--B--",
             "--B\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nv\r\n--B--",
         })
        EXPECT_EQ(parse(body).error().code, Code::InvalidArgument) << body;
}

TEST(ParseForm, TakesAFormWithoutParts) {
    EXPECT_TRUE(parse("--B--")->empty());
}

TEST(ParseForm, IsBounded) {
    std::string const part = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n";
    std::string many;
    for (std::size_t count = 0; count < kFormPartsMax; ++count) many += part;
    EXPECT_EQ(parse(many + "--B--")->size(), kFormPartsMax);
    EXPECT_EQ(parse(many + part + "--B--").error().code, Code::ResourceExhausted);

    auto const with_header_bytes = [&](std::size_t bytes) {
        std::string const line = "Content-Disposition: form-data; name=a\r\nX: ";
        return "--B\r\n" + line + std::string(bytes - line.size(), 'x') + "\r\n\r\nv\r\n--B--" +
               std::string(kFormPartHeaderBytesMax, ' ');
    };
    EXPECT_TRUE(parse(with_header_bytes(kFormPartHeaderBytesMax)));
    EXPECT_EQ(parse(with_header_bytes(kFormPartHeaderBytesMax + 1)).error().code, Code::ResourceExhausted);
}

}  // namespace
}  // namespace ounce::wire
