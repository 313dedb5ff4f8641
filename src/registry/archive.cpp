#include "registry/archive.hpp"

#include <algorithm>
#include <chrono>

namespace ounce::registry {
namespace {

constexpr std::size_t kRecordBytes = 512;
constexpr std::size_t kNameBytes = 100;
constexpr std::uint64_t kOctalSizeMax = (std::uint64_t{1} << 33) - 1;  // eleven octal digits

void put(std::string& header, std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
}

/// A header of the ustar format. A `name` that is too long is cut: a pax header before it tells the whole.
std::string header_of(std::string_view name, std::uint64_t size, std::int64_t seconds, char type) {
    std::string header(kRecordBytes, '\0');
    put(header, 0, name.substr(0, kNameBytes));
    put(header, 100, "0000644");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, fmt::format("{:011o}", std::min(size, kOctalSizeMax)));
    put(header, 136, fmt::format("{:011o}", std::max<std::int64_t>(seconds, 0)));
    put(header, 148, "        ");  // the checksum counts its own field as spaces
    header[156] = type;
    put(header, 257,
        std::string_view("ustar\0"
                         "00",
                         8));
    unsigned sum = 0;
    for (auto const c : header) sum += static_cast<unsigned char>(c);
    put(header, 148, fmt::format("{:06o}", sum));
    header[154] = '\0';
    return header;
}

std::string padding_of(std::uint64_t size) {
    return std::string((kRecordBytes - size % kRecordBytes) % kRecordBytes, '\0');
}

/// "LENGTH key=value\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
    auto const rest = key.size() + value.size() + 3;
    auto length = rest + 1;
    while (std::to_string(length).size() + rest != length) length = rest + std::to_string(length).size();
    return fmt::format("{} {}={}\n", length, key, value);
}

}  // namespace

Archive archive_of(Model const& model, std::vector<ModelFile> const& files) {
    using std::chrono::seconds;
    auto const time = std::chrono::floor<seconds>(model.created).time_since_epoch().count();
    Archive archive;
    std::string text;  // what stands between two files
    auto const flush = [&] {
        archive.size += text.size();
        archive.pieces.emplace_back(std::exchange(text, {}));
    };
    for (auto const& file : files) {
        auto const name = model.root.empty() ? file.path : model.root + "/" + file.path;
        std::string extra;
        if (name.size() > kNameBytes) extra += pax_record("path", name);
        if (file.size > kOctalSizeMax) extra += pax_record("size", std::to_string(file.size));
        if (!extra.empty())
            text += header_of("pax", extra.size(), time, 'x') + extra + padding_of(extra.size());
        text += header_of(name, file.size, time, '0');
        if (file.size > 0) {
            flush();
            archive.pieces.emplace_back(file);
            archive.size += file.size;
            text = padding_of(file.size);
        }
    }
    text.append(2 * kRecordBytes, '\0');
    flush();
    return archive;
}

}  // namespace ounce::registry
