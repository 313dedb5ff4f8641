#pragma once

#include <optional>
#include <string>

#include "iot/identity.hpp"
#include "iot/work.hpp"

namespace ounce::iot {

/// An identity and the number of its row.
struct IdentityRow {
    std::int64_t id = 0;
    std::int64_t revision = 0;
    Identity identity;
};

/// The columns that read_identity() reads, in its order, beginning at column 0; the table must be named
/// `identity` in the query.
inline constexpr std::string_view kIdentityColumns =
    "identity.id, device, module, generation, revision, disabled, status_reason, status_changed, "
    "authentication, primary_key, secondary_key, primary_thumbprint, secondary_thumbprint, edge, scope, "
    "parent, managed_by, feeds";
inline constexpr int kIdentityColumnCount = 18;
IdentityRow read_identity(store::Statement const& row);

Result<std::optional<IdentityRow>> find_identity(Work& work, Name const& name);

/// Errors: NotFound: "DeviceNotFound" if there is no such device, else "ModuleNotFound".
Result<IdentityRow> need_identity(Work& work, Name const& name);

/// Inserts it with a new twin. `identity.generation` and `etag` are set by it.
Result<std::int64_t> insert_identity(Work& work, Identity& identity);

/// A number of that counter, never given before, `at_least` or more.
Result<std::int64_t> next_number(Work& work, std::string_view counter, std::int64_t at_least = 1);

std::string revision_etag(std::int64_t revision);

}  // namespace ounce::iot
