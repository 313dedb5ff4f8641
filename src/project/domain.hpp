#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "project/guid.hpp"

namespace ounce::project {

/// What a project is about, as the vendor's clients choose it: by id, by name, or the first of a type
/// (custom-vision-api.md section 4.1). Every classification domain here learns with the same backbone; the
/// choice decides what an iteration can be exported to.
struct Domain {
    enum class Type { Classification, ObjectDetection };

    Guid id;
    std::string_view name;
    Type type = Type::Classification;
    bool enabled = true;  // whether projects can be made of it: not detection, not the retired ones
    std::vector<std::string_view> platforms;  // it can be exported to; empty: not exportable
    int model_megabytes = 0;                  // as the vendor says it; 0: not said

    [[nodiscard]] bool exportable() const { return !platforms.empty(); }
};

/// All of them, in the order that clients know; the first is the default.
std::span<Domain const> domains();

/// Null if there is none. Valid as long as the program.
Domain const* find_domain(Guid const& id);

}  // namespace ounce::project
