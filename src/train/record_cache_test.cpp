#include "train/record_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/file.hpp"
#include "crypto/sha256.hpp"

namespace ounce::train {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kPlenty = 1 << 30;

RecordCache::Key key(int number) {
    return crypto::sha256(as_bytes(std::to_string(number)));
}

std::string found(RecordCache const& cache, int number) {
    auto const record = cache.find(key(number));
    return record ? std::string(as_text(*record)) : "-";
}

fs::path only_file(fs::path const& folder) {
    return fs::directory_iterator(folder)->path();
}

TEST(RecordCache, KeepsRecordsForTheNextOpen) {
    auto const folder = TemporaryFolder::create();
    {
        auto cache = RecordCache::open(folder->path(), kPlenty);
        ASSERT_TRUE(cache->append(key(1), as_bytes("one")));
        ASSERT_TRUE(cache->append(key(2), {}));
    }
    auto const again = RecordCache::open(folder->path(), kPlenty);
    EXPECT_EQ(again->count(), 2U);
    EXPECT_EQ(found(*again, 1), "one");
    EXPECT_EQ(found(*again, 2), "");
    EXPECT_EQ(found(*again, 3), "-");
}

TEST(RecordCache, TornTailAtAnyByteIsLeftOut) {
    auto const folder = TemporaryFolder::create();
    {
        auto cache = RecordCache::open(folder->path(), kPlenty);
        ASSERT_TRUE(cache->append(key(1), as_bytes("first record")));
        ASSERT_TRUE(cache->append(key(2), as_bytes("second record")));
    }
    auto const file = only_file(folder->path());
    auto const size = fs::file_size(file);
    for (auto cut = size - 1; cut > 0; --cut) {
        fs::resize_file(file, cut);
        auto const cache = RecordCache::open(folder->path(), kPlenty);
        EXPECT_EQ(found(*cache, 2), "-");
        EXPECT_EQ(found(*cache, 1), cut >= 48 + 12 ? "first record" : "-");
    }
}

TEST(RecordCache, DamageAnywhereNeverGivesWrongBytes) {
    auto const folder = TemporaryFolder::create();
    {
        auto cache = RecordCache::open(folder->path(), kPlenty);
        ASSERT_TRUE(cache->append(key(1), as_bytes("a record to be damaged")));
    }
    auto const file = only_file(folder->path());
    auto const whole = read_file(file, kPlenty);
    for (std::size_t i = 0; i < whole->size(); ++i) {
        auto broken = *whole;
        broken[i] ^= 0x10;
        std::ofstream(file, std::ios::binary)
            .write(reinterpret_cast<char const*>(broken.data()), static_cast<std::streamsize>(broken.size()));
        auto const cache = RecordCache::open(folder->path(), kPlenty);
        EXPECT_EQ(found(*cache, 1), "-") << i;
    }
}

TEST(RecordCache, TwoWritersDoNotDisturbEachOther) {
    auto const folder = TemporaryFolder::create();
    auto a = RecordCache::open(folder->path(), kPlenty);
    auto b = RecordCache::open(folder->path(), kPlenty);
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(a->append(key(i), as_bytes("a")));
        ASSERT_TRUE(b->append(key(100 + i), as_bytes("b")));
    }
    EXPECT_EQ(RecordCache::open(folder->path(), kPlenty)->count(), 20U);
}

TEST(RecordCache, TheLongestUnusedGoFirstAtTheCap) {
    auto const folder = TemporaryFolder::create();
    for (int i = 0; i < 3; ++i) {
        auto cache = RecordCache::open(folder->path(), kPlenty);
        ASSERT_TRUE(cache->append(key(i), Bytes(1000, 7)));
    }
    std::vector<fs::path> files;
    for (auto const& entry : fs::directory_iterator(folder->path())) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    auto const now = fs::file_time_type::clock::now();
    for (std::size_t i = 0; i < 3; ++i)
        fs::last_write_time(files[i], now - std::chrono::hours(i == 1 ? 9 : 1 + static_cast<int>(i)));
    auto const cache = RecordCache::open(folder->path(), 2200);
    EXPECT_EQ(cache->count(), 2U);
    EXPECT_FALSE(fs::exists(files[1]));
}

}  // namespace
}  // namespace ounce::train
