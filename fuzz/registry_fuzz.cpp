#include <cstdlib>
#include <string_view>

#include "api/azureml_block_list.hpp"
#include "api/byte_range.hpp"
#include "registry/artifacts.hpp"
#include "registry/manifest.hpp"
#include "registry/model.hpp"

// What senders say to the registry: names, ranges, lists of blocks, manifests.

using namespace ounce;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const text = as_text({data, size});
    if (auto const ids = api::parse_block_list(text); ids && ids->size() > registry::kBlocksMax) std::abort();
    constexpr std::uint64_t kSize = 1000;
    auto const range = api::find_range(text, kSize);
    if (auto const* const part = std::get_if<api::ByteRange>(&range);
        part && (part->length == 0 || part->offset >= kSize || part->length > kSize - part->offset))
        std::abort();
    if (auto const manifest = registry::parse_manifest("", {data, size}); manifest)
        for (auto const& part : manifest->parts)
            if (!registry::parse_digest(registry::to_digest(part.digest))) std::abort();
    if (registry::check_model_path(text) && text.find("..") == 0 && (size == 2 || text[2] == '/'))
        std::abort();
    if (auto const id = registry::parse_model_id(text); id && id->version != 0) {
        auto const again = registry::parse_model_id(id->text());
        if (!again || again->name != id->name || again->version != id->version) std::abort();
    }
    static_cast<void>(registry::check_repository(text));
    static_cast<void>(registry::check_tag(text));
    return 0;
}
