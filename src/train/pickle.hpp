#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::train {

/// What a pickle describes, as plain values. Nothing is ever executed: a name that a pickle asks for must be
/// in the caller's list, and calling it only notes that it was called (PickleCall).
///
/// Values lie in one table and refer to each other by index, so shared and cyclic values are harmless.
using PickleIndex = std::uint32_t;

struct PickleNone {};
struct PickleTuple {
    std::vector<PickleIndex> items;
};
struct PickleList {
    std::vector<PickleIndex> items;
};
struct PickleDict {
    std::vector<std::pair<PickleIndex, PickleIndex>> items;  // in order; keys may repeat
};
struct PickleName {
    std::string name;  // "torch.FloatStorage"
};
struct PickleCall {
    PickleIndex function = 0;   // a PickleName
    PickleIndex arguments = 0;  // a PickleTuple
    PickleDict items;           // what was set on the result, for an OrderedDict
};
struct PicklePersistent {
    PickleIndex id = 0;
};
struct PickleLong {
    Bytes little_endian;  // a whole number that does not fit in 64 bits
};
using PickleValue = std::variant<PickleNone, bool, std::int64_t, std::string, PickleLong, PickleTuple,
                                 PickleList, PickleDict, PickleName, PickleCall, PicklePersistent>;

struct Pickle {
    std::vector<PickleValue> values;
    PickleIndex root = 0;

    template <class T>
    [[nodiscard]] T const* find(PickleIndex index) const {
        return index < values.size() ? std::get_if<T>(&values[index]) : nullptr;
    }
};

/// Reads one pickle (protocol 2, the opcodes that torch.save writes) from the front of `content` and takes
/// it off. Time and memory are linear in the bytes read: at most one value for each,
/// and no more than a million. Any thread.
/// Errors: DataLoss if it is cut short or malformed; PermissionDenied for a name outside `names_allowed`;
/// ResourceExhausted for too many values; Unimplemented for another opcode (named by its number).
Result<Pickle> read_pickle(ByteView& content, std::vector<std::string> const& names_allowed);

}  // namespace ounce::train
