// The session when the device at its address becomes another one, or is not understood.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "hal/drivers/meanwell/session_bench.h"

namespace abcds::meanwell {
namespace {

using enum Command;

constexpr uint16_t kEepromOff = 0x0400;

class OtherDeviceTest : public SessionTest {
 protected:
  // Another one at the same place, with its AC off for a while in between.
  void Replace(const sim::MeanwellOptions& device) {
    device_->SetMains(false, now_);
    Run(2s);
    auto made = sim::MeanwellDevice::Make(device);
    ASSERT_TRUE(made.ok()) << made.status();
    device_ = *std::move(made);
    device_->SetBattery(26.4, 0.012);
    said_.clear();
  }
};

TEST_F(OtherDeviceTest, UnknownModelAfterAKnownOneIsRefusedAndAskedAgain) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  Replace({.serial = "251105000043"});
  Faults({.model_text = "NPB-9999-24"});
  Hold(Watts(574), 20s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_TRUE(TroubleSays("\"NPB-9999-24\", which is no model that is known here: NPB-450-12, NPB-450-24"))
      << session_->Trouble();
  EXPECT_EQ(Reads(kMfrModelB0B5), 1u) << "not again and again";
  Faults({});
  Hold(Watts(574), 60s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive)
      << "a damaged answer does not last: " << session_->Trouble();
}

TEST_F(OtherDeviceTest, IsToldToStoreNoMoreAlthoughTheOneBeforeCouldNot) {
  Make({.old_firmware = true});
  BecomeActive();
  ASSERT_TRUE(session_->state().write_limited);
  Replace({.serial = "251105000043"});
  Run(5s);
  EXPECT_EQ(Written(kSystemConfig), std::vector<uint16_t>({kEepromOff}));
  EXPECT_FALSE(session_->state().write_limited);
  EXPECT_EQ(ledger_.Writes("meanwell 251105000043"), device_->eeprom_writes());
}

TEST_F(SessionTest, StoringThatSomebodySwitchesOnAgainIsCounted) {
  Make();
  BecomeActive();
  device_->Overwrite(0xC2, 0);
  Run(20s);
  EXPECT_TRUE(session_->state().write_limited);
  Hold(Watts(574), 3s);
  Hold(Watts(0), 1s);
  EXPECT_EQ(ledger_.Writes(kDevice), device_->eeprom_writes());
  device_->Overwrite(0xC2, kEepromOff);
  Run(20s);
  EXPECT_FALSE(session_->state().write_limited);
}

TEST_F(SessionTest, VoltageIsNotAdjustedAnyMoreOnceItWouldBeStored) {
  Options options = OptionsFor({});
  options.voltage_adjust = true;
  Make({}, 26.4, &options);
  BecomeActive();
  Hold(Watts(120), 5s);
  ASSERT_EQ(device_->Value(0x00), 1);
  device_->Overwrite(0xC2, 0);
  Hold(Watts(120), 65s);
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_GT(session_->state().min_charge, Watts(200));
}

}  // namespace
}  // namespace abcds::meanwell
