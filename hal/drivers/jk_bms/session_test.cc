// The conversation, by its own clock.
#include "hal/drivers/jk_bms/session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hal/drivers/jk_bms/wire_bench.h"
#include "hal/drivers/jk_bms/worked_frames.h"

namespace abcds::jk_bms {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class SessionTest : public testing::Test {
 protected:
  sim::JkReadings pack_ = Pack();
  std::function<Bytes(const Bytes&)> line_ = [this](const Bytes&) { return Reply(pack_); };
  Session session_{SessionOptions{}};
  WireBench bench_{session_, [this](const Bytes& request) { return line_(request); }};

  const BatteryState& state() const { return session_.state(); }
  void MakeContact() {
    bench_.Exchange();
    bench_.Exchange();
    ASSERT_EQ(state().lifecycle, Lifecycle::kActive);
  }
};

TEST_F(SessionTest, AsksForEverythingAndBelievesTheSecondReplyThatAgrees) {
  EXPECT_TRUE(bench_.Exchange());
  EXPECT_EQ(bench_.last_request(), Bytes(kReadAll.begin(), kReadAll.end()));
  EXPECT_FALSE(state().voltage.valid);
  const MonotonicTime first = bench_.now();
  EXPECT_TRUE(bench_.Exchange());
  EXPECT_LE(bench_.now() - first, 200ms) << "confirmed at once, not a second later";
  EXPECT_EQ(state().lifecycle, Lifecycle::kActive);
  EXPECT_NEAR(state().voltage.value.value(), pack_.voltage_v, 0.006);
  EXPECT_NEAR(state().current.value.value(), -12.5, 1e-9);
  EXPECT_EQ(state().soc.value, Ratio(0.5));
  EXPECT_EQ(state().cell_lowest.value, Volts(3.300));
  EXPECT_EQ(state().cell_highest.value, Volts(3.306));
  EXPECT_EQ(state().charge_current_limit.value, Amperes(58.5)) << "0.9 of where it trips";
  EXPECT_EQ(state().discharge_current_limit.value, Amperes(99));
  EXPECT_TRUE(state().charge_allowed);
  EXPECT_EQ(session_.Trouble("P"), "");
}

TEST_F(SessionTest, PollsOnceASecond) {
  MakeContact();
  const uint64_t before = session_.counters().requests;
  bench_.Run(60s);
  EXPECT_NEAR(static_cast<double>(session_.counters().requests - before), 60, 1);
}

TEST_F(SessionTest, AProhibitionCountsWithItsFrame) {
  MakeContact();
  pack_.charge_switch = false;
  pack_.warnings = 1 << 10;
  bench_.Exchange();
  EXPECT_FALSE(state().charge_allowed);
  EXPECT_TRUE(state().discharge_allowed);
  EXPECT_EQ(session_.Trouble("P"), "the BMS at P warns: cell overvoltage");
  pack_.warnings = 0;
  bench_.Exchange();
  EXPECT_EQ(session_.Trouble("P"), "the BMS at P has switched charging off");
}

TEST_F(SessionTest, OnAGoodLineASuddenChangeCountsAtOnce) {
  MakeContact();
  for (int& cell : pack_.cell_mv) cell = 3650;
  pack_.voltage_v = 58.4;
  pack_.current_a = 60;
  bench_.Exchange();
  EXPECT_EQ(state().cell_highest.value, Volts(3.65));
  EXPECT_EQ(state().current.value, Amperes(60));
}

TEST_F(SessionTest, OnADamagedLineASuddenChangeIsAskedForAgain) {
  MakeContact();
  line_ = [this](const Bytes&) {
    Bytes reply = Reply(pack_);
    reply[40] ^= 1;
    return reply;
  };
  bench_.Exchange();
  EXPECT_GE(session_.counters().checksum_errors, 1u);
  line_ = [this](const Bytes&) { return Reply(pack_); };
  pack_.current_a = 60;
  bench_.Exchange();
  EXPECT_EQ(state().current.value, Amperes(-12.5));
  const MonotonicTime asked = bench_.now();
  bench_.Exchange();
  EXPECT_EQ(state().current.value, Amperes(60));
  EXPECT_LE(bench_.now() - asked, 250ms);
}

TEST_F(SessionTest, TwoErrorsThatTheSumDoesNotSeeAreNoValue) {
  MakeContact();
  // The capacity setting loses what the first cell gains; sum and structure are right.
  line_ = [this](const Bytes&) {
    Bytes reply = Reply(pack_);
    reply[15] = static_cast<uint8_t>(reply[15] + 9);
    const auto capacity = std::find(reply.begin() + 100, reply.end(), 230);
    *capacity = static_cast<uint8_t>(*capacity - 9);
    EXPECT_EQ(CheckFrame(reply), FrameFault::kNone);
    return reply;
  };
  const uint64_t samples = session_.counters().samples;
  bench_.Exchange();
  EXPECT_EQ(session_.counters().samples, samples);
  EXPECT_EQ(session_.counters().unconfirmed, 2u) << "the first contact's and this one";
  EXPECT_EQ(state().cell_lowest.value, Volts(3.300));
}

TEST_F(SessionTest, ASettingChangedInTheAppIsTakenWithTheNextReply) {
  MakeContact();
  sim::JkReadings other = Pack();
  line_ = [&](const Bytes&) { return sim::JkReply(other, {.full_set = false}, 0x06); };
  bench_.Exchange();
  const MonotonicTime before = state().voltage.taken_at;
  bench_.Exchange();
  EXPECT_GT(state().voltage.taken_at, before);
}

TEST_F(SessionTest, EchoNoiseAndOtherMastersArePassedOver) {
  const Bytes foreign = {0x05, 0x03, 0x00, 0x4E, 0x57, 0x01, 0x21, 0x9A};
  line_ = [&](const Bytes& request) {
    Bytes bytes = {0xFF, 0x00, 0x4E};
    bytes.insert(bytes.end(), request.begin(), request.end());
    bytes.insert(bytes.end(), foreign.begin(), foreign.end());
    const Bytes reply = Reply(pack_);
    bytes.insert(bytes.end(), reply.begin(), reply.end());
    return bytes;
  };
  bench_.Run(10s);
  EXPECT_EQ(state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_.counters().unanswered, 0u);
  EXPECT_GE(session_.counters().echoes, 9u);
}

// A sleeping board behind an echoing adapter is woken like any other.
TEST_F(SessionTest, AnEchoAloneIsSilence) {
  line_ = [](const Bytes& request) { return request; };
  bench_.Run(10s);
  EXPECT_EQ(state().lifecycle, Lifecycle::kConnecting);
  EXPECT_FALSE(state().voltage.valid);
  EXPECT_EQ(session_.counters().wake_ups, 1u);
  EXPECT_NE(session_.Trouble("P").find("the BMS at P does not answer"), std::string::npos) << session_.Trouble("P");
}

TEST_F(SessionTest, SomethingElseOnTheLineIsSaid) {
  line_ = [](const Bytes&) { return Bytes{0x55, 0xAA, 0xEB, 0x90, 0x02, 0x00}; };
  bench_.Run(5s);
  EXPECT_FALSE(state().voltage.valid);
  EXPECT_EQ(session_.counters().unanswered, 0u);
  EXPECT_NE(session_.Trouble("P").find("what comes from P is no reply of a JK BMS"), std::string::npos)
      << session_.Trouble("P");
  line_ = [this](const Bytes&) { return Reply(pack_); };
  bench_.Run(5s);
  EXPECT_EQ(session_.Trouble("P"), "");
}

TEST_F(SessionTest, ACutOffReplyIsAskedForAgainAtOnce) {
  MakeContact();
  int tries = 0;
  line_ = [&](const Bytes&) {
    Bytes reply = Reply(pack_);
    if (++tries == 1) reply.resize(reply.size() - 2);
    return reply;
  };
  EXPECT_FALSE(bench_.Exchange());
  const MonotonicTime failed = bench_.now();
  EXPECT_TRUE(bench_.Exchange());
  EXPECT_LE(bench_.now() - failed, 200ms);
}

TEST_F(SessionTest, SilenceEndsActiveAgesTheValuesAndForbidsNothing) {
  MakeContact();
  const MonotonicTime taken_at = state().voltage.taken_at;
  line_ = [](const Bytes&) { return Bytes(); };
  const MonotonicTime start = bench_.now();
  while (state().lifecycle == Lifecycle::kActive && bench_.now() - start < 30s) bench_.Exchange();
  EXPECT_LE(bench_.now() - start, 10s);
  EXPECT_EQ(state().voltage.taken_at, taken_at);
  EXPECT_TRUE(state().charge_allowed);
  EXPECT_NE(session_.Trouble("P").find("the BMS at P does not answer"), std::string::npos);
  line_ = [this](const Bytes&) { return Reply(pack_); };
  bench_.Run(3s);
  EXPECT_EQ(state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_.Trouble("P"), "");
}

TEST_F(SessionTest, ASleepingBoardIsWokenOnceAMinute) {
  int wakes = 0;
  line_ = [&](const Bytes& request) {
    wakes += request[8] == 0x01 ? 1 : 0;
    return Bytes();
  };
  bench_.Run(50s);
  EXPECT_EQ(wakes, 1);
  bench_.Run(60s);
  EXPECT_EQ(wakes, 2);
}

TEST_F(SessionTest, AnOpenSenseWireIsAFaultAfterThreeReplies) {
  MakeContact();
  pack_.cell_mv[2] = 0;
  bench_.Exchange();
  EXPECT_EQ(state().lifecycle, Lifecycle::kActive);
  bench_.Exchange();
  bench_.Exchange();
  EXPECT_EQ(state().lifecycle, Lifecycle::kFaulty);
  EXPECT_EQ(session_.Trouble("P"),
            "the BMS at P reports cell 3 at 0 mV: its sense wire is open; its values are not used");
  EXPECT_EQ(state().cell_lowest.value, Volts(3.300));
  pack_ = Pack();
  bench_.Exchange();
  bench_.Exchange();
  EXPECT_EQ(state().lifecycle, Lifecycle::kActive);
}

TEST(Session, ABmsWithOtherCellsThanConfiguredIsTheWrongOne) {
  Session session(SessionOptions{.codec = {}, .cells = 8});
  WireBench bench(session, [](const Bytes&) { return Reply(Pack(16)); });
  bench.Run(4s);
  EXPECT_EQ(session.state().lifecycle, Lifecycle::kFaulty);
  EXPECT_FALSE(session.state().voltage.valid);
  EXPECT_EQ(session.Trouble("P"), "the BMS at P has 16 cells and the configuration 8: is it the right one?");
}

TEST(Session, TheWorkedFrameBecomesAState) {
  Session session(SessionOptions{});
  WireBench bench(session, [](const Bytes&) { return Bytes(std::begin(kEightCells), std::end(kEightCells)); });
  bench.Run(2s);
  const BatteryState& state = session.state();
  EXPECT_NEAR(state.current.value.value(), -17.34, 1e-9);
  EXPECT_EQ(state.temperature_lowest.value, Celsius(-5));
  EXPECT_EQ(state.temperature_highest.value, Celsius(17));
  EXPECT_FALSE(state.charge_allowed);
  EXPECT_TRUE(state.discharge_allowed);
}

TEST_F(SessionTest, ALostPortIsConnectingAndComesBack) {
  MakeContact();
  session_.OnLink(false, bench_.now());
  EXPECT_EQ(state().lifecycle, Lifecycle::kConnecting);
  EXPECT_EQ(session_.NextDue(bench_.now()), MonotonicTime::max());
  session_.OnLink(true, bench_.now());
  bench_.Run(2s);
  EXPECT_EQ(state().lifecycle, Lifecycle::kActive);
}

}  // namespace
}  // namespace abcds::jk_bms
