// The session with a device, a bus or a set-up that is not as it should be.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hal/drivers/meanwell/session_bench.h"

namespace abcds::meanwell {
namespace {

using enum Command;

struct Refused {
  const char* name;
  sim::MeanwellOptions device;
  const char* sentence;
};
sim::MeanwellOptions With(sim::MeanwellOptions options, void (*change)(sim::MeanwellOptions&)) {
  change(options);
  return options;
}
sim::MeanwellOptions Bic48() {
  sim::MeanwellOptions options;
  options.model = "BIC-2200-48";
  options.system_config = 1;
  return options;
}

class RefusedTest : public SessionTest, public testing::WithParamInterface<Refused> {};
TEST_P(RefusedTest, StaysOffWithItsReason) {
  Make(GetParam().device, GetParam().device.model[0] == 'B' ? 52.0 : 26.4);
  LinkUp();
  Hold(Watts(500), 5s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_EQ(session_->state().max_charge, Watts(0));
  EXPECT_TRUE(TroubleSays(GetParam().sentence)) << session_->Trouble();
  EXPECT_EQ(device_->Value(0x00), 0);
  for (const Said& write : Writes()) EXPECT_TRUE(write.IsWrite(kOperation)) << "nothing but off is written";
}
INSTANTIATE_TEST_SUITE_P(
    SetUps, RefusedTest,
    testing::Values(
        Refused{"ChargerMode", With({}, [](auto& o) { o.curve_config = 0x84; }),
                "(charger mode): run abcdsctl meanwell commission charger"},
        Refused{"StartsByItself", With({}, [](auto& o) { o.system_config = 2; }),
                "by itself when its AC comes back: run abcdsctl meanwell commission charger"},
        Refused{"StartsAsBeforeAndIsOn",
                With({},
                     [](auto& o) {
                       o.system_config = 4;
                       o.on = true;
                     }),
                "by itself when its AC comes back"},
        Refused{"BicNotByCan", With(Bic48(), [](auto& o) { o.system_config = 0; }), "not set to be controlled by CAN"},
        Refused{"BicFindsDirection", With(Bic48(), [](auto& o) { o.bidirectional_config = 0; }), "not in battery mode"},
        Refused{"VoltageOutsideTheModel", With({}, [](auto& o) { o.model = "NPB-1200-48"; }),
                "its model, NPB-1200-48, can be set to 42 to 80 V, which 27.6 V is not in"}),
    [](const auto& info) { return info.param.name; });

TEST_F(SessionTest, AnotherFamilyAndUnknownModelAreRefused) {
  Identity identity;
  Registers registers;
  EXPECT_EQ(identity.Check({}, registers), Obstacle::kUnknownModel);
}

TEST_F(SessionTest, RepairedSetUpWaitsForThePowerCycle) {
  Make({.curve_config = 0x84});
  LinkUp();
  Run(3s);
  ASSERT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  device_->Overwrite(0xB4, 0x04);
  Run(20s);
  EXPECT_TRUE(TroubleSays("switch its AC off for 10 s and on again")) << session_->Trouble();
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty) << "it acts at the next start only";
}

TEST_F(SessionTest, RepairedStartIsTakenAtOnce) {
  Make({.system_config = 2});
  LinkUp();
  Run(3s);
  device_->Overwrite(0xC2, 0);
  Run(20s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive) << session_->Trouble();
}

TEST_F(SessionTest, SilenceEndsActiveAndOffComesFirstAfterIt) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  Faults({.silent = true});
  const MonotonicTime silent_at = now_;
  while (session_->state().lifecycle == Lifecycle::kActive && now_ < silent_at + 5s) Hold(Watts(574), 20ms);
  EXPECT_LE(now_ - silent_at, 1s);
  EXPECT_TRUE(TroubleSays("no answer from unit 03 on can0")) << session_->Trouble();
  said_.clear();
  Hold(Watts(574), 30s);
  EXPECT_LE(Written(kOperation).size(), 3u) << "it may hear us, but that is not tried for ever";
  EXPECT_GE(Written(kOperation).size(), 2u);
  EXPECT_GE(Reads(kOperation), 25u) << "at least once a second";
  said_.clear();
  Faults({});
  Hold(Watts(574), 6s);
  const std::vector<Said> writes = Writes();
  ASSERT_FALSE(writes.empty());
  EXPECT_TRUE(writes[0].IsWrite(kOperation));
  EXPECT_EQ(writes[0].message.raw(), 0);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  EXPECT_NEAR(Power(), 568, 20) << "back to the command by itself";
}

TEST_F(SessionTest, MuteDeviceIsStillSwitchedOff) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  Faults({.mute = true});
  Hold(Watts(574), 2s);
  EXPECT_EQ(device_->Value(0x00), 0);
}

TEST_F(SessionTest, AcLossBringsStoredValuesWhichAreNotTrusted) {
  Make();
  BecomeActive();
  Hold(Watts(800), 3s);
  EXPECT_GT(device_->Value(0x30), 2000);
  device_->SetMains(false, now_);
  Hold(Watts(800), 5s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kConnecting);
  device_->SetMains(true, now_);
  said_.clear();
  EXPECT_EQ(device_->Value(0x30), 720) << "what was stored before the storing was switched off";
  Hold(Watts(800), 8s);
  EXPECT_GT(device_->Value(0x30), 2000);
  EXPECT_NEAR(Power(), 790, 25);
  EXPECT_TRUE(Written(kSystemConfig).empty()) << "EEPROM off is still set";
}

TEST_F(SessionTest, ShortAcLossIsSeenByItsOutput) {
  Make({.silent_after_ac = 0ms});
  BecomeActive();
  Hold(Watts(800), 3s);
  device_->SetMains(false, now_);
  device_->SetMains(true, now_);
  Hold(Watts(800), 8s);
  EXPECT_GT(device_->Value(0x30), 2000);
  EXPECT_NEAR(Power(), 790, 25);
  EXPECT_GE(session_->counters().foreign_writes, 1u);
}

struct FaultRow {
  const char* name;
  uint16_t bits;
  bool latched;  // stays although the bit's cause has gone
  Lifecycle lifecycle;
  const char* sentence;
};
class FaultBitTest : public SessionTest, public testing::WithParamInterface<FaultRow> {};
TEST_P(FaultBitTest, SwitchesOffAndSaysWhy) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  Faults({.fault_bits = GetParam().bits});
  Hold(Watts(574), 2s);
  EXPECT_EQ(session_->state().lifecycle, GetParam().lifecycle);
  EXPECT_TRUE(TroubleSays(GetParam().sentence)) << session_->Trouble();
  EXPECT_EQ(device_->Value(0x00), 0);
  said_.clear();
  Hold(Watts(574), 30s);
  EXPECT_TRUE(Writes().empty()) << "no hammering";
  Faults({});
  Hold(Watts(574), 5s);
  EXPECT_EQ(session_->state().lifecycle == Lifecycle::kActive, !GetParam().latched) << session_->Trouble();
  if (!GetParam().latched) return;
  device_->SetMains(false, now_);
  Hold(Watts(574), 2s);
  device_->SetMains(true, now_);
  Hold(Watts(574), 8s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive) << "after the AC was away";
}
INSTANTIATE_TEST_SUITE_P(
    Faults, FaultBitTest,
    testing::Values(FaultRow{"TooHot", fault::kOverTemperature, false, Lifecycle::kFaulty, "too hot (OTP)"},
                    FaultRow{"OverVoltage", fault::kOverVoltage, true, Lifecycle::kFaulty, "(OVP)"},
                    FaultRow{"OverCurrent", fault::kOverCurrent, true, Lifecycle::kFaulty, "(OLP)"},
                    FaultRow{"ShortCircuit", fault::kShort, true, Lifecycle::kFaulty, "short circuit"},
                    FaultRow{"AcFail", fault::kAcFail, false, Lifecycle::kFaulty, "AC_FAIL"}),
    [](const auto& info) { return info.param.name; });

TEST_F(SessionTest, HotDeviceRunsOnAtHalfItsPower) {
  Make({.noise_steps = 0});
  BecomeActive();
  const Watts all = session_->state().max_charge;
  Faults({.fault_bits = fault::kHot});
  Run(2s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_->state().max_charge, all * 0.5);
  EXPECT_TRUE(TroubleSays("HI_TEMP"));
}

TEST_F(SessionTest, BrokenMemoryIsAFault) {
  Make();
  BecomeActive();
  Faults({.status_bits = 1 << 6});
  Run(20s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_TRUE(TroubleSays("EEPER"));
}

TEST_F(SessionTest, StuckReadingsAreNoMeasurement) {
  Make();
  BecomeActive();
  Hold(Watts(574), 5s);
  Faults({.stuck_readings = true});
  Hold(Watts(574), 30s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive) << "the same setpoint may give the same reading";
  Hold(Watts(874), 15s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_FALSE(session_->state().power.valid);
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_TRUE(TroubleSays("again and again")) << session_->Trouble();
  Faults({});
  Hold(Watts(574), 8s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive) << session_->Trouble();
}

TEST_F(SessionTest, SetpointThatIsNotTakenStopsIt) {
  Make();
  BecomeActive();
  Hold(Watts(900), 3s);
  Faults({.ignores_setpoints = true});
  Hold(Watts(400), 2s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_EQ(device_->Value(0x00), 0) << "it would go on with 900 W";
  EXPECT_TRUE(TroubleSays("another current than it was told")) << session_->Trouble();
  said_.clear();
  Hold(Watts(400), 30s);
  EXPECT_TRUE(Writes().empty());
  Faults({});
  Hold(Watts(400), 45s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive) << "tried again after a minute";
}

TEST_F(SessionTest, ClampedSetpointIsTheTruth) {
  Make({.model = "NPB-1200-24", .noise_steps = 0});
  BecomeActive();
  // A device that can do less than its name says: what it holds is adopted, not written again and again.
  Registers registers;
  registers.OnWritten(kIoutSet, 3600, now_);
  EXPECT_EQ(registers.OnRead(kIoutSet, 3000), Registers::Reading::kNew);
  EXPECT_TRUE(registers[kIoutSet].Settled(3600));
  EXPECT_TRUE(registers[kIoutSet].Altered());
  EXPECT_FALSE(registers[kIoutSet].Settled(2000));
}

TEST_F(SessionTest, ForeignSetpointsArePutRightButNotInARace) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  said_.clear();
  const uint16_t ours = device_->Value(0x30);
  for (int i = 0; i < 120; ++i) {
    device_->Overwrite(0x30, 1500);
    Hold(Watts(574), 1s);
  }
  EXPECT_GE(Written(kIoutSet).size(), 3u);
  EXPECT_LE(Written(kIoutSet).size(), 12u);
  Hold(Watts(574), 30s);
  EXPECT_EQ(device_->Value(0x30), ours);
  EXPECT_GE(session_->counters().foreign_writes, 3u);
}

TEST_F(SessionTest, ValueChangedByOthersIsNotTakenForOurs) {
  Registers registers;
  registers.OnWritten(kIoutSet, 2000, now_);
  EXPECT_EQ(registers.OnRead(kIoutSet, 2000), Registers::Reading::kNew);
  EXPECT_EQ(registers.OnRead(kIoutSet, 1500), Registers::Reading::kChanged);
  EXPECT_FALSE(registers[kIoutSet].Settled(2000)) << "what we wrote is no excuse any more";
}

TEST_F(SessionTest, MoreCurrentThanToldStopsIt) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  for (int i = 0; i < 12; ++i) {
    device_->Overwrite(0x30, 3000);
    Hold(Watts(574), 1s);
  }
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_TRUE(TroubleSays("nobody else controls it")) << session_->Trouble();
}

TEST_F(SessionTest, SwitchedOnBySomebodyElseIsSwitchedOff) {
  Make();
  BecomeActive();
  Hold(Watts(0), 1s);
  device_->Overwrite(0x00, 1);
  Hold(Watts(0), 3s);
  EXPECT_EQ(device_->Value(0x00), 0);
}

TEST_F(SessionTest, OpenRemoteBridgeIsToldAndNotHammered) {
  Make();
  BecomeActive();
  Faults({.remote_off = true});
  Hold(Watts(574), 10s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_TRUE(TroubleSays("remote on/off")) << session_->Trouble();
  said_.clear();
  Hold(Watts(574), 5min);
  EXPECT_LE(Written(kOperation).size(), 12u) << "on and off once a minute";
  Faults({});
  Hold(Watts(574), 70s);
  EXPECT_NEAR(Power(), 568, 20);
}

TEST_F(SessionTest, AnswersOfOthersAndLateOnesAreNotTaken) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  Faults({.wrong_command_every = 3});
  Hold(Watts(574), 20s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  EXPECT_NEAR(session_->state().dc_voltage.value.value(), 26.6, 0.1);
  EXPECT_GT(session_->counters().unmatched, 10u);
  // Every answer comes after its question was given up, and into the next one.
  Faults({.delay = 110ms});
  Hold(Watts(574), 20s);
  EXPECT_NEAR(session_->state().dc_voltage.value.value(), 26.6, 0.1);
  EXPECT_NEAR(std::abs(session_->state().power.value.value()), 574, 30);
}

TEST_F(SessionTest, HastyRequestsWouldBeDropped) {
  Make();
  Faults({.drops_hasty = true});
  BecomeActive();
  Hold(Watts(574), 10s);
  EXPECT_EQ(session_->counters().unanswered, 0u);
}

TEST_F(SessionTest, CommandsThatItDoesNotHaveAreAskedForThriceOnly) {
  sim::MeanwellOptions device;
  device.model = "BIC-2200-48";
  device.system_config = 1;
  device.old_firmware = true;
  Make(device, 52.0);
  LinkUp();
  Run(3s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  const uint64_t unanswered = session_->counters().unanswered;
  EXPECT_EQ(Reads(kReadFanSpeed1), 3u);
  Run(10min);
  EXPECT_EQ(session_->counters().unanswered, unanswered);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
}

TEST_F(SessionTest, SilenceWhileItIsIdentifiedSaysNothingAboutWhatItHas) {
  sim::MeanwellOptions device;
  device.model = "BIC-2200-48";
  device.system_config = 1;
  Make(device, 52.0);
  LinkUp();
  // It falls silent just when it is asked for its fans, and stays so for longer than one question lasts.
  while (Reads(kReadFanSpeed1) == 0) Run(5ms);
  Faults({.silent = true});
  Run(3s);
  Faults({});
  Run(5s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
  said_.clear();
  Run(3min);
  EXPECT_GE(Reads(kReadFanSpeed2), 1u);
  EXPECT_GE(Reads(kReadFanSpeed1), 1u) << "it does have fans";
}

TEST_F(SessionTest, LostLinkForgetsEverything) {
  Make();
  BecomeActive();
  Hold(Watts(574), 3s);
  session_->OnLink(false, now_);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kConnecting);
  EXPECT_FALSE(session_->NextFrame(now_).has_value());
  now_ += 30s;
  said_.clear();
  LinkUp();
  Hold(Watts(574), 5s);
  EXPECT_TRUE(said_[0].IsWrite(kOperation)) << "off, before anything else";
  EXPECT_EQ(said_[0].message.raw(), 0);
  EXPECT_NEAR(Power(), 568, 20);
}

TEST_F(SessionTest, MissingBatteryIsInactive) {
  Make({}, 3.0);
  LinkUp();
  Hold(Watts(574), 5s);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kFaulty);
  EXPECT_TRUE(TroubleSays("no battery")) << session_->Trouble();
}

// ---- Memory ----

TEST_F(SessionTest, LastWritesAreForStopping) {
  ledger_.AddWrites(kDevice, 3'999'000 - 8);
  Make({.old_firmware = true});
  BecomeActive();
  for (int i = 0; i < 20 && session_->state().max_charge > Watts(0); ++i) Hold(Watts(400 + 20 * i), 2s);
  EXPECT_EQ(session_->state().max_charge, Watts(0));
  EXPECT_TRUE(TroubleSays("its memory has had")) << session_->Trouble();
  Hold(Watts(900), 3s);
  EXPECT_EQ(device_->Value(0x00), 0) << "and it was stopped with one of the reserve";
  EXPECT_LE(ledger_.Writes(kDevice), 3'999'010u);
  said_.clear();
  Hold(Watts(900), 1min);
  EXPECT_TRUE(Writes().empty());
}

TEST_F(SessionTest, ReserveIsNotSpentOnProtection) {
  ledger_.AddWrites(kDevice, 3'999'500);
  Make();
  LinkUp();
  Run(5s);
  EXPECT_TRUE(Writes().empty());
}

TEST_F(SessionTest, EveryWriteOfAnOldDeviceIsCounted) {
  Make({.old_firmware = true});
  BecomeActive();
  for (int i = 0; i < 10; ++i) Hold(Watts(400 + 20 * i), 3s);
  Hold(Watts(0), 1s);
  EXPECT_EQ(ledger_.Writes(kDevice), device_->eeprom_writes());
  EXPECT_EQ(session_->state().memory_writes, ledger_.Writes(kDevice)) << "told to control, for its budget";
  EXPECT_LT(session_->memory().LifetimeYears(now_), 0) << "too early to tell";
  Hold(Watts(0), 2h);
  EXPECT_NEAR(session_->memory().LifetimeYears(now_), 4e6 / (14 * 24 * 365.25 / 2), 15);
}

TEST_F(SessionTest, WriteBeforeTheDeviceIsKnownIsCountedToo) {
  ledger_.AddWrites(kDevice, 70);  // in an earlier run
  Make({.old_firmware = true, .on = true});
  LinkUp();
  EXPECT_EQ(session_->state().memory_writes, std::nullopt);
  Run(3s);
  EXPECT_EQ(ledger_.Writes(kDevice), 70 + device_->eeprom_writes());
  EXPECT_EQ(session_->state().memory_writes, ledger_.Writes(kDevice));
}

}  // namespace
}  // namespace abcds::meanwell
