#include "vision/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <memory>

namespace ounce::vision {
namespace {

constexpr int kMembersMax = 100'000;
constexpr std::size_t kChunkBytes = 256 << 10;

struct ArchiveFree {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, ArchiveFree>;

tl::unexpected<Error> damaged(archive* reader) {
    char const* const words = archive_error_string(reader);
    return fail(Code::DataLoss, "the .zip is damaged: {}", words == nullptr ? "no reason given" : words);
}

/// The member's content; what it says about its size is not believed, what comes out is counted.
Result<Bytes> read_member(archive* reader, std::string const& path, std::uint64_t bytes_max) {
    Bytes content;
    for (;;) {
        auto const before = content.size();
        content.resize(before + kChunkBytes);
        auto const count = archive_read_data(reader, content.data() + before, kChunkBytes);
        if (count < 0) return damaged(reader);
        content.resize(before + static_cast<std::size_t>(count));
        if (content.size() > bytes_max)
            return fail(Code::ResourceExhausted,
                        "{} in the .zip is larger than the {} bytes that are unpacked at most", path,
                        bytes_max);
        if (count == 0) return content;
    }
}

struct WriterFree {
    void operator()(archive* writer) const { archive_write_free(writer); }
};
struct EntryFree {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

la_ssize_t append(archive*, void* to, void const* from, std::size_t count) {
    auto& zip = *static_cast<Bytes*>(to);
    auto const* const bytes = static_cast<std::uint8_t const*>(from);
    zip.insert(zip.end(), bytes, bytes + count);
    return static_cast<la_ssize_t>(count);
}

tl::unexpected<Error> not_written(archive* writer) {
    char const* const words = archive_error_string(writer);
    return fail(Code::Internal, "the .zip cannot be written: {}",
                words == nullptr ? "no reason given" : words);
}

}  // namespace

bool looks_like_zip(ByteView content) {
    static constexpr std::array<std::uint8_t, 4> kStart{'P', 'K', 3, 4};
    return content.size() >= kStart.size() && std::equal(kStart.begin(), kStart.end(), content.begin());
}

Result<std::map<std::string, Bytes>> read_zip(ByteView zip,
                                              std::function<bool(std::string_view)> const& wanted,
                                              std::uint64_t bytes_max) {
    if (!looks_like_zip(zip)) return fail(Code::DataLoss, "not a .zip");
    Reader const reader(archive_read_new());
    if (!reader || archive_read_support_format_zip_seekable(reader.get()) != ARCHIVE_OK ||
        archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK)
        return fail(Code::DataLoss, "not a .zip that libarchive can open");

    std::map<std::string, Bytes> found;
    for (int members = 0;; ++members) {
        archive_entry* entry = nullptr;
        auto const status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) return found;
        if (status != ARCHIVE_OK) return damaged(reader.get());
        if (members >= kMembersMax)
            return fail(Code::ResourceExhausted, "the .zip has more than {} members", kMembersMax);
        char const* const name = archive_entry_pathname(entry);
        if (name == nullptr || archive_entry_filetype(entry) != AE_IFREG) continue;
        std::string const path = name;
        if (!wanted(path)) continue;
        if (archive_entry_is_encrypted(entry) != 0)
            return fail(Code::Unimplemented, "{} in the .zip is encrypted", path);
        if (found.contains(path)) return fail(Code::DataLoss, "{} is in the .zip twice", path);
        TRY(auto content, read_member(reader.get(), path, bytes_max));
        bytes_max -= content.size();
        found.emplace(path, std::move(content));
    }
}

Result<Bytes> write_zip(std::vector<ZipMember> const& members) {
    Bytes zip;
    std::size_t content_bytes = 0;
    for (auto const& member : members) content_bytes += member.content.size() + 2 * member.path.size() + 200;
    zip.reserve(content_bytes);
    std::unique_ptr<archive, WriterFree> const writer(archive_write_new());
    if (!writer || archive_write_set_format_zip(writer.get()) != ARCHIVE_OK ||
        archive_write_zip_set_compression_store(writer.get()) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(writer.get(), 1) != ARCHIVE_OK ||
        archive_write_open(writer.get(), &zip, nullptr, append, nullptr) != ARCHIVE_OK)
        return not_written(writer.get());
    for (auto const& member : members) {
        std::unique_ptr<archive_entry, EntryFree> const entry(archive_entry_new());
        archive_entry_set_pathname(entry.get(), member.path.c_str());
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        archive_entry_set_perm(entry.get(), 0644);
        archive_entry_set_mtime(entry.get(), 315'532'800, 0);  // 1980, the first moment that the format knows
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
        if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK ||
            archive_write_data(writer.get(), member.content.data(), member.content.size()) !=
                static_cast<la_ssize_t>(member.content.size()))
            return not_written(writer.get());
    }
    if (archive_write_close(writer.get()) != ARCHIVE_OK) return not_written(writer.get());
    return zip;
}

}  // namespace ounce::vision
