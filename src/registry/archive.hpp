#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "registry/model.hpp"

namespace ounce::registry {

/// A model's files as one .tar, told piece by piece so that nobody has to hold or write it whole.
struct Archive {
    /// Bytes as they are, or the whole blob of that file.
    using Piece = std::variant<std::string, ModelFile>;
    std::vector<Piece> pieces;
    std::uint64_t size = 0;  // of all pieces
};

/// POSIX.1-2001 (pax) archive of `files`, each under the model's root if it has one: owner 0, mode 0644, the
/// time of registering. The same version gives the same bytes each time. Pure.
Archive archive_of(Model const& model, std::vector<ModelFile> const& files);

}  // namespace ounce::registry
