#include "cli/app.hpp"

int main(int argc, char** argv) {
    return ounce::cli::run(argc, argv);
}
