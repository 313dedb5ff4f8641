#include "train/torch_weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

namespace ounce::train {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string text_of(std::string const& text) {
    return "X"s + static_cast<char>(text.size()) + "\0\0\0"s + text;
}
std::string tuple_of(std::vector<int> const& numbers) {
    std::string text = "(";
    for (auto const number : numbers) text += "K"s + static_cast<char>(number);
    return text + "t";
}

struct FakeTensor {
    std::string name = "w";
    std::string storage = "7";
    int count = 6;  // of the storage
    int offset = 0;
    std::vector<int> size{2, 3};
    std::vector<int> stride{3, 1};
    std::string type = "FloatStorage";
};

std::string entry_of(FakeTensor const& tensor) {
    return text_of(tensor.name) + "ctorch._utils\n_rebuild_tensor_v2\n((" + text_of("storage") + "ctorch\n" +
           tensor.type + "\n" + text_of(tensor.storage) + text_of("cpu") + "K" +
           static_cast<char>(tensor.count) + "NtQ" + "K" + static_cast<char>(tensor.offset) +
           tuple_of(tensor.size) + tuple_of(tensor.stride) + "\x89" + "ccollections\nOrderedDict\n)RtR";
}

std::string storage_of(std::vector<float> const& values) {
    std::string text(1, static_cast<char>(values.size()));
    text += std::string(7, '\0');
    for (auto const value : values) {
        auto const bits = std::bit_cast<std::uint32_t>(value);
        for (int shift = 0; shift < 32; shift += 8) text.push_back(static_cast<char>((bits >> shift) & 0xff));
    }
    return text;
}

constexpr char kMagic[] = "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.";
std::string const kHead = kMagic + "\x80\x02M\xe9\x03."s + "\x80\x02}.";

std::string file_of(std::vector<FakeTensor> const& tensors, std::vector<std::string> const& keys,
                    std::string const& storages) {
    auto text = kHead + "\x80\x02" + "ccollections\nOrderedDict\n)R(";
    for (auto const& tensor : tensors) text += entry_of(tensor);
    text += "u.\x80\x02](";
    for (auto const& key : keys) text += text_of(key);
    return text + "e." + storages;
}

TEST(ReadTorchWeights, HonoursTheStride) {
    // Stored as a 3x2 matrix, seen as its 2x3 transpose: what the Lite weights look like.
    auto const file = file_of({{.stride = {1, 2}}}, {"7"}, storage_of({1, 2, 3, 4, 5, 6}));
    auto const weights = read_torch_weights(as_bytes(file));
    ASSERT_TRUE(weights) << weights.error().message;
    EXPECT_THAT(weights->at("w").shape, ElementsAre(2, 3));
    EXPECT_THAT(weights->at("w").values, ElementsAre(1, 3, 5, 2, 4, 6));
}

TEST(ReadTorchWeights, HonoursTheOffset) {
    auto const file =
        file_of({{.offset = 4, .size = {2}, .stride = {1}}}, {"7"}, storage_of({1, 2, 3, 4, 5, 6}));
    auto const weights = read_torch_weights(as_bytes(file));
    ASSERT_TRUE(weights) << weights.error().message;
    EXPECT_THAT(weights->at("w").values, ElementsAre(5, 6));
}

TEST(ReadTorchWeights, RefusesATensorThatReachesOutsideItsStorage) {
    for (auto const& tensor :
         {FakeTensor{.offset = 1}, FakeTensor{.stride = {4, 1}}, FakeTensor{.size = {3, 3}},
          FakeTensor{.size = {7}, .stride = {0}},  // would make seven numbers of one
          FakeTensor{.size = {0, 3}}, FakeTensor{.count = 5}}) {
        auto const values = std::vector<float>(static_cast<std::size_t>(tensor.count), 1.0F);
        auto const file = file_of({tensor}, {"7"}, storage_of(values));
        auto const weights = read_torch_weights(as_bytes(file));
        ASSERT_FALSE(weights);
        EXPECT_THAT(weights.error().message, HasSubstr("outside its storage"));
    }
}

TEST(ReadTorchWeights, RefusesStoragesThatDoNotFitTheDict) {
    auto const numbers = storage_of({1, 2, 3, 4, 5, 6});
    for (auto const& file :
         {file_of({{}}, {"8"}, numbers), file_of({{}}, {"7", "7"}, numbers + numbers), file_of({{}}, {}, ""),
          file_of({{}}, {"7"}, storage_of({1, 2})), file_of({{}}, {"7"}, numbers.substr(0, 20)),
          file_of({{}}, {"7"}, numbers + "more"), file_of({{}, {}}, {"7"}, numbers),
          file_of({{}, {.name = "v", .count = 5, .size = {1}, .stride = {1}}}, {"7"}, numbers)}) {
        auto const weights = read_torch_weights(as_bytes(file));
        ASSERT_FALSE(weights);
        EXPECT_EQ(weights.error().code, Code::DataLoss) << weights.error().message;
    }
}

TEST(ReadTorchWeights, RefusesManyTensorsOverOneStorage) {
    std::vector<FakeTensor> tensors;
    for (int i = 0; i < 20; ++i) tensors.push_back({.name = "w" + std::to_string(i)});
    auto const file = file_of(tensors, {"7"}, storage_of({1, 2, 3, 4, 5, 6}));
    EXPECT_THAT(read_torch_weights(as_bytes(file)).error().message, HasSubstr("larger than the file"));
}

TEST(ReadTorchWeights, RefusesOtherFilesAndOtherNames) {
    EXPECT_FALSE(read_torch_weights({}));
    EXPECT_FALSE(read_torch_weights(as_bytes("PK\x03\x04")));
    EXPECT_EQ(read_torch_weights(as_bytes(kHead + "\x80\x02" + "cos\nsystem\n)R.")).error().code,
              Code::PermissionDenied);
    auto const halves = file_of({{.type = "HalfStorage"}}, {"7"}, "");
    EXPECT_EQ(read_torch_weights(as_bytes(halves)).error().code, Code::PermissionDenied);
}

}  // namespace
}  // namespace ounce::train
