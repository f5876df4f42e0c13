#include "hal/sim/wire/usbtin.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace abcds::sim {
namespace {

std::string Say(Usbtin& usbtin, std::string_view bytes) {
  std::string answers;
  for (const char byte : bytes) answers += usbtin.Hear(byte);
  return answers;
}

struct Case {
  const char* name;
  const char* said;
  const char* answered;
};
class UsbtinTest : public testing::TestWithParam<Case> {};

TEST_P(UsbtinTest, Answers) {
  Usbtin usbtin;
  EXPECT_EQ(Say(usbtin, GetParam().said), GetParam().answered);
}

INSTANTIATE_TEST_SUITE_P(
    Conversations, UsbtinTest,
    testing::Values(
        Case{"SetUpAndOpened", "S5\rZ0\rO\r", "\r\r\r"},
        Case{"EmptyLinesAndClosingWhatIsClosed", "\r\r\rC\r", "\a\a\a\a"},
        Case{"NoRateWhileOpen", "S5\rO\rS5\r", "\r\r\a"}, Case{"NoOpeningWithoutARate", "O\r", "\a"},
        Case{"FramesOnlyWhileOpen", "T000C010226000\r", "\a"},
        Case{"ExtendedFrame", "S5\rO\rT000C010226000\r", "\r\rZ\r"},
        Case{"StandardFrame", "S5\rO\rt12310A\r", "\r\rz\r"}, Case{"RemoteFrame", "S5\rO\rR000C01022\r", "\r\rZ\r"},
        Case{"ListenOnlySendsNothing", "S5\rL\rt12310A\r", "\r\r\a"},
        Case{"MissingDigit", "S5\rO\rT000C01022600\r", "\r\r\a"}, Case{"NoDigit", "S5\rO\rT000C01022G000\r", "\r\r\a"},
        Case{"FourthFrameFindsNoBuffer", "S5\rO\rt1230\rt1230\rt1230\rt1230\r", "\r\rz\rz\rz\r\a"},
        Case{"ClosingEmptiesTheBuffers", "S5\rO\rt1230\rt1230\rt1230\rC\rO\rt1230\r", "\r\rz\rz\rz\r\r\rz\r"},
        Case{"Questions", "V\rv\rN\r", "V1013\rv0107\rNFFFF\r"}, Case{"UnknownCommand", "X\r", "\a"}),
    [](const auto& info) { return info.param.name; });

TEST(Usbtin, PutsFramesOnTheBusAndGivesThoseOfTheBus) {
  Usbtin usbtin;
  Say(usbtin, "S5\rO\rT000C0102420009015\r");
  const CanFrame write{
      .id = 0x000C0102, .extended = true, .remote = false, .size = 4, .data = {0x20, 0x00, 0x90, 0x15}};
  EXPECT_EQ(usbtin.TakeFrame(), write);
  EXPECT_EQ(usbtin.TakeFrame(), std::nullopt);

  const CanFrame answer{
      .id = 0x000C0002, .extended = true, .remote = false, .size = 4, .data = {0x60, 0x00, 0x77, 0x14}};
  EXPECT_EQ(usbtin.Line(answer, 0x12AF), "T000C0002460007714\r");
  usbtin.SetTimestamps(true);
  EXPECT_EQ(usbtin.Line(answer, 0x12AF), "T000C000246000771412AF\r");
  Say(usbtin, "C\r");
  EXPECT_EQ(usbtin.Line(answer, 0), "");
}

}  // namespace
}  // namespace abcds::sim
