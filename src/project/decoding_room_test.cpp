#include "project/decoding_room.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "project/vision_fixture_test.hpp"

namespace ounce::project {
namespace {

TEST(DecodingRoom, NeverHoldsMoreThanItHas) {
    constexpr std::uint64_t kRoom = 1000;
    DecodingRoom room(kRoom);
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> most{0};
    std::vector<std::jthread> threads;
    for (std::uint64_t k = 0; k < 8; ++k)
        threads.emplace_back([&, bytes = 100 + k * 50] {
            for (int turn = 0; turn < 200; ++turn) {
                auto const place = room.take(bytes);
                auto const now = taken += bytes;
                for (auto seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                std::this_thread::yield();
                taken -= bytes;
            }
        });
    threads.clear();
    EXPECT_LE(most, kRoom);
}

TEST(DecodingRoom, WhatNeedsMoreThanAllGoesAloneAndInTurn) {
    DecodingRoom room(1000);
    std::atomic<bool> small_is_in{false};
    std::promise<void> large_is_in;
    std::promise<void> large_may_go;
    {
        auto const alone = room.take(std::uint64_t{1} << 60);
    }
    std::jthread const large([&] {
        auto const place = room.take(5000);
        large_is_in.set_value();
        large_may_go.get_future().wait();
        EXPECT_FALSE(small_is_in) << "nothing beside it";
    });
    large_is_in.get_future().wait();
    std::jthread const small([&] {
        auto const place = room.take(1);
        small_is_in = true;
    });
    large_may_go.set_value();
}

TEST(DecodingRoom, CountsWhatAFormatNeedsBesideThePixels) {
    auto jpeg = numbered_picture(1, 600, 400);
    EXPECT_EQ(decoding_bytes(jpeg), 600u * 400 * 3);
    auto const marker = std::string("\xFF\xC0\0\x11", 4);
    auto const frame = std::ranges::search(jpeg, as_bytes(marker)).begin();
    ASSERT_NE(frame, jpeg.end());
    *(frame + 1) = 0xC2;
    EXPECT_EQ(decoding_bytes(jpeg), 600u * 400 * 9) << "progressive";
    *(frame + 1) = 0xC0;
    auto const scan = std::ranges::search(jpeg, as_bytes("\xFF\xDA")).begin();
    ASSERT_NE(scan, jpeg.end());
    // Length, one component of the three, its tables, and which coefficients.
    std::ranges::copy(as_bytes(std::string("\0\x08\1\1\0\0\x3F\0", 8)), scan + 2);
    EXPECT_EQ(decoding_bytes(jpeg), 600u * 400 * 9) << "a component after the other";
    EXPECT_EQ(decoding_bytes(as_bytes("no picture")), 0u);

    // The start of a PNG of 13,300 x 13,300.
    std::string const png("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x33\xf4\0\0\x33\xf4\x08\2\0\0\0\0\0\0\0", 33);
    EXPECT_EQ(decoding_bytes(as_bytes(png)), 13'300ull * 13'300 * 7);
}

}  // namespace
}  // namespace ounce::project
