#include "api/file_batch.hpp"

#include <optional>

#include "crypto/base64.hpp"

namespace ounce::api {
namespace {

constexpr int kDepthMax = 16;

}  // namespace

Result<Json> read_file_batch(std::string_view text, std::size_t pictures_max, BatchPictureSink const& sink) {
    std::optional<Error> error;
    std::string key;
    std::size_t count = 0;
    auto const look = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (error) return false;
        if (depth > kDepthMax) {
            error = Error{Code::InvalidArgument, "The batch is nested too deeply", "BadRequestImageBatch"};
            return false;
        }
        if (event == Json::parse_event_t::key) key = parsed.get_ref<std::string const&>();
        if (event != Json::parse_event_t::value || key != "contents" || !parsed.is_string()) return true;
        if (count >= pictures_max) {
            error = Error{Code::InvalidArgument, fmt::format("A batch can have {} images", pictures_max),
                          "BadRequestExceededBatchSize"};
            return false;
        }
        auto const content = crypto::parse_base64(parsed.get_ref<std::string const&>());
        if (auto const taken = sink(count, content ? ByteView(*content) : ByteView()); !taken) {
            error = taken.error();
            return false;
        }
        parsed = count++;
        return true;
    };
    try {
        auto batch = Json::parse(text, look);
        if (error) return fail(std::move(*error));
        return batch;
    } catch (Json::exception const& broken) {
        if (error) return fail(std::move(*error));
        return fail_as(Code::InvalidArgument, "BadRequestImageBatch", "The body is no batch of images: {}",
                       broken.what());
    }
}

}  // namespace ounce::api
