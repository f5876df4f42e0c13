#include "hal/drivers/register_inverter/recorded_line.h"

#include <vector>

#include "gtest/gtest.h"

namespace abcds::register_inverter {
namespace {

using Bytes = std::vector<uint8_t>;

// Frames by the Modbus specification; the checksum's check value is the one of its catalogues.
TEST(ModbusChecksum, HasItsCheckValue) {
  const Bytes digits = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  EXPECT_EQ(ModbusChecksum(digits), 0x4B37);
  EXPECT_EQ(ModbusChecksum(Bytes{0x01, 0x03, 0x00, 0x6B, 0x00, 0x01, 0xF5, 0xD6}), 0);
}

struct Case {
  const char* name;
  Bytes line;
  size_t want;
};

class RequestInFrontTest : public testing::TestWithParam<Case> {};

TEST_P(RequestInFrontTest, IsFound) { EXPECT_EQ(RequestInFront(GetParam().line), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Lines, RequestInFrontTest,
    testing::Values(
        Case{"ReadAndReply", {1, 3, 0, 0x6B, 0, 1, 0xF5, 0xD6, 1, 3, 2, 0x0D, 0x96, 0x3C, 0xBA}, 8},
        Case{"ReadAlone", {1, 3, 0, 0x6B, 0, 1, 0xF5, 0xD6}, 0},
        Case{"ReplyAlone", {1, 3, 2, 0x0D, 0x96, 0x3C, 0xBA}, 0},
        Case{"DamagedRead", {1, 3, 0, 0x6B, 0, 2, 0xF5, 0xD6, 1, 3, 2, 0x0D, 0x96, 0x3C, 0xBA}, 0},
        Case{"WriteAndReply", {1, 16, 0, 0x28, 0, 1, 2, 1, 0x5E, 0x20, 0x10, 1, 16, 0, 0x28, 0, 1, 0x81, 0xC1}, 11},
        Case{"WriteAlone", {1, 16, 0, 0x28, 0, 1, 2, 1, 0x5E, 0x20, 0x10}, 0},
        Case{"ReplyToAWriteAndAStrayByte", {1, 16, 0, 0x28, 0, 1, 0x81, 0xC1, 0}, 0},
        Case{"WriteOneAndReply", {3, 6, 0, 0, 0x10, 0x68, 0x84, 6, 3, 6, 0, 0, 0x10, 0x68, 0x84, 6}, 8},
        Case{"CutOff", {1, 3, 0}, 0}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds::register_inverter
