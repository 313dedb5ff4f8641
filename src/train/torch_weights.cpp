#include "train/torch_weights.hpp"

#include <bit>
#include <optional>

#include "base/little_endian.hpp"
#include "train/pickle.hpp"

namespace ounce::train {
namespace {

// torch/serialization.py: MAGIC_NUMBER = 0x1950a86a20f9469cfc6c, PROTOCOL_VERSION = 1001.
Bytes const& magic_number() {
    static Bytes const number{0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
    return number;
}
constexpr std::int64_t kProtocolVersion = 1001;
constexpr std::size_t kRankMax = 8;

constexpr char kOrderedDict[] = "collections.OrderedDict";
constexpr char kRebuildTensor[] = "torch._utils._rebuild_tensor_v2";
constexpr char kFloats[] = "torch.FloatStorage";
constexpr char kLongs[] = "torch.LongStorage";

tl::unexpected<Error> unfit(std::string_view what) {
    return fail(Code::DataLoss, "not a torch state dict as written before torch 1.6: {}", what);
}

struct Storage {
    bool floats = true;
    std::int64_t count = 0;
    ByteView numbers;  // once found behind the pickles
};
using Storages = std::map<std::string, Storage>;

/// A tensor as the dict describes it: a view into a storage.
struct View {
    std::string storage;
    std::int64_t offset = 0;
    std::vector<std::int64_t> size;
    std::vector<std::int64_t> stride;
};

std::optional<std::int64_t> find_count(Pickle const& pickle, PickleIndex index) {
    auto const* const value = pickle.find<std::int64_t>(index);
    if (value == nullptr || *value < 0) return std::nullopt;
    return *value;
}

std::optional<std::vector<std::int64_t>> find_counts(Pickle const& pickle, PickleIndex index) {
    auto const* const tuple = pickle.find<PickleTuple>(index);
    if (tuple == nullptr || tuple->items.size() > kRankMax) return std::nullopt;
    std::vector<std::int64_t> counts;
    for (auto const item : tuple->items) {
        auto const count = find_count(pickle, item);
        if (!count) return std::nullopt;
        counts.push_back(*count);
    }
    return counts;
}

/// ('storage', type, key, location, count, view): notes the storage, returns its key.
Result<std::string> read_storage(Pickle const& pickle, PickleIndex index, Storages& storages) {
    auto const* const persistent = pickle.find<PicklePersistent>(index);
    auto const* const id = persistent == nullptr ? nullptr : pickle.find<PickleTuple>(persistent->id);
    if (id == nullptr || id->items.size() != 6) return unfit("a tensor has no storage");
    auto const* const type = pickle.find<PickleName>(id->items[1]);
    auto const* const key = pickle.find<std::string>(id->items[2]);
    auto const count = find_count(pickle, id->items[4]);
    if (type == nullptr || key == nullptr || !count || (type->name != kFloats && type->name != kLongs))
        return unfit("a storage is not described as one");
    if (pickle.find<PickleNone>(id->items[5]) == nullptr) return unfit("a storage is a view of another");
    Storage const storage{type->name == kFloats, *count, {}};
    auto const [known, added] = storages.emplace(*key, storage);
    if (!added && (known->second.floats != storage.floats || known->second.count != storage.count))
        return unfit("a storage is described in two ways");
    return *key;
}

/// _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)
Result<View> read_view(Pickle const& pickle, PickleIndex index, Storages& storages) {
    auto const* const call = pickle.find<PickleCall>(index);
    auto const* const function = call == nullptr ? nullptr : pickle.find<PickleName>(call->function);
    auto const* const arguments = call == nullptr ? nullptr : pickle.find<PickleTuple>(call->arguments);
    if (function == nullptr || function->name != kRebuildTensor || arguments == nullptr ||
        arguments->items.size() < 4)
        return unfit("an entry is no tensor");
    auto const& items = arguments->items;
    auto const offset = find_count(pickle, items[1]);
    auto size = find_counts(pickle, items[2]);
    auto stride = find_counts(pickle, items[3]);
    if (!offset || !size || !stride || size->size() != stride->size())
        return unfit("a tensor's shape is malformed");
    TRY(auto storage, read_storage(pickle, items[0], storages));
    return View{std::move(storage), *offset, std::move(*size), std::move(*stride)};
}

Result<std::map<std::string, View>> read_dict(Pickle const& pickle, Storages& storages) {
    PickleDict const* dict = pickle.find<PickleDict>(pickle.root);
    if (auto const* const call = pickle.find<PickleCall>(pickle.root)) {
        auto const* const function = pickle.find<PickleName>(call->function);
        if (function != nullptr && function->name == kOrderedDict) dict = &call->items;
    }
    if (dict == nullptr) return unfit("it holds no dict");
    std::map<std::string, View> views;
    for (auto const& [key, value] : dict->items) {
        auto const* const name = pickle.find<std::string>(key);
        if (name == nullptr) return unfit("an entry has no name");
        auto view = read_view(pickle, value, storages);
        if (!view) return fail(view.error().in(*name));
        if (!views.emplace(*name, std::move(*view)).second) return unfit("a name is there twice");
    }
    return views;
}

/// Behind the pickles: for each key of the list, a count and that many numbers.
Status find_numbers(Pickle const& keys, ByteView content, Storages& storages) {
    auto const* const list = keys.find<PickleList>(keys.root);
    if (list == nullptr || list->items.size() != storages.size())
        return unfit("its list of storages does not fit its tensors");
    for (auto const item : list->items) {
        auto const* const key = keys.find<std::string>(item);
        auto const found = key == nullptr ? storages.end() : storages.find(*key);
        if (found == storages.end() || found->second.numbers.data() != nullptr)
            return unfit("its list of storages does not fit its tensors");
        auto& storage = found->second;
        if (content.size() < 8) return unfit("it breaks off");
        auto const count = little_endian(content.first(8));
        content = content.subspan(8);
        std::size_t const width = storage.floats ? 4 : 8;
        if (count != static_cast<std::uint64_t>(storage.count) || count > content.size() / width)
            return unfit("a storage is shorter than its tensors say");
        storage.numbers = content.first(count * width);
        content = content.subspan(count * width);
    }
    if (!content.empty()) return unfit("there is more behind its last storage");
    return {};
}

/// Copies the view out, row by row as `size` says. A view never has more numbers than its storage: a stride
/// of 0 would make much out of little.
Result<vision::Tensor> copy_out(View const& view, Storage const& storage) {
    auto const outside = [] { return unfit("a tensor reaches outside its storage"); };
    std::int64_t count = 1;
    std::int64_t last = view.offset;
    for (std::size_t axis = 0; axis < view.size.size(); ++axis) {
        auto const side = view.size[axis];
        auto const stride = view.stride[axis];
        if (side < 1 || side > storage.count || stride > storage.count) return outside();
        // Both factors are at most storage.count, which is at most the file's size: no overflow below 2^63.
        count *= side;
        last += (side - 1) * stride;
        if (count > storage.count || last >= storage.count) return outside();
    }
    if (last >= storage.count) return outside();

    vision::Tensor tensor{view.size, std::vector<float>(static_cast<std::size_t>(count))};
    std::vector<std::int64_t> at(view.size.size(), 0);
    std::int64_t source = view.offset;
    for (auto& value : tensor.values) {
        auto const bits = static_cast<std::uint32_t>(
            little_endian(storage.numbers.subspan(static_cast<std::size_t>(source) * 4, 4)));
        value = std::bit_cast<float>(bits);
        for (std::size_t axis = at.size(); axis > 0; --axis) {
            source += view.stride[axis - 1];
            if (++at[axis - 1] < view.size[axis - 1]) break;
            source -= view.stride[axis - 1] * view.size[axis - 1];
            at[axis - 1] = 0;
        }
    }
    return tensor;
}

}  // namespace

Result<TorchWeights> read_torch_weights(ByteView pth) {
    std::vector<std::string> const nothing;
    TRY(auto const magic, read_pickle(pth, nothing));
    auto const* const number = magic.find<PickleLong>(magic.root);
    if (number == nullptr || number->little_endian != magic_number()) return unfit("no magic number");
    TRY(auto const version, read_pickle(pth, nothing));
    auto const* const protocol = version.find<std::int64_t>(version.root);
    if (protocol == nullptr || *protocol != kProtocolVersion) return unfit("another protocol");
    // The system's byte order and sizes: torch.save has always written little-endian numbers here.
    TRY([[maybe_unused]] auto const system, read_pickle(pth, nothing));

    TRY(auto const state, read_pickle(pth, {kOrderedDict, kRebuildTensor, kFloats, kLongs}));
    TRY(auto const keys, read_pickle(pth, nothing));
    Storages storages;
    TRY(auto const views, read_dict(state, storages));
    TRY_STATUS(find_numbers(keys, pth, storages));

    TorchWeights weights;
    std::size_t numbers = 0;
    for (auto const& [name, view] : views) {
        auto const& storage = storages.at(view.storage);
        if (!storage.floats) continue;
        auto tensor = copy_out(view, storage);
        if (!tensor) return fail(tensor.error().in(name));
        numbers += tensor->values.size();
        // Tensors may share a storage; that all together take more than the file is no state dict.
        if (numbers > pth.size() / 4) return unfit("its tensors are larger than the file");
        weights.emplace(name, std::move(*tensor));
    }
    return weights;
}

}  // namespace ounce::train
