// Model packages: package.json and labels.txt as bytes, and the folder reader with a hostile package.json in
// an otherwise sound folder.

#include "base/file.hpp"
#include "vision/package_json.hpp"

#include <fstream>

namespace {

namespace fs = std::filesystem;
using namespace ounce;

/// A folder that lives as long as the fuzzer: only package.json changes.
fs::path const& folder() {
    static auto const temporary = TemporaryFolder::create();
    OUNCE_CHECK(temporary.has_value());
    return temporary->path();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text = as_text({data, size});
    if (auto const manifest = vision::parse_manifest(text)) {
        OUNCE_CHECK(vision::check_manifest(*manifest).has_value());
        auto const written = vision::manifest_text(*manifest);
        auto const again = vision::parse_manifest(written);
        OUNCE_CHECK(again.has_value() && vision::manifest_text(*again) == written);
        for (auto const& file : manifest->files)
            OUNCE_CHECK(file.name.find("..") != 0 && file.name.front() != '/');
    }
    if (auto const labels = vision::parse_labels(text)) OUNCE_CHECK(!labels->empty());

    std::ofstream(folder() / vision::kPackageJson, std::ios::binary) << text;
    auto const package = vision::read_package(folder());
    OUNCE_CHECK(!package || !package->info.tags.empty());
    return 0;
}
