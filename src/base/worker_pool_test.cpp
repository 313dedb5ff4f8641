#include "base/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace ounce {
namespace {

TEST(WorkerPool, DoesAllItTookInBeforeItStops) {
    std::atomic<int> done = 0;
    {
        WorkerPool pool(3, 1000);
        for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.post([&done] { ++done; }));
    }
    EXPECT_EQ(done, 500);
}

TEST(WorkerPool, RefusesWhenItsQueueIsFull) {
    std::latch started(1), go(1);
    WorkerPool pool(1, 2);
    ASSERT_TRUE(pool.post([&] {
        started.count_down();
        go.wait();
    }));
    started.wait();
    EXPECT_TRUE(pool.post([] {}));
    EXPECT_TRUE(pool.post([] {}));
    EXPECT_FALSE(pool.post([] {}));
    go.count_down();
    pool.drain();
    EXPECT_FALSE(pool.post([] {}));
}

}  // namespace
}  // namespace ounce
