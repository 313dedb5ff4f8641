#include "hub/app.hpp"

int main(int argc, char** argv) {
    return ounce::hub::run(argc, argv);
}
