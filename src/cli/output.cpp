#include "cli/output.hpp"

#include <cstdio>

namespace ounce::cli {

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

}  // namespace ounce::cli
