#include "train/record_cache.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.hpp"

namespace ounce::train {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMagic = 0x3143524f;  // "ORC1"
constexpr std::uint64_t kRecordMax = std::uint64_t{64} << 20;
constexpr std::uint64_t kFileMax = std::uint64_t{256} << 20;

/// What stands before each record, little-endian as this machine writes it (a cache does not travel).
struct Head {
    std::uint32_t magic;
    std::uint32_t length;
    RecordCache::Key key;
    std::uint64_t checksum;  // of length, key and record
};
static_assert(sizeof(Head) == 48);

/// Mixes 8 bytes at a time: finds damage, resists no attacker (a cache belongs to one user).
std::uint64_t checksum(Head const& head, ByteView record) {
    std::uint64_t hash = 0x9e3779b97f4a7c15ULL ^ head.length;
    auto const mix = [&hash](std::uint64_t word) {
        hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
        hash ^= hash >> 32;
    };
    for (std::size_t i = 0; i < head.key.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, head.key.data() + i, 8);
        mix(word);
    }
    std::size_t i = 0;
    for (; i + 8 <= record.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, record.data() + i, 8);
        mix(word);
    }
    std::uint64_t rest = 0;
    if (i < record.size()) std::memcpy(&rest, record.data() + i, record.size() - i);
    mix(rest);
    return hash;
}

/// A whole file in memory, read only; goes on being readable after the file is deleted.
class MappedFile {
  public:
    explicit MappedFile(fs::path const& path) {
        int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (file < 0) return;
        struct stat info{};
        if (::fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
            auto const size = static_cast<std::size_t>(info.st_size);
            void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
            if (memory != MAP_FAILED) bytes_ = {static_cast<std::uint8_t const*>(memory), size};
        }
        ::close(file);
    }
    MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    MappedFile& operator=(MappedFile&&) = delete;
    MappedFile(MappedFile const&) = delete;
    MappedFile& operator=(MappedFile const&) = delete;
    ~MappedFile() {
        if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
    }
    [[nodiscard]] ByteView bytes() const { return bytes_; }

  private:
    ByteView bytes_;
};

struct KeyHash {
    std::size_t operator()(RecordCache::Key const& key) const {
        std::size_t hash = 0;  // keys are SHA-256: any part of one is as good as a hash
        std::memcpy(&hash, key.data(), sizeof hash);
        return hash;
    }
};

std::vector<fs::path> record_files(fs::path const& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        if (entry->path().extension() == ".records") files.push_back(entry->path());
    std::ranges::sort(files);
    return files;
}

}  // namespace

struct RecordCache::State {
    fs::path folder;
    std::vector<MappedFile> files;
    std::unordered_map<Key, ByteView, KeyHash> records;
    int file = -1;
    std::uint64_t written = 0;

    ~State() {
        if (file >= 0) ::close(file);
    }

    void load(fs::path const& path) {
        MappedFile mapped(path);
        auto const bytes = mapped.bytes();
        for (std::size_t at = 0; at + sizeof(Head) <= bytes.size();) {
            Head head{};
            std::memcpy(&head, bytes.data() + at, sizeof head);
            if (head.magic != kMagic || head.length > kRecordMax ||
                head.length > bytes.size() - at - sizeof head)
                break;
            auto const record = bytes.subspan(at + sizeof head, head.length);
            if (checksum(head, record) != head.checksum) break;
            records[head.key] = record;
            at += sizeof head + head.length;
        }
        files.push_back(std::move(mapped));
    }

    Status start_file() {
        if (file >= 0) ::close(file);
        written = 0;
        for (int number = 0; number < 100'000; ++number) {
            auto const path = folder / fmt::format("{}-{}.records", ::getpid(), number);
            file =
                ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
            if (file >= 0) return {};
            if (errno != EEXIST)
                return fail(Code::Unavailable, "{}: {}", path.string(), std::strerror(errno));
        }
        return fail(Code::Unavailable, "{}: too many cache files", folder.string());
    }
};

RecordCache::RecordCache(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordCache::RecordCache(RecordCache&&) noexcept = default;
RecordCache& RecordCache::operator=(RecordCache&&) noexcept = default;
RecordCache::~RecordCache() = default;

Result<RecordCache> RecordCache::open(fs::path const& folder, std::uint64_t bytes_max) {
    TRY_STATUS(make_folder(folder));
    trim_cache(folder, bytes_max);
    auto state = std::make_unique<State>();
    state->folder = folder;
    for (auto const& path : record_files(folder)) {
        // Its time of change says when it was last used; that is what trimming goes by.
        ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
        state->load(path);
    }
    return RecordCache(std::move(state));
}

std::optional<ByteView> RecordCache::find(Key const& key) const {
    auto const found = state_->records.find(key);
    if (found == state_->records.end()) return std::nullopt;
    return found->second;
}

Status RecordCache::append(Key const& key, ByteView record) {
    if (record.size() > kRecordMax) return fail(Code::InvalidArgument, "record of {} bytes", record.size());
    if (state_->file < 0 || state_->written > kFileMax) TRY_STATUS(state_->start_file());
    Head head{kMagic, static_cast<std::uint32_t>(record.size()), key, 0};
    head.checksum = checksum(head, record);
    Bytes whole(sizeof head + record.size());
    std::memcpy(whole.data(), &head, sizeof head);
    std::ranges::copy(record, whole.begin() + sizeof head);
    std::size_t done = 0;
    while (done < whole.size()) {
        auto const written = ::write(state_->file, whole.data() + done, whole.size() - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            auto const reason = std::strerror(errno);
            // What follows a torn record would not be read: the next one goes into a new file.
            ::close(std::exchange(state_->file, -1));
            return fail(Code::ResourceExhausted, "{}: {}", state_->folder.string(), reason);
        }
        done += static_cast<std::size_t>(written);
    }
    state_->written += whole.size();
    return {};
}

std::size_t RecordCache::count() const {
    return state_->records.size();
}

void trim_cache(fs::path const& folder, std::uint64_t bytes_max) {
    struct Entry {
        fs::file_time_type used;
        std::uint64_t bytes;
        fs::path path;
    };
    std::vector<Entry> entries;
    std::uint64_t total = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder, error);
         !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (entry->path().extension() != ".records") continue;
        std::error_code gone;
        auto const bytes = entry->file_size(gone);
        auto const used = entry->last_write_time(gone);
        if (gone) continue;
        entries.push_back({used, bytes, entry->path()});
        total += bytes;
    }
    std::ranges::sort(entries, [](Entry const& a, Entry const& b) {
        return a.used != b.used ? a.used < b.used : a.path < b.path;
    });
    for (auto const& entry : entries) {
        if (total <= bytes_max) return;
        if (fs::remove(entry.path, error)) total -= entry.bytes;
    }
}

}  // namespace ounce::train
