#include "cli/output.hpp"

#include <unistd.h>

#include <cstdio>

namespace ounce::cli {

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void print_result(bool json, OrderedJson const& object, std::string_view text) {
    print(json ? dump_json(object) + "\n" : std::string(text));
}

bool stdout_is_terminal() {
    return ::isatty(STDOUT_FILENO) == 1;
}

std::string printable(std::string_view text) {
    std::string clean(text);
    for (auto& c : clean)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return clean;
}

}  // namespace ounce::cli
