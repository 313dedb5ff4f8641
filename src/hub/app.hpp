#pragma once

namespace ounce::hub {

/// Runs the command line of `ounce-hub` and returns its exit status (docs/CLI.md has the table).
/// SIGINT and SIGTERM ask a running command to stop; a second one ends it at once.
int run(int argc, char const* const* argv);

}  // namespace ounce::hub
