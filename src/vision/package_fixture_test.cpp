#include "vision/package_fixture.hpp"

#include <cmath>

#include "vision/onnx_graph.hpp"

namespace ounce::vision {

Bytes bmp_of(int width_px, int height_px, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    auto const row = (static_cast<std::size_t>(width_px) * 3 + 3) / 4 * 4;
    auto const size = 54 + row * static_cast<std::size_t>(height_px);
    Bytes file(size);
    auto const put = [&](std::size_t at, std::size_t value, int bytes) {
        for (int i = 0; i < bytes; ++i)
            file[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (8 * i));
    };
    file[0] = 'B';
    file[1] = 'M';
    put(2, size, 4);
    put(10, 54, 4);
    put(14, 40, 4);
    put(18, static_cast<std::size_t>(width_px), 4);
    put(22, static_cast<std::size_t>(height_px), 4);
    put(26, 1, 2);
    put(28, 24, 2);
    for (std::size_t y = 0; y < static_cast<std::size_t>(height_px); ++y)
        for (std::size_t x = 0; x < static_cast<std::size_t>(width_px); ++x) {
            auto const at = 54 + y * row + x * 3;
            file[at] = blue;
            file[at + 1] = green;
            file[at + 2] = red;
        }
    return file;
}

Package colour_package() {
    OnnxGraph graph;
    graph.add_input("image", {-1, 3, 8, 8});
    graph.add_floats("gain", {}, {8.0F});
    graph.add_node("GlobalAveragePool", {"image"}, {"pooled"});
    graph.add_node("Flatten", {"pooled"}, {"means"});
    graph.add_node("Mul", {"means", "gain"}, {"logits"});
    graph.add_node("Softmax", {"logits"}, {"probabilities"}, {{"axis", std::int64_t{1}}});
    graph.add_output("probabilities", {-1, 3});

    Package package;
    package.info.name = "colours";
    package.info.created = "2026-01-02T03:04:05Z";
    package.info.tags = {
        {.name = "red", .threshold = 0.6}, {.name = "grün"}, {.name = "blue", .negative = true}};
    package.info.recipe.width_px = package.info.recipe.height_px = 8;
    package.info.recipe.std = {255, 255, 255};
    package.info.metrics = {{"top1", 1.0}};
    package.info.lineage = {{"seed", 7}};
    package.model = graph.serialize();
    // Pure red: logits 8, 0, 0.
    auto const certain = static_cast<float>(std::exp(8.0) / (std::exp(8.0) + 2));
    auto const other = static_cast<float>(1 / (std::exp(8.0) + 2));
    package.golden.push_back({"red.bmp", bmp_of(9, 5, 255, 0, 0), {certain, other, other}});
    package.golden.push_back({"blue.bmp", bmp_of(4, 4, 0, 0, 255), {other, other, certain}});
    package.extras["notes.json"] = Bytes{'{', '}'};
    return package;
}

}  // namespace ounce::vision
