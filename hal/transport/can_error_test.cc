#include "hal/transport/can_error.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

// The numbers are those of the kernel's documentation, not its names, so that a wrong name is found.
struct Case {
  const char* name;
  CanBusState before;
  uint32_t classes;
  uint8_t detail;
  CanBusState after;
};
class StateAfterTest : public testing::TestWithParam<Case> {};

TEST_P(StateAfterTest, Follows) {
  can_frame frame{};
  frame.can_id = 0x20000000u | GetParam().classes;
  frame.len = 8;
  frame.data[1] = GetParam().detail;
  EXPECT_EQ(StateAfter(frame, GetParam().before), GetParam().after);
}

using enum CanBusState;
INSTANTIATE_TEST_SUITE_P(Frames, StateAfterTest,
                         testing::Values(
                             //   name                              before   classes detail after
                             Case{"ReceiveErrorsRise", kActive, 0x004, 0x04, kWarning},
                             Case{"SendErrorsRise", kActive, 0x004, 0x08, kWarning},
                             Case{"ReceiverPassive", kWarning, 0x004, 0x10, kPassive},
                             Case{"SenderPassive", kWarning, 0x004, 0x20, kPassive},
                             Case{"PassiveOutranksWarning", kActive, 0x004, 0x28, kPassive},
                             Case{"BackToWarning", kPassive, 0x004, 0x08, kWarning},
                             Case{"BackToActive", kPassive, 0x004, 0x40, kActive},
                             Case{"OverflowIsNoStateOfTheBus", kActive, 0x004, 0x03, kActive},
                             Case{"OverflowKeepsTheState", kPassive, 0x004, 0x01, kPassive},
                             Case{"NobodyAcknowledges", kActive, 0x020, 0x20, kActive},
                             Case{"BusOff", kPassive, 0x040, 0x00, kOff},
                             Case{"BusOffWithDetails", kPassive, 0x044, 0x20, kOff},
                             Case{"OffUntilRestarted", kOff, 0x004, 0x40, kOff},
                             Case{"Restarted", kOff, 0x100, 0x00, kActive},
                             Case{"RestartedIntoTrouble", kOff, 0x104, 0x08, kWarning},
                             Case{"BusErrorAlone", kWarning, 0x080, 0x00, kWarning}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds
