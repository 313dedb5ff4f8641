#include "api/file_batch.hpp"

#include "crypto/base64.hpp"

namespace ounce::api {
namespace {

constexpr int kDepthMax = 16;
// 64 images with a hundred tags each, and room: small things in large numbers would fill the memory.
constexpr std::size_t kEventsMax = 20'000;

/// Ends the parser's run from within its callback, which has no other way: what it refuses it still reads.
struct Ended {
    Error error;
};

}  // namespace

Result<Json> read_file_batch(std::string_view text, std::size_t pictures_max, BatchPictureSink const& sink) {
    std::string key;
    std::size_t count = 0;
    std::size_t events = 0;
    auto const look = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > kDepthMax || ++events > kEventsMax)
            throw Ended{{Code::InvalidArgument, "The batch is nested too deeply or has too many parts",
                         "BadRequestImageBatch"}};
        if (event == Json::parse_event_t::key) key = parsed.get_ref<std::string const&>();
        if (event != Json::parse_event_t::value || key != "contents" || !parsed.is_string()) return true;
        if (count >= pictures_max)
            throw Ended{{Code::InvalidArgument, fmt::format("A batch can have {} images", pictures_max),
                         "BadRequestExceededBatchSize"}};
        auto const content = crypto::parse_base64(parsed.get_ref<std::string const&>());
        if (auto const taken = sink(count, content ? ByteView(*content) : ByteView()); !taken)
            throw Ended{taken.error()};
        parsed = count++;
        return true;
    };
    try {
        return Json::parse(text, look);
    } catch (Ended const& ended) {
        return fail(ended.error);
    } catch (Json::exception const& broken) {
        return fail_as(Code::InvalidArgument, "BadRequestImageBatch", "The body is no batch of images: {}",
                       broken.what());
    }
}

}  // namespace ounce::api
