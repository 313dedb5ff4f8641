#define ORT_API_MANUAL_INIT  // no call into the library before load_engine() found one
#include "vision/engine.hpp"

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include <cstdlib>

#include "base/install.hpp"

namespace ounce::vision {
namespace {

/// ONNX Runtime 1.32 notes every process that uses it: a lasting number of the device, its processor and the
/// program's name are kept in the user's home, and its maker's server is looked up (seen with strace, on a
/// machine without a network). Its call to stop that, which session.cpp makes too, did not. Set before
/// main(), where no other thread reads the environment.
[[maybe_unused]] bool const telemetry_is_off = setenv("ORT_DISABLE_TELEMETRY", "1", 1) == 0;

char const* loader_error() {
    char const* const words = dlerror();
    return words == nullptr ? "no reason given" : words;
}

Result<Engine> load_one(std::string const& place) {
    // Kept open for good: the library starts threads and keeps statics that do not outlive a dlclose.
    void* const library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return fail(Code::Unavailable, "{}", loader_error());
    auto const get_base =
        reinterpret_cast<OrtApiBase const*(ORT_API_CALL*)()>(dlsym(library, "OrtGetApiBase"));
    OrtApiBase const* const base = get_base == nullptr ? nullptr : get_base();
    if (base == nullptr) return fail(Code::Unavailable, "{}: is not ONNX Runtime", place);
    std::string version = base->GetVersionString();
    if (base->GetApi(ORT_API_VERSION) == nullptr)
        return fail(Code::Unavailable, "{}: is ONNX Runtime {}, older than 1.{} which this program needs",
                    place, version, ORT_API_VERSION);
    return Engine{.base = base, .path = place, .version = std::move(version)};
}

}  // namespace

std::vector<std::string> engine_places() {
    if (char const* const set = std::getenv("OUNCE_ONNXRUNTIME"); set != nullptr && *set != '\0')
        return {set};
    std::vector<std::string> places;
    if (auto const shared = find_shared_file("onnxruntime/libonnxruntime.so.1"); shared)
        places.push_back(shared->string());
    places.emplace_back("libonnxruntime.so.1");
    return places;
}

Result<Engine> load_engine(std::vector<std::string> const& places) {
    std::string tried;
    for (auto const& place : places) {
        auto engine = load_one(place);
        if (engine) return engine;
        tried += (tried.empty() ? "" : "; ") + engine.error().message;
    }
    return fail(
        Code::Unavailable,
        "ONNX Runtime cannot be loaded ({}); run 'make', or set OUNCE_ONNXRUNTIME to a libonnxruntime.so.1",
        tried);
}

}  // namespace ounce::vision
