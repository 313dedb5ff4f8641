#include "cli/multipart_body.hpp"

#include "cli/output.hpp"
#include "crypto/secret.hpp"

namespace ounce::cli {

Result<MultipartBody> multipart_body(std::string_view field, std::string_view file_name, ByteView content) {
    TRY(auto const random, crypto::random_bytes(16));
    auto const boundary = "ounce-" + to_hex(random);
    auto name = printable(file_name);
    for (auto& c : name)
        if (c == '"' || c == '\\') c = '_';
    MultipartBody form{"multipart/form-data; boundary=" + boundary, {}};
    form.body = fmt::format(
        "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n",
        boundary, field, name);
    form.body += as_text(content);
    form.body += fmt::format("\r\n--{}--\r\n", boundary);
    return form;
}

}  // namespace ounce::cli
