// The session getting a device off and keeping it off, also one that does not answer or does not obey.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "hal/drivers/meanwell/session_bench.h"

namespace abcds::meanwell {
namespace {

using enum Command;

TEST_F(SessionTest, DeviceThatNeverAnsweredIsToldToBeOff) {
  Make({.on = true});
  Faults({.mute = true});
  LinkUp();
  Run(500ms);
  EXPECT_EQ(device_->Value(0x00), 0) << "another process may have left it on, and it may hear us";
  Run(1min);
  EXPECT_EQ(Written(kOperation), std::vector<uint16_t>({0, 0, 0})) << "but that is not tried for ever";
}

TEST_F(SessionTest, RestIsToldIntoTheSilenceWithoutEnd) {
  Make({.on = true});
  Faults({.silent = true});
  session_->Rest();
  LinkUp();
  Run(10s);
  said_.clear();
  Run(10s);
  EXPECT_GE(Written(kOperation).size(), 9u);
  EXPECT_LE(Written(kOperation).size(), 16u);
  EXPECT_GE(Reads(kOperation), 10u);
  Faults({.mute = true});
  Run(2500ms);
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_FALSE(session_->AtRest()) << "nothing has confirmed it";
}

TEST_F(SessionTest, RestIsConfirmedBeforeTheDeviceIsAskedWhoItIs) {
  Make({.on = true});
  session_->Rest();
  LinkUp();
  Run(250ms);
  EXPECT_TRUE(session_->AtRest());
  const auto first = [this](Command command) {
    return std::ranges::find_if(said_, [&](const Said& said) { return said.IsRead(command); }) - said_.begin();
  };
  EXPECT_LT(first(kFaultStatus), first(kMfrModelB0B5));
  EXPECT_LT(first(kReadIout), first(kMfrModelB0B5));
  Run(10s);
  EXPECT_EQ(Written(kOperation), std::vector<uint16_t>({0}));
  EXPECT_EQ(Writes().size(), 1u) << "nothing is set up in a device that is only to be off";
  EXPECT_TRUE(session_->AtRest());
}

TEST_F(SessionTest, RestEndsTheProtectionOfTheMemory) {
  Make();
  LinkUp();
  while (Written(kVoutSet).empty() && now_ < kBegin + 5s) Run(5ms);
  ASSERT_EQ(Written(kVoutSet).size(), 1u);
  session_->Rest();
  Run(5s);
  EXPECT_EQ(Writes().size(), 1u);
  EXPECT_TRUE(session_->AtRest());
}

TEST_F(SessionTest, RestIsNotBelievedWhileCurrentFlows) {
  Make({.on = true});
  Faults({.keeps_on = true});
  session_->Rest();
  LinkUp();
  Run(5s);
  EXPECT_FALSE(session_->AtRest());
}

TEST_F(SessionTest, OutputThatStaysOnIsToldAgainToBeOff) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  Faults({.keeps_on = true});
  said_.clear();
  Hold(Watts(0), 66s);
  EXPECT_EQ(Written(kOperation), std::vector<uint16_t>(7, 0)) << "at first, and every 10 s since it is known";
  EXPECT_EQ(Writes().size(), 7u);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_TRUE(TroubleSays("another current than it was told")) << session_->Trouble();
  Faults({});
  Hold(Watts(0), 15s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  said_.clear();
  Hold(Watts(0), 1min);
  EXPECT_TRUE(Writes().empty());
}

}  // namespace
}  // namespace abcds::meanwell
