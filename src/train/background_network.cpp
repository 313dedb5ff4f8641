#include "train/background_network.hpp"

#include "vision/background.hpp"
#include "vision/camera_background.hpp"
#include "vision/decode.hpp"
#include "vision/onnx_graph.hpp"

namespace ounce::train {
namespace {

/// `model` up to one of its values, alone: nothing beyond is computed.
Result<vision::Session> part(ByteView model, std::string const& output) {
    TRY(auto graph, vision::OnnxGraph::parse(model));
    if (!graph.has(output))
        return fail(Code::FailedPrecondition,
                    "the model has no '{}', which a camera's background needs: train it again", output);
    graph.add_output(output, {-1, -1, -1, -1});
    graph.prune();
    return vision::Session::create(graph.serialize());
}

Result<vision::Decoded> decode_for(vision::Recipe const& recipe, ByteView picture) {
    vision::DecodeOptions options;
    options.shorter_side_min_px = vision::decode_shorter_side_px(recipe);
    options.orient = recipe.orient;
    return vision::decode(picture, options);
}

Result<vision::CellMap> run(vision::Session const& session, vision::Recipe const& recipe,
                            vision::Image const& image, std::string const& output) {
    TRY(auto const input, vision::apply(recipe, image));
    TRY(auto const outputs, session.run(input, {output}));
    return vision::make_cell_map(outputs.front());
}

}  // namespace

Result<BackgroundNetwork> BackgroundNetwork::create(ByteView model, BackgroundHead head) {
    TRY(auto middle, part(model, "middle"));
    TRY(auto map, part(model, "map"));
    BackgroundNetwork network(std::move(middle), std::move(map), std::move(head));
    // One run on grey proves that the recipes, the network and the head fit each other.
    auto const& made = network.head_;
    auto const grey = vision::make_image(64, 64);
    TRY(auto const fine, run(network.middle_, made.gate_recipe, grey, "middle"));
    TRY(auto const coarse, run(network.map_, made.recipe, grey, "map"));
    constexpr int kCellsMax =
        64;  // a side: far more than any recipe of ours, and what a note of a journal holds
    if (fine.columns != fine.rows || coarse.columns != coarse.rows || fine.columns > kCellsMax ||
        fine.columns % coarse.columns != 0)
        return fail(Code::InvalidArgument,
                    "a middle of {}x{} cells and a map of {}x{} do not fit: squares of at most 64",
                    fine.columns, fine.rows, coarse.columns, coarse.rows);
    if (made.head && made.head->width != static_cast<std::size_t>(coarse.channels))
        return fail(Code::InvalidArgument, "the background head takes {} features, the map has {}",
                    made.head->width, coarse.channels);
    return network;
}

Result<BackgroundNetwork::Look> BackgroundNetwork::look(ByteView picture) const {
    TRY(auto decoded, decode_for(head_.gate_recipe, picture));
    TRY(auto middle, run(middle_, head_.gate_recipe, decoded.image, "middle"));
    return Look{.middle = std::move(middle),
                .infrared = vision::is_infrared(decoded.image),
                .grey = decoded.grey,
                .width_px = decoded.full_width_px,
                .height_px = decoded.full_height_px,
                .damage = std::move(decoded.damage)};
}

Result<std::vector<float>> BackgroundNetwork::features(ByteView picture, std::span<float const> distance,
                                                       int columns) const {
    TRY(auto const decoded, decode_for(head_.recipe, picture));
    TRY(auto const map, run(map_, head_.recipe, decoded.image, "map"));
    auto const factor = columns / map.columns;
    if (factor < 1 || columns != factor * map.columns ||
        distance.size() != static_cast<std::size_t>(columns) * static_cast<std::size_t>(map.rows * factor))
        return fail(Code::InvalidArgument, "{} distances in rows of {} do not fit a map of {}x{} cells",
                    distance.size(), columns, map.columns, map.rows);
    return vision::changed_features(map, distance, columns);
}

}  // namespace ounce::train
