#include "net/http_client.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <tuple>

namespace ounce::net {
namespace {

struct CurlGone {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

struct FileClosed {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileClosed>;

std::string why(int number) {
    return std::generic_category().message(number);
}

/// "hub.example:8443" of a URL, for messages: a URL may carry a signature, which is a secret.
std::string place(std::string const& url) {
    std::unique_ptr<CURLU, CurlGone> const parsed(curl_url());
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "that URL";
    std::string text;
    for (auto const part : {CURLUPART_HOST, CURLUPART_PORT}) {
        char* value = nullptr;
        if (curl_url_get(parsed.get(), part, &value, CURLU_DEFAULT_PORT) != CURLUE_OK) continue;
        text += (text.empty() ? "" : ":") + std::string(value);
        curl_free(value);
    }
    return text;
}

/// One request on its way: what libcurl's callbacks work on.
struct Transfer {
    HttpClient::Request const& request;
    HttpClient::Response& response;
    CURL* curl;
    std::stop_token stop;
    File upload;
    std::uint64_t upload_size = 0;
    std::size_t body_sent = 0;  // of request.body
    File saved;
    bool created = false;        // request.save_to, to be removed on an error
    std::uint64_t had = 0;       // bytes of it from an earlier transfer
    std::optional<Error> error;  // why a callback broke the transfer off

    [[nodiscard]] bool has_body() const { return request.body_file || !request.body.empty(); }
    [[nodiscard]] long status() const {
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        return status;
    }
};

std::size_t on_header(char* line, std::size_t, std::size_t size, void* to) {
    auto& transfer = *static_cast<Transfer*>(to);
    std::string_view text(line, size);
    while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
    if (text.starts_with("HTTP/")) {  // after "100 Continue" the real head begins anew
        transfer.response.headers = {};
        return size;
    }
    auto const colon = text.find(':');
    if (colon == std::string_view::npos) return size;
    auto value = text.substr(colon + 1);
    value.remove_prefix(std::min(value.size(), value.find_first_not_of(" \t")));
    transfer.response.headers.add(std::string(text.substr(0, colon)), std::string(value));
    return size;
}

Status open_save(Transfer& transfer) {
    auto const& path = *transfer.request.save_to;
    bool const resume = transfer.request.resume;
    bool const goes_on = transfer.had > 0 && transfer.status() == 206;
    if (!goes_on) transfer.had = 0;  // the server sends all of it
    int const how = !resume ? O_EXCL : goes_on ? O_APPEND : O_TRUNC;
    int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, 0644);
    if (file < 0)
        return fail(errno == EEXIST ? Code::AlreadyExists : Code::PermissionDenied, "{}: {}", path.string(),
                    why(errno));
    transfer.created = !resume;
    transfer.saved.reset(::fdopen(file, "wb"));
    return {};
}

Status take_body(Transfer& transfer, std::string_view piece) {
    auto const status = transfer.status();
    if (transfer.request.save_to && status / 100 == 2) {
        if (!transfer.saved) TRY_STATUS(open_save(transfer));
        if (std::fwrite(piece.data(), 1, piece.size(), transfer.saved.get()) != piece.size())
            return fail(errno == ENOSPC ? Code::ResourceExhausted : Code::Unavailable, "{}: {}",
                        transfer.request.save_to->string(), why(errno));
        return {};
    }
    if (transfer.response.body.size() + piece.size() > transfer.request.response_bytes_max)
        return fail(Code::ResourceExhausted, "{} answered more than {} bytes", place(transfer.request.url),
                    transfer.request.response_bytes_max);
    transfer.response.body += piece;
    return {};
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* to) {
    auto& transfer = *static_cast<Transfer*>(to);
    auto const taken = take_body(transfer, {data, size});
    if (taken) return size;
    transfer.error = taken.error();
    return size == 0 ? 1 : 0;
}

std::size_t on_upload(char* space, std::size_t, std::size_t size, void* from) {
    auto& transfer = *static_cast<Transfer*>(from);
    if (transfer.upload) {
        auto const got = std::fread(space, 1, size, transfer.upload.get());
        if (got > 0 || std::ferror(transfer.upload.get()) == 0) return got;
        transfer.error = Error{Code::DataLoss, transfer.request.body_file->string() + ": cannot be read"};
        return CURL_READFUNC_ABORT;
    }
    auto const& body = transfer.request.body;
    auto const piece = std::min(size, body.size() - transfer.body_sent);
    std::copy_n(body.data() + transfer.body_sent, piece, space);
    transfer.body_sent += piece;
    return piece;
}

/// libcurl sends a body again from the start if a kept connection turns out to be closed.
int on_rewind(void* from, curl_off_t offset, int origin) {
    auto& transfer = *static_cast<Transfer*>(from);
    if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
    transfer.body_sent = static_cast<std::size_t>(offset);
    if (transfer.upload && ::fseeko(transfer.upload.get(), static_cast<off_t>(offset), SEEK_SET) != 0)
        return CURL_SEEKFUNC_FAIL;
    return CURL_SEEKFUNC_OK;
}

int on_progress(void* of, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up) {
    auto const& transfer = *static_cast<Transfer const*>(of);
    if (transfer.stop.stop_requested()) return 1;
    if (transfer.request.progress && down + up > 0) {
        bool const uploading = transfer.has_body() && down == 0;
        auto const had = uploading ? 0 : transfer.had;
        transfer.request.progress(had + static_cast<std::uint64_t>(uploading ? up : down),
                                  had + static_cast<std::uint64_t>(uploading ? up_all : down_all));
    }
    return 0;
}

Status open_upload(Transfer& transfer) {
    if (!transfer.request.body_file) {
        transfer.upload_size = transfer.request.body.size();
        return {};
    }
    auto const& path = *transfer.request.body_file;
    transfer.upload.reset(std::fopen(path.c_str(), "rbe"));
    if (!transfer.upload) {
        int const number = errno;
        return fail(number == ENOENT ? Code::NotFound : Code::PermissionDenied, "{}: {}", path.string(),
                    why(number));
    }
    struct stat facts{};
    if (::fstat(::fileno(transfer.upload.get()), &facts) != 0) facts.st_mode = 0;
    if (!S_ISREG(facts.st_mode)) return fail(Code::InvalidArgument, "{}: not a regular file", path.string());
    transfer.upload_size = static_cast<std::uint64_t>(facts.st_size);
    return {};
}

Error worded(CURLcode failed, char const* detail, std::string const& url, bool own_ca) {
    auto const at = place(url);
    switch (failed) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return {Code::Unavailable, fmt::format("{}: no machine of that name is known", at)};
        case CURLE_COULDNT_CONNECT:
            return {Code::Unavailable,
                    fmt::format("{}: no connection: is it running, is the port right?", at)};
        case CURLE_OPERATION_TIMEDOUT:
            return {Code::Unavailable, fmt::format("{}: no answer in time", at)};
        case CURLE_PEER_FAILED_VERIFICATION:
            return {Code::PermissionDenied,
                    fmt::format("{}: its certificate is not trusted ({}): give the CA file of that hub{}", at,
                                detail, own_ca ? ", this one did not sign it" : "")};
        case CURLE_SSL_CACERT_BADFILE:
            return {Code::InvalidArgument, "the CA file cannot be read, or holds no certificate"};
        case CURLE_ABORTED_BY_CALLBACK:
            return {Code::Cancelled, "stopped"};
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return {Code::InvalidArgument, "the address must begin with https:// and name a host"};
        case CURLE_OUT_OF_MEMORY:
            return {Code::ResourceExhausted, "out of memory"};
        default:
            return {Code::Unavailable, fmt::format("{}: {}", at, detail)};
    }
}

bool breaks_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Result<std::unique_ptr<curl_slist, CurlGone>> header_list(Headers const& headers) {
    std::unique_ptr<curl_slist, CurlGone> list;
    auto const append = [&list](std::string const& line) {
        if (auto* const longer = curl_slist_append(list.get(), line.c_str())) {
            std::ignore = list.release();  // it is the tail of the longer one
            list.reset(longer);
        }
    };
    for (auto const& [name, value] : headers) {
        if (breaks_line(name) || breaks_line(value))
            return fail(Code::InvalidArgument, "header '{}' holds a line break", name);
        append(value.empty() ? name + ";"
                             : fmt::format("{}: {}", name, value));  // libcurl's way to send an empty one
    }
    if (!headers.find("Content-Type")) append("Content-Type:");  // not libcurl's own guess
    return list;
}

}  // namespace

struct HttpClient::State {
    Options options;
    std::unique_ptr<CURL, CurlGone> curl;
};

HttpClient::HttpClient(Options options) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    state_ = std::make_unique<State>(std::move(options), std::unique_ptr<CURL, CurlGone>(curl_easy_init()));
}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient::Response> HttpClient::send(Request const& request) {
    auto const& options = state_->options;
    CURL* const curl = state_->curl.get();
    if (curl == nullptr) return fail(Code::ResourceExhausted, "libcurl could not start");
    if (options.stop.stop_requested()) return fail(Code::Cancelled, "stopped");
    curl_easy_reset(curl);  // settings only: connections stay

    Response response;
    Transfer transfer{.request = request,
                      .response = response,
                      .curl = curl,
                      .stop = options.stop,
                      .upload = nullptr,
                      .saved = nullptr,
                      .error = std::nullopt};
    TRY_STATUS(open_upload(transfer));
    TRY(auto const headers, header_list(request.headers));
    if (request.resume && request.save_to) {
        std::error_code missing;
        auto const size = std::filesystem::file_size(*request.save_to, missing);
        transfer.had = missing ? 0 : size;
    }

    char detail[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // "/devices/.." is no other address
    if (!options.ca_pem.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_pem.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    }
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    auto const silence_max = std::max(options.stall_timeout, request.patience);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(silence_max.count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(request.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    auto const rest = fmt::format("{}-", transfer.had);
    if (transfer.had > 0) curl_easy_setopt(curl, CURLOPT_RANGE, rest.c_str());
    if (request.method == "HEAD") {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (transfer.has_body() || request.method == "POST" || request.method == "PUT" ||
               request.method == "PATCH") {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(transfer.upload_size));
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_upload);
        curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_rewind);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, &transfer);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());

    auto const failed = curl_easy_perform(curl);
    if (failed == CURLE_OK && request.save_to && transfer.status() / 100 == 2 && !transfer.saved) {
        if (auto const opened = open_save(transfer); !opened)
            transfer.error = opened.error();  // an empty body
    }
    if (transfer.saved && std::fclose(transfer.saved.release()) != 0 && !transfer.error)
        transfer.error = Error{Code::Unavailable, request.save_to->string() + ": " + why(errno)};
    if (failed != CURLE_OK && !transfer.error)
        transfer.error = worded(failed, *detail != '\0' ? detail : curl_easy_strerror(failed), request.url,
                                !options.ca_pem.empty());
    if (transfer.error) {
        if (transfer.created) ::unlink(request.save_to->c_str());
        return fail(*std::move(transfer.error));
    }
    response.status = static_cast<int>(transfer.status());
    return response;
}

}  // namespace ounce::net
