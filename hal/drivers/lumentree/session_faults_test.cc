// The session with an inverter, or a line, that does not do what it should.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "hal/drivers/lumentree/session_bench.h"

namespace abcds::lumentree {
namespace {

TEST_F(SessionTest, LostWriteIsRepeatedAtOnceWithWhatIsWantedThen) {
  BecomeActive();
  int lost = 1;
  answer_ = [&](const Asked& asked) { return asked.IsWrite() && lost-- > 0 ? Timeout() : Obey(asked); };
  Command(Watts(-300));
  Run(20ms);
  Command(Watts(-200));
  Run(500ms);
  ASSERT_GE(Writes().size(), 2u);
  EXPECT_EQ(Writes()[1].request.values[0], 200);
  EXPECT_EQ(Writes()[1].at - Writes()[0].at, Timing::kReply + kGap);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
}

// The late acknowledgement of the lost write looks like that of the repeated one.
TEST_F(SessionTest, AfterALostWriteTheSetpointIsWrittenOnceMore) {
  BecomeActive();
  int lost = 1;
  answer_ = [&](const Asked& asked) { return asked.IsWrite() && lost-- > 0 ? Timeout() : Obey(asked); };
  Command(Watts(-300));
  Run(4s);
  ASSERT_EQ(Setpoints(), std::vector<uint16_t>({300, 300, 300}));
  EXPECT_GE(Writes()[2].at - Writes()[0].at, Timing::kLateReply);
}

TEST_F(SessionTest, SilenceIsConnectingAndZeroComesFirstAfterIt) {
  BecomeActive();
  Command(Watts(-300));
  Run(1s);
  asked_.clear();
  const MonotonicTime last_sample = session_.state().power.taken_at;
  answer_ = [](const Asked&) { return Timeout(); };
  Run(1s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kConnecting);
  EXPECT_EQ(session_.state().power.taken_at, last_sample) << "grows old";
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("no answer from unit 1 on /dev/ttyUSB0"), std::string::npos);
  Run(60s);
  // Only 0 W is tried, at most 1 s after the end of the try before.
  const std::vector<Asked> tries(asked_.begin() + 3, asked_.end());
  ASSERT_GE(tries.size(), 40u);
  for (size_t i = 1; i < tries.size(); ++i) {
    ASSERT_TRUE(tries[i].IsWrite());
    EXPECT_EQ(tries[i].request.values[0], 0);
    EXPECT_LE(tries[i].at - tries[i - 1].at, tries[i - 1].request.timeout + 1s + kGap);
  }
  EXPECT_GE(tries[20].at - tries[19].at, 500ms) << "pauses grow";
  answer_ = nullptr;
  asked_.clear();
  Run(2s);
  ASSERT_FALSE(Setpoints().empty());
  EXPECT_EQ(Setpoints().front(), 0);
  EXPECT_EQ(Setpoints().back(), 300) << "and then what is commanded";
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_.counters().contacts_lost, 1u);
}

TEST_F(SessionTest, SlowDeviceIsWorkedWithAtItsOwnPace) {
  exchange_ = 500ms;
  LinkUp();
  Run(10s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  asked_.clear();
  Run(60s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_.counters().contacts_lost, 0u);
  // Quick again, it is not waited for as long.
  exchange_ = kExchange;
  Run(61s);
  Command(Watts(-300));
  const auto due = session_.NextRequest(now_);
  ASSERT_TRUE(due.has_value());
  EXPECT_EQ(due->request.timeout, Timing::kReply);
}

TEST_F(SessionTest, TriesAtASilentDeviceYieldToOthersOnTheLine) {
  answer_ = [](const Asked&) { return Timeout(); };
  LinkUp();
  Run(10s);
  EXPECT_EQ(asked_[0].urgency, ModbusClient::Urgency::kSafety);
  for (size_t i = 1; i < asked_.size(); ++i) EXPECT_EQ(asked_[i].urgency, ModbusClient::Urgency::kPoll);
}

TEST_F(SessionTest, OneLostReplyIsNoSilence) {
  BecomeActive();
  for (int i = 0; i < 20; ++i) {
    int lost = 1;
    answer_ = [&](const Asked& asked) { return lost-- > 0 ? Timeout() : Obey(asked); };
    Run(2s);
    ASSERT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  }
  EXPECT_EQ(session_.counters().unanswered, 20u);
}

// A reply does not name its register: a late one would be taken for the answer to the next read.
TEST_F(SessionTest, AfterALostReplyOnlyTheSameRegisterIsReadForASecond) {
  BecomeActive();
  int lost = 1;
  answer_ = [&](const Asked& asked) {
    return asked.IsRead(Register::kDcVoltage) && lost-- > 0 ? Timeout() : Obey(asked);
  };
  Run(5s);
  const std::vector<Asked> reads = Reads(Register::kDcVoltage);
  ASSERT_GE(reads.size(), 2u);
  const MonotonicTime lost_at = reads[0].at;
  // Again at once, but for the 0 W that is repeated because an inverter of unknown state is taken for producing.
  EXPECT_EQ(reads[1].at, lost_at + Timing::kReply + kGap + kExchange + kGap);
  EXPECT_EQ(Setpoints().front(), 0);
  for (const Asked& asked : asked_) {
    const bool other = !asked.IsWrite() && !asked.IsRead(Register::kDcVoltage);
    EXPECT_FALSE(other && asked.at > lost_at && asked.at < lost_at + Timing::kLateReply);
  }
}

TEST_F(SessionTest, RefusedSetpointIsFaultyUntilZeroIsAccepted) {
  BecomeActive();
  answer_ = [this](const Asked& asked) { return asked.IsWrite() ? Refusal(3) : Obey(asked); };
  Command(Watts(-300));
  Run(3s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kFaulty);
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("refuses register 40: exception 3, illegal data value"),
            std::string::npos);
  const std::vector<Asked> writes = Writes();
  ASSERT_GE(writes.size(), 4u);
  for (size_t i = 1; i < writes.size(); ++i) {
    EXPECT_EQ(writes[i].request.values[0], 0);
    EXPECT_GE(writes[i].at - writes[i - 1].at, Timing::kRefusedRetry);
  }
  EXPECT_GE(Reads(Register::kAcPower).size(), 8u) << "it is still watched";
  answer_ = nullptr;
  asked_.clear();
  Run(3s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(Setpoints(), std::vector<uint16_t>({0, 300}));
  EXPECT_EQ(session_.Trouble("/dev/ttyUSB0", now_), "");
}

TEST_F(SessionTest, RefusedPowerReadingIsFaultyAndStops) {
  BecomeActive();
  Command(Watts(-300));
  Run(1s);
  answer_ = [this](const Asked& asked) { return asked.IsRead(Register::kAcPower) ? Refusal(4) : Obey(asked); };
  Run(4s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kFaulty);
  EXPECT_EQ(Setpoints().back(), 0);
}

TEST_F(SessionTest, RefusedTemperatureIsOnlyTold) {
  answer_ = [this](const Asked& asked) { return asked.IsRead(Register::kTemperature) ? Refusal(2) : Obey(asked); };
  BecomeActive();
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("refuses register 94"), std::string::npos);
  EXPECT_EQ(session_.state().max_discharge, Watts(600));
}

TEST_F(SessionTest, OutputThatDoesNotFollowIsWrittenAgain) {
  BecomeActive();
  Command(Watts(-300));
  Run(1s);
  follows_ = false;
  registers_[Register::kAcPower] = 5700;
  asked_.clear();
  Run(4900ms);
  // Noticed within a poll, rewritten once it has lasted 2 s, and again 2 s later.
  ASSERT_EQ(Setpoints(), std::vector<uint16_t>({300, 300}));
  EXPECT_EQ(session_.counters().rewrites, 2u);
  Run(10s);
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("does not deliver"), std::string::npos);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive) << "judging it is control's part";
}

TEST_F(SessionTest, SlowRampIsNotWrittenAgain) {
  BecomeActive();
  follows_ = false;
  Command(Watts(-600));
  // 100 W/s, half the speed that is assumed of the device.
  for (int i = 0; i < 24; ++i) {
    Run(250ms);
    registers_[Register::kAcPower] = static_cast<uint16_t>(std::min(6000, 250 * i));
  }
  EXPECT_EQ(session_.counters().rewrites, 0u);
}

TEST_F(SessionTest, DeviationOfSixtyWattsIsAccepted) {
  BecomeActive();
  follows_ = false;
  Command(Watts(-600));
  registers_[Register::kAcPower] = 5400;  // a 600 on a weak battery
  Run(20s);
  EXPECT_EQ(session_.counters().rewrites, 0u);
}

// AC was gone for a moment: the inverter is back at full power, and nobody has told it so.
TEST_F(SessionTest, RestartFromOffIsAnsweredAtOnce) {
  BecomeActive();
  follows_ = false;
  registers_[Register::kAcPower] = 6000;
  Run(Timing::kPowerPeriod + 2 * (kExchange + kGap) + 5ms);
  ASSERT_EQ(Setpoints(), std::vector<uint16_t>({0}));
  EXPECT_EQ(session_.counters().rewrites, 1u);
  // The first second after its start it is deaf: 0 W goes on until it is off.
  Run(3s);
  EXPECT_GE(Setpoints().size(), 3u);
  registers_[Register::kAcPower] = 34;
  Run(500ms);
  asked_.clear();
  Run(4s);
  EXPECT_TRUE(Setpoints().empty());
}

TEST_F(SessionTest, BatteryGoneIsInactiveAndZero) {
  BecomeActive();
  Command(Watts(-300));
  Run(500ms);
  registers_[Register::kDcVoltage] = 4;
  Run(3s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);
  EXPECT_FALSE(session_.state().dc_voltage.valid);
  EXPECT_EQ(Setpoints().back(), 0);
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("no battery"), std::string::npos);
  registers_[Register::kDcVoltage] = 264;
  Run(3s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(Setpoints().back(), 300);
}

TEST_F(SessionTest, AcGoneIsInactiveAndLookedAtMoreOften) {
  registers_[Register::kAcVoltage] = 120;
  LinkUp();
  Run(1s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("no AC voltage"), std::string::npos);
  registers_[Register::kAcVoltage] = 2317;
  Run(3s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
}

TEST_F(SessionTest, HeatLowersLimitAndSetpoint) {
  BecomeActive();
  Command(Watts(-500));
  Run(1s);
  registers_[Register::kTemperature] = 825;
  Run(16s);
  EXPECT_EQ(session_.state().max_discharge, Watts(300));
  EXPECT_EQ(Setpoints().back(), 300);
}

TEST_F(SessionTest, ImplausibleReadingsHaveNoEffectAndAreCounted) {
  BecomeActive();
  const ConverterState before = session_.state();
  registers_[Register::kAcPower] = 60000;
  registers_[Register::kDcVoltage] = 30;
  Run(3s);
  EXPECT_EQ(session_.state().power.value, before.power.value);
  EXPECT_EQ(session_.state().power.taken_at, before.power.taken_at);
  EXPECT_EQ(session_.state().dc_voltage.value, before.dc_voltage.value);
  EXPECT_GE(session_.counters().implausible, 12u);
}

TEST_F(SessionTest, IsNotUsedWhileItsReadingsMakeNoSense) {
  follows_ = false;
  registers_[Register::kAcPower] = 60000;
  LinkUp();
  Run(5s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive) << "power";
  registers_[Register::kAcPower] = 34;
  Run(3s);
  ASSERT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  // What was known before a silence does not count after it.
  registers_[Register::kDcVoltage] = 30;
  answer_ = [](const Asked&) { return Timeout(); };
  Run(2s);
  answer_ = nullptr;
  Run(5s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive) << "DC voltage";
}

TEST_F(SessionTest, AfterANewSetpointFollowingIsJudgedAnew) {
  BecomeActive();
  follows_ = false;
  registers_[Register::kAcPower] = 34;
  // Always 1.5 s of deviation of the same size, then another setpoint: a device that has had no time to follow.
  for (int i = 0; i < 4; ++i) {
    Command(Watts(-300 - 10 * (i % 2)));
    Run(1500ms);
  }
  EXPECT_EQ(session_.counters().rewrites, 0u);
  Run(3s);
  EXPECT_EQ(session_.counters().rewrites, 1u);
}

TEST_F(SessionTest, RestSendsZeroAgainAndWaitsForTheOutput) {
  BecomeActive();
  Command(Watts(-300));
  Run(1s);
  asked_.clear();
  follows_ = false;
  session_.Rest();
  Run(1s);
  EXPECT_EQ(Setpoints().front(), 0);
  EXPECT_FALSE(session_.AtRest()) << "still delivering";
  registers_[Register::kAcPower] = 150;
  Run(300ms);
  EXPECT_TRUE(session_.AtRest());
  Command(Watts(-300));
  Run(1s);
  for (const uint16_t setpoint : Setpoints()) EXPECT_EQ(setpoint, 0);
}

TEST_F(SessionTest, LostLinkForgetsEverything) {
  BecomeActive();
  Command(Watts(-300));
  Run(1s);
  session_.OnLink(false, now_);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kConnecting);
  EXPECT_FALSE(session_.NextRequest(now_).has_value());
  now_ += 30s;
  asked_.clear();
  LinkUp();
  Run(1s);
  ASSERT_GE(Setpoints().size(), 2u);
  EXPECT_EQ(Setpoints()[0], 0);
  EXPECT_TRUE(asked_[0].IsWrite());
  EXPECT_EQ(Setpoints()[1], 300);
}

}  // namespace
}  // namespace abcds::lumentree
