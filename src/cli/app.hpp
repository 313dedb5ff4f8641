#pragma once

namespace ounce::cli {

/// Runs the command line of `ounce` and returns its exit status (docs/CLI.md).
/// SIGINT and SIGTERM ask a running command to stop at its next safe point; a second one ends it at once.
int run(int argc, char const* const* argv);

}  // namespace ounce::cli
