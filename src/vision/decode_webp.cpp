#include <webp/decode.h>

#include <algorithm>
#include <memory>

#include "vision/decode_formats.hpp"

namespace ounce::vision {
namespace {

Result<WebPBitstreamFeatures> features_of(ByteView file) {
    WebPBitstreamFeatures features{};
    if (WebPGetFeatures(file.data(), file.size(), &features) != VP8_STATUS_OK)
        return fail(Code::DataLoss, "the WebP's header is damaged or cut short");
    return features;
}

struct DeleteDecoder {
    void operator()(WebPIDecoder* decoder) const { WebPIDelete(decoder); }
};

}  // namespace

Result<ImageHeader> read_webp_header(ByteView file) {
    TRY(auto const features, features_of(file));
    return ImageHeader{Format::WebP, features.width, features.height};
}

Result<Decoded> decode_webp(ByteView file, DecodeOptions const& options) {
    TRY(auto const features, features_of(file));
    if (features.has_animation != 0)
        return fail(Code::Unimplemented, "an animated WebP; only single pictures are read");
    // Of a lossless file libwebp holds all pixels as 4 bytes, of a lossy one with alpha the alpha plane; we
    // hold R, G, B, A once where there is alpha.
    auto const alpha = features.has_alpha != 0;
    constexpr int kLossless = 2;
    auto const pixels =
        static_cast<std::uint64_t>(features.width) * static_cast<std::uint64_t>(features.height);
    auto const working = pixels * ((alpha ? 5U : 0U) + (features.format == kLossless ? 4U : 0U));
    TRY_STATUS(check_size(features.width, features.height, working, options.memory_bytes_max));

    Decoded decoded;
    decoded.full_width_px = features.width;
    decoded.full_height_px = features.height;
    decoded.image = white_image(features.width, features.height);
    auto const width = static_cast<std::size_t>(features.width);
    auto const channels = alpha ? std::size_t{4} : std::size_t{3};
    std::vector<std::uint8_t> rgba(alpha ? width * static_cast<std::size_t>(features.height) * 4 : 0);
    auto& target = alpha ? rgba : decoded.image.rgb;

    // The incremental decoder says how far it came, so that what is there of a cut file can be used.
    std::unique_ptr<WebPIDecoder, DeleteDecoder> const decoder(WebPINewRGB(
        alpha ? MODE_RGBA : MODE_RGB, target.data(), target.size(), static_cast<int>(width * channels)));
    if (decoder == nullptr) return fail(Code::ResourceExhausted, "no memory to read a WebP");
    auto const status = WebPIUpdate(decoder.get(), file.data(), file.size());
    int rows = 0;
    if (WebPIDecGetRGB(decoder.get(), &rows, nullptr, nullptr, nullptr) == nullptr) rows = 0;
    if (status == VP8_STATUS_OUT_OF_MEMORY)
        return fail(Code::ResourceExhausted, "decoding the WebP needs too much memory");
    if (status == VP8_STATUS_UNSUPPORTED_FEATURE)
        return fail(Code::Unimplemented, "a kind of WebP that is not read");
    if (status != VP8_STATUS_OK) {
        if (rows <= 0) return fail(Code::DataLoss, "the WebP is damaged or cut short");
        decoded.damaged = true;
        decoded.damage =
            rows_saved(status == VP8_STATUS_SUSPENDED ? "the file breaks off" : "the file has bad data", rows,
                       features.height);
    }
    auto const done = width * static_cast<std::size_t>(decoded.damaged ? rows : features.height);
    if (alpha) lay_over_white(rgba.data(), done, decoded.image.rgb.data());
    return decoded;
}

}  // namespace ounce::vision
