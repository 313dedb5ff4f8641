#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

struct OrtApiBase;  // of onnxruntime_c_api.h

namespace ounce::vision {

/// The ONNX Runtime library, loaded at run time so that a program starts without it and takes any release
/// that serves the interface we were built for (the library's one symbol is versioned: a linked program would
/// refuse every other release). Stays loaded until the process ends.
struct Engine {
    OrtApiBase const* base = nullptr;
    std::string path;     // as given to dlopen
    std::string version;  // "1.32.0"
};

/// Where the library is looked for, in order: $OUNCE_ONNXRUNTIME alone if set; else the one under
/// share/ounce and then the system's, by its soname.
std::vector<std::string> engine_places();

/// Loads the first of `places` that can be loaded and serves our interface.
/// Errors: Unavailable, saying for each place why not.
Result<Engine> load_engine(std::vector<std::string> const& places);

}  // namespace ounce::vision
