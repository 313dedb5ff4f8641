#include "project/schema.hpp"

#include "ounce_project_text.hpp"

namespace ounce::project {
namespace {

constexpr store::Migration kMigrations[] = {{1, text::vision_sql}};

}  // namespace

std::span<store::Migration const> migrations() {
    return kMigrations;
}

}  // namespace ounce::project
