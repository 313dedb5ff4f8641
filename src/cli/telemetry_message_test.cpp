#include "cli/telemetry_message.hpp"

#include <gtest/gtest.h>

namespace ounce::cli {
namespace {

Json const kTold = Json::parse(R"({"partition": 2, "sequence": 17, "enqueuedTime": "2026-11-23T08:30:00.123Z",
    "deviceId": "cam-1", "properties": {"alert": "true"},
    "systemProperties": {"contentType": "application/json"}, "body": "{\"t\": 1}"})");

TEST(TelemetryMessage, IsALineForPeopleAndOneForPrograms) {
    auto const message = parse_message(kTold).value();
    EXPECT_EQ(text_line(message),
              "2026-11-23T08:30:00.123Z  cam-1  {\"t\": 1}  [alert=true  contentType=application/json]");
    EXPECT_EQ(json_line(message),
              R"({"enqueuedTime":"2026-11-23T08:30:00.123Z","deviceId":"cam-1","body":"{\"t\": 1}",)"
              R"("properties":{"alert":"true"},"systemProperties":{"contentType":"application/json"},)"
              R"("partition":2,"sequence":17})");
}

TEST(TelemetryMessage, BytesThatAreNoTextStayWholeInJson) {
    auto told = kTold;
    told.erase("body");
    told["bodyBase64"] = "AP+A";
    told["moduleId"] = "camera";
    auto const message = parse_message(told).value();
    EXPECT_NE(text_line(message).find("cam-1/camera  (3 bytes)"), std::string::npos);
    EXPECT_NE(json_line(message).find(R"("moduleId":"camera","bodyBase64":"AP+A")"), std::string::npos);
}

TEST(TelemetryMessage, ADeviceCannotSteerTheTerminal) {
    auto told = kTold;
    told["body"] = "\x1b[2J\x1b]0;hi\n";
    EXPECT_EQ(text_line(parse_message(told).value()).find('\x1b'), std::string::npos);
}

TEST(TelemetryMessage, WhatIsNoMessageIsRefused) {
    EXPECT_EQ(parse_message(Json::array()).error().code, Code::DataLoss);
    auto told = kTold;
    told["bodyBase64"] = "not base64";
    EXPECT_EQ(parse_message(told).error().code, Code::DataLoss);
}

}  // namespace
}  // namespace ounce::cli
