// The common session with a Trucki board's registers: registers in memory, and a clock of its own.
#include "hal/drivers/register_inverter/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "hal/drivers/trucki/register_map.h"

namespace abcds::trucki {
namespace {

using register_inverter::Session;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr Nanoseconds kExchange = 130ms;
constexpr Nanoseconds kGap = 5ms;
constexpr uint16_t kSilent = 0xffff;

struct Asked {
  MonotonicTime at;
  ModbusRequest request;
  bool IsWrite() const { return request.function == ModbusRequest::Function::kWriteMultipleRegisters; }
};

class TruckiSessionTest : public testing::Test {
 protected:
  void Run(Nanoseconds duration) {
    const MonotonicTime end = now_ + duration;
    while (now_ < end) {
      const std::optional<ModbusClient::Due> due = session_.NextRequest(now_);
      if (!due.has_value()) {
        const MonotonicTime next = session_.NextDue(now_);
        ASSERT_GT(next, now_) << "due, but nothing to send";
        now_ = std::min(next, end);
        continue;
      }
      asked_.push_back({.at = now_, .request = due->request});
      const ModbusReply reply = Board(asked_.back());
      const MonotonicTime sent_at = now_;
      now_ += reply.result == ModbusResult::kTimeout ? due->request.timeout : kExchange;
      session_.OnReply(due->request, reply, sent_at, now_);
      now_ += kGap;
    }
  }

  // The board: follows at once; its display wobbles unless it is cut.
  ModbusReply Board(const Asked& asked) {
    ModbusReply reply;
    if (silent_) return reply;
    reply.result = ModbusResult::kOk;
    if (asked.IsWrite()) {
      registers_[0] = registers_[6] = asked.request.values[0];
      if (!display_cut_ && follows_) registers_[1] = static_cast<uint16_t>(registers_[0] + 74);
      return reply;
    }
    if (asked.request.address == 6 && extra_exception_ == kSilent) return {};
    if (asked.request.address == 6 && std::exchange(extra_lost_, false)) return {};
    if (asked.request.address == 6 && extra_exception_ != 0) {
      reply.result = ModbusResult::kException;
      reply.exception = static_cast<uint8_t>(extra_exception_);
      return reply;
    }
    if (!display_cut_) registers_[2] = static_cast<uint16_t>(2310 + (++reads_ % 7));
    reply.count = asked.request.count;
    for (uint16_t i = 0; i < asked.request.count; ++i) reply.values[i] = registers_.at(asked.request.address + i);
    return reply;
  }

  void Command(Watts power) { session_.SetCommand({.power = power, .expires_at = now_ + std::chrono::hours(1)}, now_); }

  void BecomeActive() {
    session_.OnLink(true, now_);
    Run(3s);
    ASSERT_EQ(session_.state().lifecycle, Lifecycle::kActive);
    asked_.clear();
  }

  std::vector<uint16_t> Setpoints() const {
    std::vector<uint16_t> setpoints;
    for (const Asked& asked : asked_) {
      if (asked.IsWrite()) setpoints.push_back(asked.request.values[0]);
    }
    return setpoints;
  }
  std::vector<Asked> ReadsOf(uint16_t address) const {
    std::vector<Asked> reads;
    for (const Asked& asked : asked_) {
      if (!asked.IsWrite() && asked.request.address == address) reads.push_back(asked);
    }
    return reads;
  }

  Session session_{MakeRegisterMap(TraitsOf(Model::k1000), true), 3};
  MonotonicTime now_ = MonotonicTime(std::chrono::hours(1));
  std::array<uint16_t, 8> registers_ = {0, 74, 2311, 523, 0, 0, 0, 38};
  bool silent_ = false;
  bool follows_ = true;
  bool display_cut_ = false;
  uint16_t extra_exception_ = 0;  // of registers 6 and 7
  bool extra_lost_ = false;       // the next reply with them
  int reads_ = 0;
  std::vector<Asked> asked_;
};

TEST_F(TruckiSessionTest, ZeroComesFirstThenTheSixRegistersThenTheOthers) {
  Command(Watts(-300));
  session_.OnLink(true, now_);
  Run(500ms);
  ASSERT_GE(asked_.size(), 3u);
  EXPECT_TRUE(asked_[0].IsWrite());
  EXPECT_EQ(asked_[0].request.unit, 3);
  EXPECT_EQ(asked_[0].request.address, 0);
  EXPECT_EQ(asked_[0].request.values[0], 0);
  EXPECT_GE(asked_[0].request.timeout, 500ms);
  EXPECT_EQ(asked_[1].request.address, 0);
  EXPECT_EQ(asked_[1].request.count, 6);
  EXPECT_GE(asked_[1].request.timeout, 500ms);
  Run(3s);
  ASSERT_FALSE(ReadsOf(6).empty());
  EXPECT_EQ(ReadsOf(6)[0].request.count, 2);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_.state().dc_voltage.value, Volts(52.3));
  EXPECT_EQ(session_.temperature().value, Celsius(38));
  EXPECT_EQ(Setpoints().back(), 3000);
  EXPECT_EQ(session_.state().power.value, Watts(-307.4));
  EXPECT_EQ(session_.state().acknowledged.value, Watts(-300));
}

TEST_F(TruckiSessionTest, NothingButTheSetpointIsEverWritten) {
  BecomeActive();
  for (int i = 0; i < 60; ++i) {
    Command(Watts(-20 * i));
    Run(1s);
  }
  for (const Asked& asked : asked_) {
    if (!asked.IsWrite()) continue;
    EXPECT_EQ(asked.request.address, 0);
    EXPECT_EQ(asked.request.count, 1);
    EXPECT_TRUE(asked.request.values[0] == 0 || asked.request.values[0] > 750) << asked.request.values[0];
  }
}

TEST_F(TruckiSessionTest, OldFirmwareThatRefusesTheTemperatureIsNormal) {
  extra_exception_ = 2;
  BecomeActive();
  Command(Watts(-300));
  Run(60s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_.Trouble("/dev/ttyUSB0", now_), "");
  EXPECT_FALSE(session_.temperature().valid);
  EXPECT_EQ(session_.state().max_discharge, Watts(850));
  EXPECT_LE(ReadsOf(6).size(), 6u) << "asked for seldom";
}

TEST_F(TruckiSessionTest, OldFirmwareThatIsSilentAboutTheTemperatureIsNormal) {
  extra_exception_ = kSilent;
  session_.OnLink(true, now_);
  Run(5s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(ReadsOf(6).size(), 2u);
  Run(60s);
  EXPECT_EQ(ReadsOf(6).size(), 2u) << "and then no more";
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_.counters().contacts_lost, 0u);
}

// Its reply, come late, would be told from one with six registers by its length: nothing has to wait for it.
TEST_F(TruckiSessionTest, LostTemperatureDoesNotHoldUpThePower) {
  BecomeActive();
  extra_lost_ = true;
  Run(16s);
  ASSERT_FALSE(extra_lost_) << "read again within 15 s";
  const std::vector<Asked> extra = ReadsOf(6);
  ASSERT_GE(extra.size(), 1u);
  const MonotonicTime lost_at = extra[0].at;
  const std::vector<Asked> power = ReadsOf(0);
  const auto next = std::find_if(power.begin(), power.end(), [&](const Asked& read) { return read.at > lost_at; });
  ASSERT_NE(next, power.end());
  EXPECT_LT(next->at - lost_at, 900ms) << "not when a late reply can no longer come, after a second";
}

TEST_F(TruckiSessionTest, SilenceIsConnectingAndZeroComesFirstAfterIt) {
  BecomeActive();
  Command(Watts(-300));
  Run(2s);
  silent_ = true;
  Run(4s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kConnecting);
  silent_ = false;
  asked_.clear();
  Run(5s);
  ASSERT_FALSE(Setpoints().empty());
  EXPECT_EQ(Setpoints().front(), 0);
  EXPECT_EQ(Setpoints().back(), 3000);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
}

TEST_F(TruckiSessionTest, FrozenReadingsWhileTheSetpointChangesAreAFault) {
  BecomeActive();
  Command(Watts(-100));
  Run(5s);
  display_cut_ = true;
  Run(30s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive) << "nothing has changed that they could have followed";
  const MonotonicTime changed_at = now_;
  Command(Watts(-140));
  while (session_.state().lifecycle == Lifecycle::kActive && now_ < changed_at + 30s) Run(100ms);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kFaulty);
  EXPECT_GE(now_ - changed_at, 10s);
  EXPECT_LE(now_ - changed_at, 12s);
  asked_.clear();
  Run(5s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kFaulty);
  ASSERT_FALSE(Setpoints().empty());
  for (const uint16_t setpoint : Setpoints()) EXPECT_EQ(setpoint, 0);
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("stand still"), std::string::npos);
  display_cut_ = false;
  registers_[1] = 74;
  Run(5s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(Setpoints().back(), 1400);
  EXPECT_EQ(session_.Trouble("/dev/ttyUSB0", now_), "");
}

TEST_F(TruckiSessionTest, FrozenIsNotForgottenWithASilence) {
  BecomeActive();
  display_cut_ = true;
  Command(Watts(-300));
  Run(15s);
  ASSERT_EQ(session_.state().lifecycle, Lifecycle::kFaulty);
  silent_ = true;
  Run(5s);
  silent_ = false;
  asked_.clear();
  Run(5s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kFaulty);
  for (const uint16_t setpoint : Setpoints()) EXPECT_EQ(setpoint, 0);
}

TEST_F(TruckiSessionTest, SmallChangesOfTheSetpointDoNotMakeReadingsFrozen) {
  BecomeActive();
  Command(Watts(-300));
  Run(3s);
  display_cut_ = true;
  for (int i = 0; i < 20; ++i) {
    Command(Watts(i % 2 == 0 ? -315 : -300));
    Run(2s);
  }
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
}

TEST_F(TruckiSessionTest, CalibrationKeepsItFromBeingUsed) {
  BecomeActive();
  Command(Watts(-300));
  Run(2s);
  registers_[5] = 4;
  Run(2s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);
  EXPECT_EQ(Setpoints().back(), 0);
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("calibrating"), std::string::npos);
  registers_[5] = 0;
  Run(3s);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(Setpoints().back(), 3000);
}

TEST_F(TruckiSessionTest, BoardThatHasRestartedGetsItsSetpointAgain) {
  BecomeActive();
  Command(Watts(-300));
  Run(2s);
  registers_[0] = 0;
  registers_[1] = 74;
  asked_.clear();
  Run(1s);
  EXPECT_EQ(Setpoints(), std::vector<uint16_t>({3000}));
  EXPECT_EQ(session_.counters().rewrites, 1u);
  EXPECT_EQ(session_.Trouble("/dev/ttyUSB0", now_), "") << "once is a restart";
}

TEST_F(TruckiSessionTest, ForeignSetpointIsPutRightAndToldWhenItGoesOn) {
  BecomeActive();
  for (int i = 0; i < 5; ++i) {
    registers_[0] = 5000;
    asked_.clear();
    Run(1s);
    ASSERT_FALSE(Setpoints().empty());
    EXPECT_EQ(Setpoints().front(), 0) << "0 W is put right at once";
    registers_[0] = 5000;
  }
  EXPECT_NE(session_.Trouble("/dev/ttyUSB0", now_).find("another controller"), std::string::npos);
}

TEST_F(TruckiSessionTest, RestIsNotBelievedBeforeTheDisplayCanKnow) {
  BecomeActive();
  Command(Watts(-300));
  Run(3s);
  session_.Rest();
  const MonotonicTime told_at = now_;
  while (!session_.AtRest() && now_ < told_at + 5s) Run(20ms);
  EXPECT_TRUE(session_.AtRest());
  EXPECT_GE(now_ - told_at, Timing::kReadbackAge);
  EXPECT_LE(now_ - told_at, 2s) << "as long as a stop waits";
}

TEST_F(TruckiSessionTest, SlowCorrectionIsNotWrittenAgain) {
  BecomeActive();
  follows_ = false;
  Command(Watts(-500));
  Run(4500ms);
  EXPECT_EQ(session_.counters().rewrites, 0u);
  Run(3s);
  EXPECT_GE(session_.counters().rewrites, 1u) << "but no correction at all is";
}

TEST_F(TruckiSessionTest, HeatLowersTheLimit) {
  BecomeActive();
  registers_[7] = 84;
  Run(16s);
  EXPECT_NEAR(session_.state().max_discharge.value(), 850 * 6.0 / 15, 1e-6);
}

}  // namespace
}  // namespace abcds::trucki
