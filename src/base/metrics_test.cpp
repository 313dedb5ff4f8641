#include "base/metrics.hpp"

#include <gmock/gmock.h>

namespace ounce {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, AreWrittenAsOpenMetrics) {
    Metrics metrics;
    metrics.counter("ounce_messages", "Messages stored.", "kind=\"d2c\"").add(3);
    metrics.counter("ounce_messages", "Messages stored.", "kind=\"d2c\"").add(1);
    metrics.gauge("ounce_connections", "Connections now.").set(7);
    metrics.histogram("ounce_request_seconds", "Time to answer.").observe(0.002);
    metrics.histogram("ounce_request_seconds", "Time to answer.").observe(1000);
    auto const page = metrics.openmetrics();
    EXPECT_THAT(page, HasSubstr("# TYPE ounce_messages counter\n"));
    EXPECT_THAT(page, HasSubstr("ounce_messages_total{kind=\"d2c\"} 4\n"));
    EXPECT_THAT(page, HasSubstr("ounce_connections 7\n"));
    EXPECT_THAT(page, HasSubstr("ounce_request_seconds_bucket{le=\"0.001\"} 0\n"));
    EXPECT_THAT(page, HasSubstr("ounce_request_seconds_bucket{le=\"0.0025\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("ounce_request_seconds_bucket{le=\"+Inf\"} 2\n"));
    EXPECT_THAT(page, HasSubstr("ounce_request_seconds_count 2\n"));
    EXPECT_TRUE(page.ends_with("# EOF\n"));
}

}  // namespace
}  // namespace ounce
