// Weights in torch's old serial format: the unpickler, and the tensors it describes.

#include "train/torch_weights.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const weights = ounce::train::read_torch_weights({data, size});
    if (!weights) return 0;
    for (auto const& [name, tensor] : *weights)
        OUNCE_CHECK(static_cast<std::size_t>(tensor.count()) == tensor.values.size());
    return 0;
}
