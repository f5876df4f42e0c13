// The session with a device that does what it should.
#include <gtest/gtest.h>

#include <vector>

#include "hal/drivers/meanwell/session_bench.h"

namespace abcds::meanwell {
namespace {

using enum Command;

constexpr uint16_t kEepromOff = 0x0400;

TEST_F(SessionTest, SaysNothingWithoutALink) {
  Make();
  EXPECT_FALSE(session_->NextFrame(now_).has_value());
  EXPECT_EQ(session_->NextDue(now_), MonotonicTime::max());
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kConnecting);
  EXPECT_EQ(session_->Trouble(), "");
}

TEST_F(SessionTest, FirstItIsSwitchedOffIfItIsOn) {
  Make({.on = true});
  Give(Watts(500), 1h);
  LinkUp();
  Run(80ms);
  ASSERT_GE(said_.size(), 3u);
  EXPECT_TRUE(said_[0].IsRead(kOperation));
  EXPECT_TRUE(said_[1].IsWrite(kOperation));
  EXPECT_EQ(said_[1].message.raw(), 0);
  EXPECT_TRUE(said_[2].IsRead(kOperation)) << "writes are not acknowledged";
}

TEST_F(SessionTest, WhatIsOffIsNotWrittenTo) {
  Make();
  LinkUp();
  Run(3s);
  EXPECT_TRUE(Written(kOperation).empty());
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_->state().acknowledged.value, Watts(0));
  EXPECT_TRUE(session_->state().acknowledged.valid);
}

TEST_F(SessionTest, KeepsTheManualsPauses) {
  Make();
  LinkUp();
  Hold(Watts(600), 20s);
  ASSERT_GT(said_.size(), 100u);
  for (size_t i = 1; i < said_.size(); ++i) EXPECT_GE(said_[i].at - said_[i - 1].at, 25ms) << i;
  for (const MonotonicTime answered : answered_) {
    for (const Said& said : said_) EXPECT_FALSE(said.at > answered && said.at < answered + 5ms);
  }
}

TEST_F(SessionTest, KnowsTheDeviceAndItsLimits) {
  Make({.noise_steps = 0});
  BecomeActive();
  EXPECT_EQ(session_->identity().model_text(), "NPB-1200-24");
  EXPECT_EQ(session_->identity().serial_number(), "241105000042");
  EXPECT_EQ(session_->identity().revision(), "R2.3 R1.8");
  EXPECT_EQ(session_->state().max_charge, Volts(26.4) * Amperes(36) / 0.92);
  EXPECT_EQ(session_->state().min_charge, Volts(26.4) * Amperes(7.2) / 0.92);
  EXPECT_EQ(session_->state().max_discharge, Watts(0));
  EXPECT_EQ(session_->state().dc_voltage.value, Volts(26.4));
}

TEST_F(SessionTest, StoresHarmlessSetpointsThenStoresNoMore) {
  Make();
  LinkUp();
  Run(3s);
  const std::vector<Said> writes = Writes();
  ASSERT_EQ(writes.size(), 3u);
  EXPECT_TRUE(writes[0].IsWrite(kVoutSet));
  EXPECT_EQ(writes[0].message.raw(), 2760);
  EXPECT_TRUE(writes[1].IsWrite(kIoutSet));
  EXPECT_EQ(writes[1].message.raw(), 720);
  EXPECT_TRUE(writes[2].IsWrite(kSystemConfig));
  EXPECT_EQ(writes[2].message.raw(), kEepromOff);
  EXPECT_FALSE(session_->state().write_limited);
  EXPECT_EQ(ledger_.Writes(kDevice), device_->eeprom_writes());
  EXPECT_EQ(ledger_.Writes(kDevice), 3u);
  EXPECT_FALSE(ledger_.Knows(kDevice, "lacks_eeprom_off"));
}

TEST_F(SessionTest, ADeviceThatWasResetIsToldAgainToStoreNoMore) {
  Make();
  LinkUp();
  Run(3s);
  ASSERT_FALSE(session_->state().write_limited);
  // Another device of the same number stands for a factory reset between two runs of the daemon.
  Make();
  said_.clear();
  LinkUp();
  Run(3s);
  EXPECT_EQ(Written(kSystemConfig), std::vector<uint16_t>({kEepromOff}));
  EXPECT_FALSE(session_->state().write_limited);
}

TEST_F(SessionTest, OldFirmwareIsAskedOnceToStoreNoMore) {
  Make({.old_firmware = true});
  LinkUp();
  Run(3s);
  EXPECT_EQ(Written(kSystemConfig), std::vector<uint16_t>({kEepromOff}));
  EXPECT_TRUE(session_->state().write_limited);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  // The next daemon knows.
  const uint64_t before = ledger_.Writes(kDevice);
  Options options = OptionsFor({});
  options.ledger = &ledger_;
  session_.emplace(options);
  said_.clear();
  LinkUp();
  Run(3s);
  EXPECT_TRUE(Writes().empty());
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(ledger_.Writes(kDevice), before);
}

// The same power again, though the voltage at rest is another, is the switch alone where each value is stored.
TEST_F(SessionTest, StartingAsItLastRanCostsOldFirmwareOneWrite) {
  Make({.old_firmware = true});
  BecomeActive();
  Hold(Watts(900), 4s);
  const uint16_t ran_with = Written(kIoutSet).back();
  Hold(Watts(0), 4s);
  device_->SetBattery(26.2, 0.012);
  Run(2s);
  said_.clear();
  Hold(Watts(900), 4s);
  ASSERT_EQ(Writes().size(), 1u);
  EXPECT_TRUE(Writes()[0].IsWrite(kOperation));
  EXPECT_EQ(device_->Value(0x30), ran_with);
  Hold(Watts(0), 4s);
  said_.clear();
  Hold(Watts(850), 4s);
  EXPECT_EQ(Writes().size(), 2u) << "another power is another current";
}

TEST_F(SessionTest, NewFirmwareIsToldTheCurrentAtEachStart) {
  Make();
  BecomeActive();
  Hold(Watts(900), 4s);
  Hold(Watts(0), 4s);
  device_->SetBattery(26.2, 0.012);
  Run(2s);
  said_.clear();
  Hold(Watts(900), 4s);
  EXPECT_EQ(Writes().size(), 2u);
}

TEST_F(SessionTest, PowerBecomesCurrentAndComesBackAsPower) {
  Make();
  BecomeActive();
  Hold(Watts(574), 4s);
  EXPECT_EQ(Written(kIoutSet).size(), 1u);
  EXPECT_NEAR(Written(kIoutSet)[0], 2000, 20) << "574 W at 26.4 V and 0.92";
  EXPECT_EQ(Written(kOperation), std::vector<uint16_t>({1}));
  EXPECT_EQ(session_->state().acknowledged.value, Watts(574));
  EXPECT_NEAR(session_->state().power.value.value(), 574, 15);
  EXPECT_NEAR(Power(), 568, 15);
}

TEST_F(SessionTest, SetpointsComeBeforeSwitchingOn) {
  Make();
  BecomeActive();
  Hold(Watts(574), 1s);
  const std::vector<Said> writes = Writes();
  ASSERT_EQ(writes.size(), 2u) << "the voltage is held already";
  EXPECT_TRUE(writes[0].IsWrite(kIoutSet));
  EXPECT_TRUE(writes[1].IsWrite(kOperation));
}

TEST_F(SessionTest, EveryWriteIsReadBackNext) {
  Make();
  LinkUp();
  Hold(Watts(574), 6s);
  Hold(Watts(0), 1s);
  for (size_t i = 0; i + 1 < said_.size(); ++i) {
    if (said_[i].message.kind != Message::Kind::kWrite) continue;
    EXPECT_EQ(said_[i + 1].message.kind, Message::Kind::kRead);
    EXPECT_EQ(said_[i + 1].message.code, said_[i].message.code);
  }
}

TEST_F(SessionTest, DriftingVoltageAloneCostsNoWrite) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  said_.clear();
  for (int i = 0; i < 60; ++i) {
    device_->SetBattery(26.4 + 0.01 * i, 0.012);
    Hold(Watts(574), 1s);
  }
  EXPECT_TRUE(Writes().empty());
  Hold(Watts(584), 1s);
  EXPECT_EQ(Written(kIoutSet).size(), 1u);
}

TEST_F(SessionTest, RepeatedCommandsAndHeldValuesCostNoWrite) {
  Make();
  BecomeActive();
  Hold(Watts(574), 60s);
  EXPECT_EQ(Writes().size(), 2u);
  EXPECT_EQ(device_->eeprom_writes(), 3u) << "those of the protection";
}

TEST_F(SessionTest, SaturatesAtWhatItCanDo) {
  Make({.noise_steps = 0});
  BecomeActive();
  Hold(Watts(1e6), 3s);
  EXPECT_EQ(device_->Value(0x30), 3600);
  EXPECT_EQ(Written(kIoutSet).back(), 3600);
  Hold(Watts(-500), 1s);
  EXPECT_EQ(device_->Value(0x00), 0) << "a charger does not discharge";
}

TEST_F(SessionTest, HighVoltageBringsTheRatedPowerToBear) {
  sim::MeanwellOptions device;
  device.noise_steps = 0;
  Options options = OptionsFor(device);
  options.charge_voltage = Volts(41);
  Make(device, 40.0, &options);
  BecomeActive();
  EXPECT_NEAR(session_->state().max_charge.value(), 1200 / 0.92, 0.1);
  Hold(Watts(1e6), 3s);
  EXPECT_NEAR(device_->Value(0x30), 3000, 30);
}

TEST_F(SessionTest, BelowTheLeastCurrentItGoesOff) {
  Make();
  BecomeActive();
  Hold(Watts(300), 3s);
  EXPECT_EQ(device_->Value(0x00), 1);
  Hold(Watts(150), 1s);
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_EQ(session_->state().acknowledged.value, Watts(0));
  Hold(session_->state().min_charge, 3s);
  EXPECT_EQ(device_->Value(0x00), 1);
  EXPECT_EQ(device_->Value(0x30), 720);
}

TEST_F(SessionTest, ExpiryIsOffAtThatVeryTime) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  said_.clear();
  Give(Watts(574), 700ms);
  const MonotonicTime expires_at = now_ + 700ms;
  Run(2s);
  const std::vector<Said> writes = Writes();
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_TRUE(writes[0].IsWrite(kOperation));
  EXPECT_GE(writes[0].at, expires_at);
  EXPECT_LE(writes[0].at, expires_at + 35ms);
  EXPECT_LT(Power(), 1);
}

TEST_F(SessionTest, NotANumberIsOff) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  Hold(Watts(std::nan("")), 500ms);
  EXPECT_EQ(device_->Value(0x00), 0);
}

TEST_F(SessionTest, PollsKeepClearOfTheExpectedCommand) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  std::vector<Nanoseconds> waits;
  for (int i = 0; i < 40; ++i) {
    const MonotonicTime change_at = now_ + 993ms;
    while (now_ < change_at) {
      Give(Watts(400 + 10 * (i % 3)), 1s, change_at);
      Run(std::min<Nanoseconds>(20ms, change_at - now_));
    }
    const size_t before = said_.size();
    const MonotonicTime commanded_at = now_;
    Give(Watts(400 + 10 * ((i + 1) % 3)), 1s, change_at);
    Run(40ms);
    for (size_t n = before; n < said_.size(); ++n) {
      if (said_[n].IsWrite(kIoutSet)) waits.push_back(said_[n].at - commanded_at);
    }
  }
  ASSERT_EQ(waits.size(), 40u);
  for (const Nanoseconds wait : waits) EXPECT_EQ(wait, 0ms);
  EXPECT_GT(Reads(kReadIout), 100u) << "and are made all the same";
}

TEST_F(SessionTest, RestIsBelievedOnceTheOutputIsOff) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  session_->Rest();
  EXPECT_FALSE(session_->AtRest());
  Hold(Watts(574), 1500ms);
  EXPECT_TRUE(session_->AtRest());
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_LT(Power(), 1);
}

TEST_F(SessionTest, AlmostFullBatteryIsALimitNotAFailure) {
  Make();
  BecomeActive();
  Hold(Watts(900), 3s);
  const Watts all = session_->state().max_charge;
  device_->SetBattery(27.45, 0.012);
  Hold(Watts(900), 10s);
  EXPECT_NEAR(Power(), 371, 15) << "12.5 A at 27.6 V";
  EXPECT_LT(session_->state().max_charge, all * 0.6);
  EXPECT_GT(session_->state().max_charge.value(), Power());
  device_->SetBattery(26.4, 0.012);
  Hold(Watts(900), 30s);
  EXPECT_GT(session_->state().max_charge, all * 0.97) << "and it comes back";
}

// ---- Charging below the least current ----

class VoltageAdjustTest : public SessionTest {
 protected:
  void MakeAdjusting(const sim::MeanwellOptions& device = {}, double resistance = 0.012) {
    Options options = OptionsFor(device);
    options.voltage_adjust = true;
    Make(device, 26.4, &options);
    device_->SetBattery(26.4, resistance);
    BecomeActive();
  }
};

TEST_F(VoltageAdjustTest, ReachesAndHoldsSmallPowers) {
  MakeAdjusting();
  EXPECT_EQ(session_->state().min_charge, Watts(0));
  for (const double power : {150.0, 80.0, 190.0, 60.0}) {
    Hold(Watts(power), 8s);
    double sum = 0;
    for (int i = 0; i < 50; ++i) {
      Hold(Watts(power), 100ms);
      sum += Power() / 50;
    }
    EXPECT_NEAR(sum, power, 18) << "half a step of 10 mV is 12 W";
    EXPECT_EQ(device_->Value(0x30), 720);
  }
}

TEST_F(VoltageAdjustTest, StableOnOtherResistances) {
  for (const double resistance : {0.006, 0.012, 0.03}) {
    SCOPED_TRACE(resistance);
    MakeAdjusting({.serial = std::to_string(resistance)}, resistance);  // another device each time
    Hold(Watts(120), 15s);
    double low = 1e9, high = 0;
    for (int i = 0; i < 100; ++i) {
      Hold(Watts(120), 100ms);
      low = std::min(low, Power());
      high = std::max(high, Power());
    }
    EXPECT_GT(low, 120 - 0.6 * 28 * 0.01 / resistance - 5);
    EXPECT_LT(high, 120 + 0.6 * 28 * 0.01 / resistance + 5);
  }
}

TEST_F(VoltageAdjustTest, AboveTheLeastCurrentTheVoltageIsTheEndOfChargeAgain) {
  MakeAdjusting();
  Hold(Watts(100), 5s);
  EXPECT_LT(device_->Value(0x20), 2700);
  Hold(Watts(600), 2s);
  EXPECT_EQ(device_->Value(0x20), 2760);
  EXPECT_NEAR(Power(), 594, 20);
}

TEST_F(VoltageAdjustTest, NeverBeyondTheEndOfCharge) {
  MakeAdjusting();
  device_->SetBattery(27.59, 0.05);
  Hold(Watts(150), 30s);
  for (const uint16_t voltage : Written(kVoutSet)) EXPECT_LE(voltage, 2760);
}

TEST_F(VoltageAdjustTest, SlowStartDoesNotWindItUp) {
  MakeAdjusting({.start_takes = 4s});
  Hold(Watts(120), 3500ms);
  EXPECT_EQ(Written(kVoutSet).size(), 1u) << "nothing flows yet, whatever the voltage";
  Hold(Watts(120), 6s);
  EXPECT_NEAR(Power(), 120, 18);
}

TEST_F(VoltageAdjustTest, NotWhereTheMemoryIsWritten) {
  Options options = OptionsFor({});
  options.voltage_adjust = true;
  Make({.old_firmware = true}, 26.4, &options);
  BecomeActive();
  EXPECT_GT(session_->state().min_charge, Watts(200));
  Hold(Watts(120), 3s);
  EXPECT_EQ(device_->Value(0x00), 0);
}

}  // namespace
}  // namespace abcds::meanwell
