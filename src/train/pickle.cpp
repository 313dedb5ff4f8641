#include "train/pickle.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/little_endian.hpp"

namespace ounce::train {
namespace {

/// Opcodes of CPython's pickle protocol 2 (Lib/pickletools.py), as far as torch.save writes them.
enum class Opcode : std::uint8_t {
    Mark = '(',
    Stop = '.',
    BinInt = 'J',
    BinInt1 = 'K',
    BinInt2 = 'M',
    None = 'N',
    BinPersid = 'Q',
    Reduce = 'R',
    BinUnicode = 'X',
    Append = 'a',
    Build = 'b',
    Global = 'c',
    Appends = 'e',
    BinGet = 'h',
    LongBinGet = 'j',
    BinPut = 'q',
    LongBinPut = 'r',
    SetItem = 's',
    Tuple = 't',
    SetItems = 'u',
    EmptyDict = '}',
    EmptyList = ']',
    EmptyTuple = ')',
    Proto = 0x80,
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    NewTrue = 0x88,
    NewFalse = 0x89,
    Long1 = 0x8a,
};

constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kValuesMax = 1'000'000;  // EfficientNet-Lite4, the largest of its kind, has 20,000

class Machine {
  public:
    Machine(ByteView content, std::vector<std::string> const& names_allowed)
        : content_(content), names_allowed_(names_allowed) {}

    Result<Pickle> run() {
        for (;;) {
            TRY(auto const opcode, number(1));
            if (static_cast<Opcode>(opcode) == Opcode::Stop) break;
            TRY_STATUS(step(static_cast<Opcode>(opcode)));
        }
        TRY(pickle_.root, pop());
        return std::move(pickle_);
    }
    [[nodiscard]] ByteView rest() const { return content_.subspan(at_); }

  private:
    tl::unexpected<Error> malformed(char const* what) const {
        return fail(Code::DataLoss, "malformed pickle at byte {}: {}", at_, what);
    }

    Result<ByteView> take(std::size_t count) {
        if (count > content_.size() - at_) return malformed("it breaks off");
        auto const part = content_.subspan(at_, count);
        at_ += count;
        return part;
    }
    Result<std::uint64_t> number(std::size_t bytes) {
        TRY(auto const part, take(bytes));
        return little_endian(part);
    }
    Result<std::string> line() {
        auto const rest_of_it = content_.subspan(at_);
        auto const searched = rest_of_it.first(std::min(rest_of_it.size(), kNameBytesMax));
        auto const end = std::find(searched.begin(), searched.end(), static_cast<std::uint8_t>('\n'));
        if (end == searched.end()) return malformed("a name never ends");
        auto const length = static_cast<std::size_t>(end - searched.begin());
        at_ += length + 1;
        return std::string(as_text(searched.first(length)));
    }

    Status push(PickleValue value) {
        if (pickle_.values.size() >= kValuesMax)
            return fail(Code::ResourceExhausted, "the pickle holds more than {} values", kValuesMax);
        stack_.push_back(static_cast<PickleIndex>(pickle_.values.size()));
        pickle_.values.push_back(std::move(value));
        return {};
    }
    Result<PickleIndex> pop() {
        auto const floor = marks_.empty() ? 0 : marks_.back();
        if (stack_.size() <= floor) return malformed("the stack is empty");
        auto const index = stack_.back();
        stack_.pop_back();
        return index;
    }
    Result<PickleIndex> top() const {
        auto const floor = marks_.empty() ? 0 : marks_.back();
        if (stack_.size() <= floor) return malformed("the stack is empty");
        return stack_.back();
    }
    Result<std::vector<PickleIndex>> pop_to_mark() {
        if (marks_.empty()) return malformed("no mark");
        auto const from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
        std::vector<PickleIndex> items(from, stack_.end());
        stack_.erase(from, stack_.end());
        marks_.pop_back();
        return items;
    }

    Status push_tuple(std::size_t count) {
        PickleTuple tuple;
        tuple.items.resize(count);
        for (std::size_t i = count; i > 0; --i) {
            TRY(tuple.items[i - 1], pop());
        }
        return push(std::move(tuple));
    }

    Status push_name() {
        TRY(auto const module, line());
        TRY(auto const member, line());
        auto name = module + "." + member;
        if (std::find(names_allowed_.begin(), names_allowed_.end(), name) == names_allowed_.end())
            return fail(Code::PermissionDenied, "the pickle asks for '{}', which is not allowed", name);
        return push(PickleName{std::move(name)});
    }

    Status push_long() {
        TRY(auto const count, number(1));
        TRY(auto const part, take(count));
        if (count > 8) return push(PickleLong{Bytes(part.begin(), part.end())});
        auto value = little_endian(part);
        bool const negative = count > 0 && (part.back() & 0x80) != 0;
        if (negative && count < 8) value |= ~std::uint64_t{0} << (8 * count);
        return push(static_cast<std::int64_t>(value));
    }

    Status reduce() {
        TRY(auto const arguments, pop());
        TRY(auto const function, pop());
        if (pickle_.find<PickleName>(function) == nullptr || pickle_.find<PickleTuple>(arguments) == nullptr)
            return malformed("a call of something that is no name");
        return push(PickleCall{function, arguments, {}});
    }

    Status append(std::vector<PickleIndex> const& items) {
        TRY(auto const target, top());
        auto* const list = std::get_if<PickleList>(&pickle_.values[target]);
        if (list == nullptr) return malformed("an item for something that is no list");
        list->items.insert(list->items.end(), items.begin(), items.end());
        return {};
    }

    Status set_items(std::vector<PickleIndex> const& items) {
        TRY(auto const target, top());
        auto& value = pickle_.values[target];
        auto* dict = std::get_if<PickleDict>(&value);
        if (auto* const call = std::get_if<PickleCall>(&value)) dict = &call->items;
        if (dict == nullptr || items.size() % 2 != 0) return malformed("items for something that is no dict");
        for (std::size_t i = 0; i < items.size(); i += 2) dict->items.emplace_back(items[i], items[i + 1]);
        return {};
    }

    Status remember(std::uint64_t key) {
        TRY(auto const index, top());
        memo_[key] = index;
        return {};
    }
    Status recall(std::uint64_t key) {
        auto const found = memo_.find(key);
        if (found == memo_.end()) return malformed("a value that was never kept");
        stack_.push_back(found->second);
        return {};
    }

    Status step(Opcode opcode) {
        switch (opcode) {
            case Opcode::Proto: {
                TRY(auto const protocol, number(1));
                if (protocol != 2) return fail(Code::Unimplemented, "pickle protocol {}, not 2", protocol);
                return {};
            }
            case Opcode::Mark:
                marks_.push_back(stack_.size());
                return {};
            case Opcode::None:
                return push(PickleNone{});
            case Opcode::NewTrue:
                return push(true);
            case Opcode::NewFalse:
                return push(false);
            case Opcode::BinInt: {
                TRY(auto const value, number(4));
                return push(std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(value))});
            }
            case Opcode::BinInt1: {
                TRY(auto const value, number(1));
                return push(static_cast<std::int64_t>(value));
            }
            case Opcode::BinInt2: {
                TRY(auto const value, number(2));
                return push(static_cast<std::int64_t>(value));
            }
            case Opcode::Long1:
                return push_long();
            case Opcode::BinUnicode: {
                TRY(auto const length, number(4));
                TRY(auto const text, take(length));
                return push(std::string(as_text(text)));
            }
            case Opcode::Global:
                return push_name();
            case Opcode::EmptyTuple:
                return push(PickleTuple{});
            case Opcode::EmptyList:
                return push(PickleList{});
            case Opcode::EmptyDict:
                return push(PickleDict{});
            case Opcode::Tuple1:
                return push_tuple(1);
            case Opcode::Tuple2:
                return push_tuple(2);
            case Opcode::Tuple3:
                return push_tuple(3);
            case Opcode::Tuple: {
                TRY(auto items, pop_to_mark());
                return push(PickleTuple{std::move(items)});
            }
            case Opcode::Append: {
                TRY(auto const item, pop());
                return append({item});
            }
            case Opcode::Appends: {
                TRY(auto const items, pop_to_mark());
                return append(items);
            }
            case Opcode::SetItem: {
                TRY(auto const value, pop());
                TRY(auto const key, pop());
                return set_items({key, value});
            }
            case Opcode::SetItems: {
                TRY(auto const items, pop_to_mark());
                return set_items(items);
            }
            case Opcode::BinPersid: {
                TRY(auto const id, pop());
                return push(PicklePersistent{id});
            }
            case Opcode::Reduce:
                return reduce();
            case Opcode::Build: {  // attributes for the value below: nothing here needs any
                TRY([[maybe_unused]] auto const state, pop());
                return {};
            }
            case Opcode::BinPut: {
                TRY(auto const key, number(1));
                return remember(key);
            }
            case Opcode::LongBinPut: {
                TRY(auto const key, number(4));
                return remember(key);
            }
            case Opcode::BinGet: {
                TRY(auto const key, number(1));
                return recall(key);
            }
            case Opcode::LongBinGet: {
                TRY(auto const key, number(4));
                return recall(key);
            }
            case Opcode::Stop:
                break;
        }
        return fail(Code::Unimplemented, "pickle opcode {:#04x} at byte {} is not one that torch.save writes",
                    static_cast<unsigned>(opcode), at_ - 1);
    }

    ByteView content_;
    std::size_t at_ = 0;
    std::vector<std::string> const& names_allowed_;
    Pickle pickle_;
    std::vector<PickleIndex> stack_;
    std::vector<std::size_t> marks_;
    std::unordered_map<std::uint64_t, PickleIndex> memo_;
};

}  // namespace

Result<Pickle> read_pickle(ByteView& content, std::vector<std::string> const& names_allowed) {
    Machine machine(content, names_allowed);
    TRY(auto pickle, machine.run());
    content = machine.rest();
    return pickle;
}

}  // namespace ounce::train
