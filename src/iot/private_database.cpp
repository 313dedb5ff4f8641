#include "iot/private_database.hpp"

#include "base/file.hpp"

namespace ounce::iot {

Status make_private_database(std::filesystem::path const& path) {
    auto const made = create_private_file(path, {});
    if (!made && made.error().code != Code::AlreadyExists) return made;
    return {};
}

}  // namespace ounce::iot
