// The session with an inverter that does what it should.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "hal/drivers/lumentree/session_bench.h"

namespace abcds::lumentree {
namespace {

TEST_F(SessionTest, SaysNothingWithoutALink) {
  EXPECT_FALSE(session_.NextRequest(now_).has_value());
  EXPECT_EQ(session_.NextDue(now_), MonotonicTime::max());
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kConnecting);
}

TEST_F(SessionTest, FirstRequestIsZeroEvenWhenPowerIsCommanded) {
  Command(Watts(-300));
  LinkUp();
  const auto due = session_.NextRequest(now_);
  ASSERT_TRUE(due.has_value());
  EXPECT_EQ(due->request.values[0], 0);
  EXPECT_EQ(due->request.address, 40);
  EXPECT_EQ(due->urgency, ModbusClient::Urgency::kSafety);
}

TEST_F(SessionTest, IsActiveOnlyAfterZeroPowerAndBothVoltagesAreKnown) {
  LinkUp();
  while (session_.state().lifecycle != Lifecycle::kActive) {
    const auto due = session_.NextRequest(now_);
    ASSERT_TRUE(due.has_value()) << "nothing to wait for";
    Serve(*due);
    ASSERT_LT(asked_.size(), 10u);
  }
  EXPECT_TRUE(asked_[0].IsWrite());
  EXPECT_EQ(asked_.size(), 4u);
  EXPECT_EQ(Reads(Register::kAcPower).size(), 1u);
  EXPECT_EQ(Reads(Register::kDcVoltage).size(), 1u);
  EXPECT_EQ(Reads(Register::kAcVoltage).size(), 1u);
  EXPECT_EQ(session_.state().dc_voltage.value, Volts(26.4));
}

TEST_F(SessionTest, ResidualReadingCountsAsOff) {
  BecomeActive();
  EXPECT_EQ(session_.state().power.value, Watts(0)) << "3.4 W";
}

TEST_F(SessionTest, NewSetpointGoesOutAtOnce) {
  BecomeActive();
  Command(Watts(-350.4));
  const auto due = session_.NextRequest(now_);
  ASSERT_TRUE(due.has_value());
  EXPECT_EQ(due->request.function, ModbusRequest::Function::kWriteMultipleRegisters);
  EXPECT_EQ(due->request.count, 1);
  EXPECT_EQ(due->request.values[0], 350);
  EXPECT_EQ(due->urgency, ModbusClient::Urgency::kCommand);
  Run(1s);
  EXPECT_EQ(Setpoints(), std::vector<uint16_t>({350})) << "once";
  EXPECT_EQ(session_.state().acknowledged.value, Watts(-350));
  EXPECT_EQ(session_.state().power.value, Watts(-353.4));
}

TEST_F(SessionTest, ChargingIsZero) {
  BecomeActive();
  Command(Watts(500));
  Run(1s);
  EXPECT_TRUE(Setpoints().empty());
}

TEST_F(SessionTest, ExpiryIsZeroAtThatVeryTime) {
  BecomeActive();
  Command(Watts(-300), 700ms);
  const MonotonicTime expires_at = now_ + 700ms;
  Run(2s);
  ASSERT_EQ(Setpoints(), std::vector<uint16_t>({300, 0}));
  EXPECT_GE(Writes()[1].at, expires_at);
  EXPECT_LE(Writes()[1].at, expires_at + kExchange + kGap) << "one poll may be under way";
  EXPECT_EQ(Writes()[1].urgency, ModbusClient::Urgency::kSafety);
}

TEST_F(SessionTest, UnchangedSetpointIsRefreshedEveryFiveSeconds) {
  BecomeActive();
  Command(Watts(-300));
  Run(60s);
  const std::vector<Asked> writes = Writes();
  ASSERT_GE(writes.size(), 12u);
  for (size_t i = 1; i < writes.size(); ++i) {
    EXPECT_EQ(writes[i].request.values[0], 300);
    EXPECT_GE(writes[i].at - writes[i - 1].at, 5s);
    EXPECT_LE(writes[i].at - writes[i - 1].at, 5200ms);
  }
}

TEST_F(SessionTest, NonzeroChangesKeepTheMinimumInterval) {
  BecomeActive();
  for (int i = 0; i < 40; ++i) {
    Command(Watts(-100 - 5 * i));
    Run(50ms);
  }
  const std::vector<Asked> writes = Writes();
  ASSERT_GE(writes.size(), 4u);
  for (size_t i = 1; i < writes.size(); ++i) EXPECT_GE(writes[i].at - writes[i - 1].at, 450ms) << i;
}

TEST_F(SessionTest, AChangeEveryHalfSecondIsNotHeldBack) {
  BecomeActive();
  for (int i = 0; i < 10; ++i) {
    Command(Watts(-100 - 20 * i));
    const MonotonicTime commanded_at = now_;
    Run(500ms - (now_ - commanded_at));
    ASSERT_FALSE(Writes().empty());
    EXPECT_EQ(Writes().back().request.values[0], 100 + 20 * i);
    EXPECT_LE(Writes().back().at - commanded_at, kExchange + kGap);
    now_ = commanded_at + 500ms;
  }
}

TEST_F(SessionTest, ZeroBreaksTheMinimumInterval) {
  BecomeActive();
  Command(Watts(-300));
  Run(100ms);
  Command(Watts(0));
  Run(100ms);
  EXPECT_EQ(Setpoints(), std::vector<uint16_t>({300, 0}));
}

TEST_F(SessionTest, PollsKeepTheirPeriods) {
  BecomeActive();
  Run(60s);
  EXPECT_NEAR(static_cast<double>(Reads(Register::kAcPower).size()), 240, 24);
  EXPECT_NEAR(static_cast<double>(Reads(Register::kDcVoltage).size()), 30, 2);
  EXPECT_NEAR(static_cast<double>(Reads(Register::kAcVoltage).size()), 4, 1);
  EXPECT_NEAR(static_cast<double>(Reads(Register::kTemperature).size()), 4, 1);
}

TEST_F(SessionTest, PollsKeepClearOfTheExpectedChange) {
  BecomeActive();
  Command(Watts(-300));
  Run(1s);
  asked_.clear();
  std::vector<MonotonicTime> changes;
  // A meter message a second; the command repeats every 20 ms and changes 30 ms after the message was expected.
  MonotonicTime expected_at = now_ + 1s;
  for (int i = 0; i < 30; ++i) {
    changes.push_back(expected_at);
    while (now_ < expected_at + 30ms) {
      Command(Watts(-305 - 5 * i), 1s, expected_at);
      Run(std::min<Nanoseconds>(20ms, expected_at + 30ms - now_));
    }
    // Not in step with the polls.
    expected_at += 1070ms;
    Command(Watts(-310 - 5 * i), 1s, expected_at);
  }
  for (const Asked& asked : asked_) {
    if (asked.IsWrite()) continue;
    for (const MonotonicTime change : changes) {
      EXPECT_FALSE(asked.at >= change - Timing::kPollDuration && asked.at < change + 30ms);
    }
  }
  EXPECT_GE(Reads(Register::kAcPower).size(), 90u) << "and are made all the same";
}

TEST_F(SessionTest, PollsAreNotStarvedByEverMovingExpectations) {
  BecomeActive();
  for (MonotonicTime end = now_ + 20s; now_ < end;) {
    Command(Watts(-300), 1s, now_ + 20ms);
    Run(10ms);
  }
  const std::vector<Asked> reads = Reads(Register::kAcPower);
  ASSERT_GE(reads.size(), 8u);
  for (size_t i = 1; i < reads.size(); ++i) EXPECT_LE(reads[i].at - reads[i - 1].at, 1900ms);
}

TEST_F(SessionTest, RestIsNotBelievedFromAnOldZero) {
  BecomeActive();
  session_.Rest();
  EXPECT_FALSE(session_.AtRest()) << "0 W was acknowledged, but before";
  const auto due = session_.NextRequest(now_);
  ASSERT_TRUE(due.has_value());
  Serve(*due);
  EXPECT_FALSE(session_.AtRest()) << "acknowledged now, but the last reading is from before";
  Run(200ms);
  EXPECT_EQ(Setpoints(), std::vector<uint16_t>({0}));
  EXPECT_TRUE(session_.AtRest());
}

}  // namespace
}  // namespace abcds::lumentree
