#include "hal/drivers/mqtt_meter/session.h"

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace abcds::mqtt_meter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart = MonotonicTime(seconds(1000));

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Session MakeSession(Nanoseconds interval = seconds(1)) {
  return Session(*Codec::Create(CodecOptions{}), {.topic = "grid/power", .interval = interval});
}

// One thing that happens, at so many milliseconds after the start.
struct Event {
  enum Kind { kConnect, kDisconnect, kMessage, kRetained, kTimer } kind;
  int at_ms;
  const char* payload = "";
};
Event Connect(int at) { return {Event::kConnect, at}; }
Event Disconnect(int at) { return {Event::kDisconnect, at}; }
Event Message(int at, const char* payload = "10") { return {Event::kMessage, at, payload}; }
Event Retained(int at, const char* payload = "99") { return {Event::kRetained, at, payload}; }
Event Timer(int at) { return {Event::kTimer, at}; }

// Connected and, with its second message at 1 s, trusted; then `more`.
std::vector<Event> Trusted(const std::vector<Event>& more) {
  std::vector<Event> events = {Connect(0), Message(0), Message(1000)};
  events.insert(events.end(), more.begin(), more.end());
  return events;
}

void Feed(Session& session, const Event& event) {
  const MonotonicTime now = kStart + milliseconds(event.at_ms);
  switch (event.kind) {
    case Event::kConnect:
      session.OnConnected(now);
      session.OnSubscribed(true, now);
      break;
    case Event::kDisconnect:
      session.OnDisconnected("the MQTT broker is gone", now);
      break;
    case Event::kMessage:
      session.OnMessage(Bytes(event.payload), false, now);
      break;
    case Event::kRetained:
      session.OnMessage(Bytes(event.payload), true, now);
      break;
    case Event::kTimer:
      if (session.NextDue() <= now) session.OnTime(now);
      break;
  }
}

struct Case {
  const char* name;
  std::vector<Event> events;
  Lifecycle lifecycle;
  uint64_t sequence;
  double power_w = 10;
  int taken_at_ms = -1;  // -1: no value yet
};

class SessionTest : public testing::TestWithParam<Case> {};

TEST_P(SessionTest, TrustsOrNot) {
  Session session = MakeSession();
  for (const Event& event : GetParam().events) Feed(session, event);
  const MeterState& state = session.state();
  EXPECT_EQ(static_cast<int>(state.lifecycle), static_cast<int>(GetParam().lifecycle));
  EXPECT_EQ(state.sequence, GetParam().sequence);
  EXPECT_EQ(state.power.valid, GetParam().taken_at_ms >= 0);
  if (GetParam().taken_at_ms >= 0) {
    EXPECT_EQ(state.power.value, Watts(GetParam().power_w));
    EXPECT_EQ(state.power.taken_at, kStart + milliseconds(GetParam().taken_at_ms));
  }
}

constexpr Lifecycle kConnecting = Lifecycle::kConnecting;
constexpr Lifecycle kInactive = Lifecycle::kInactive;
constexpr Lifecycle kActive = Lifecycle::kActive;

// T = 1 s: silence after 3 s, bursts below 333 ms, trust from 500 ms.
// clang-format off
INSTANTIATE_TEST_SUITE_P(Trust, SessionTest, testing::Values(
    Case{"NothingBeforeAConnect",            {}, kConnecting, 0},
    Case{"ConnectedIsNotTrusted",            {Connect(0)}, kInactive, 0},
    Case{"OneMessageIsNotEnough",            {Connect(0), Message(100)}, kInactive, 1, 10, 100},
    Case{"TwoAtTheIntervalAre",              {Connect(0), Message(100), Message(1100, "12.5")}, kActive, 2, 12.5, 1100},
    Case{"HalfAnIntervalIsEnough",           {Connect(0), Message(0), Message(500)}, kActive, 2, 10, 500},
    Case{"JustBelowHalfIsNot",               {Connect(0), Message(0), Message(499)}, kInactive, 2, 10, 499},
    Case{"BelowHalfCountsAsTheOneBefore",    {Connect(0), Message(0), Message(400), Message(900)}, kActive, 3, 10, 900},
    Case{"RetainedIsNoMessage",              {Connect(0), Retained(1), Message(600)}, kInactive, 1, 10, 600},
    Case{"RetainedHasNoValue",               {Connect(0), Retained(1)}, kInactive, 0},
    Case{"RetainedChangesNothingLater",      Trusted({Retained(1500, "-5")}), kActive, 2, 10, 1000},
    Case{"ReplayedBurstNeverReleases",
         {Connect(0), Message(0), Message(10), Message(20), Message(30), Message(340)}, kInactive, 5, 10, 340},
    Case{"SlowerReplayNeverReleases",
         {Connect(0), Message(0), Message(333), Message(666), Message(999), Message(1332)}, kInactive, 5, 10, 1332},
    Case{"LiveAfterTheBurstReleases",
         {Connect(0), Message(0), Message(10), Message(20), Message(30), Message(1000)}, kActive, 5, 10, 1000},
    Case{"TwoCloseOnesAreTolerated",         Trusted({Message(1100), Message(1200)}), kActive, 4, 10, 1200},
    Case{"ThreeCloseOnesLoseTrust",
         Trusted({Message(1100), Message(1200), Message(1300)}), kInactive, 5, 10, 1300},
    Case{"TrustComesBackAfterABurst",
         Trusted({Message(1100), Message(1200), Message(1300), Message(2300)}), kActive, 6, 10, 2300},
    Case{"CloseOnesMustBeInARow",
         Trusted({Message(1100), Message(1200), Message(1600), Message(1700), Message(1800)}), kActive, 7, 10, 1800},
    Case{"ThreeSecondsAreNoSilence",         Trusted({Timer(4000)}), kActive, 2, 10, 1000},
    Case{"LongerIsSilence",                  Trusted({Timer(4001)}), kInactive, 2, 10, 1000},
    Case{"OneAfterASilenceIsNotEnough",      Trusted({Message(4001)}), kInactive, 3, 10, 4001},
    Case{"TwoAfterASilenceAre",
         Trusted({Timer(9000), Message(9500), Message(10500)}), kActive, 4, 10, 10500},
    Case{"LateTimerDoesNotTrustTheFirst",    Trusted({Message(8000), Timer(8001)}), kInactive, 3, 10, 8000},
    Case{"DisconnectIsConnecting",           Trusted({Disconnect(1100)}), kConnecting, 2, 10, 1000},
    Case{"ReconnectStartsAnew",
         Trusted({Disconnect(1100), Connect(1200), Message(2000)}), kInactive, 3, 10, 2000},
    Case{"BrokerRestartWithRetained",
         Trusted({Disconnect(1100), Connect(2000), Retained(2001), Message(2500), Message(3500)}),
         kActive, 4, 10, 3500}),
    [](const auto& info) { return info.param.name; });
// clang-format on

// A payload that is not a value has no effect at all: neither on the value, nor on trust, nor on the silence.
// clang-format off
INSTANTIATE_TEST_SUITE_P(Refused, SessionTest, testing::Values(
    Case{"NanHasNoEffect",           Trusted({Message(2000, "nan")}), kActive, 2, 10, 1000},
    Case{"EmptyHasNoEffect",         Trusted({Message(2000, "")}), kActive, 2, 10, 1000},
    Case{"ImplausibleHasNoEffect",   Trusted({Message(2000, "-100000"), Message(2500, "1e9")}), kActive, 2, 10, 1000},
    Case{"RefusedIsNotTheFirst",     {Connect(0), Message(0, "nan"), Message(1000)}, kInactive, 1, 10, 1000},
    Case{"RefusedIsNotTheSecond",    {Connect(0), Message(0), Message(1000, "nan")}, kInactive, 1, 10, 0},
    Case{"RefusedDoesNotSplitAGap",
         {Connect(0), Message(0), Message(900, "nan"), Message(1000)}, kActive, 2, 10, 1000},
    Case{"RefusedIsNoBurst",
         Trusted({Message(1010, "x"), Message(1020, "x"), Message(1030, "x")}), kActive, 2, 10, 1000},
    Case{"RefusedDoesNotEndSilence",
         Trusted({Message(2000, "nan"), Message(3000, "nan"), Timer(4001)}), kInactive, 2, 10, 1000},
    Case{"GoodValueAfterGarbage",    Trusted({Message(1500, "x"), Message(2000, "312.4")}), kActive, 3, 312.4, 2000}),
    [](const auto& info) { return info.param.name; });
// clang-format on

struct TroubleCase {
  const char* name;
  std::vector<Event> events;
  int asked_at_ms;
  const char* trouble;  // empty: none
};

class SessionTroubleTest : public testing::TestWithParam<TroubleCase> {};

TEST_P(SessionTroubleTest, IsOneSentence) {
  Session session = MakeSession();
  for (const Event& event : GetParam().events) Feed(session, event);
  DeviceDetails details;
  session.Describe(kStart + milliseconds(GetParam().asked_at_ms), details);
  EXPECT_EQ(details.trouble, GetParam().trouble);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Trouble, SessionTroubleTest, testing::Values(
    TroubleCase{"NoneWhenAllIsWell", {Connect(0), Message(0), Message(1000)}, 2000, ""},
    TroubleCase{"NotConnected", {Disconnect(0)}, 10, "the MQTT broker is gone"},
    TroubleCase{"NeverHeardAnything", {Connect(0)}, 5000,
                "no message on topic grid/power for more than 3 s: is its publisher running, and the topic right?"},
    TroubleCase{"OnlyAStoredCopy", {Connect(0), Retained(1)}, 5000,
                "no message on topic grid/power for more than 3 s: is its publisher running, and the topic right? (only "
                "a stored copy of "
                "unknown age, which is not used)"},
    TroubleCase{"FellSilent", {Connect(0), Message(0), Message(1000)}, 21000,
                "no message on topic grid/power for more than 3 s: is its publisher running, and the topic right?"},
    TroubleCase{"GarbageWithControlCharacters",
         {Connect(0), Message(0), Message(1000, "ab\x1b[31m\"quoted\" and so on and on")}, 1500,
                "the newest message on topic grid/power was refused: "
                "it is not a number (\"ab.[31m.quoted. and so o…\")"},
    TroubleCase{"ForgottenWithTheNextGoodOne", {Connect(0), Message(0), Message(1000, "x"), Message(2000)}, 2500, ""},
    TroubleCase{"BurstOrWrongInterval", {Connect(0), Message(0), Message(100), Message(200), Message(300)}, 400,
                "messages on topic grid/power come more than three times faster than interval_s = 1: an old "
                "burst, or the wrong "
                "interval"},
    TroubleCase{"AReconnectForgetsTheBurst",
         {Connect(0), Message(0), Message(100), Message(200), Message(300), Disconnect(400),
                Connect(3000)}, 3100, ""},
    TroubleCase{"Flapping",
         {Connect(0), Disconnect(500), Connect(1500), Disconnect(2000), Connect(4000), Disconnect(4100)}, 5000,
                "the MQTT broker drops this client within 2 s of each connect: another client may use the same id, or "
                "the broker's limits forbid it"},
    TroubleCase{"TwoShortOnesAreNoFlapping",
         {Connect(0), Disconnect(500), Connect(1500), Disconnect(2000)}, 2100, "the MQTT broker is gone"},
    TroubleCase{"ALongOneEndsFlapping",
         {Connect(0), Disconnect(500), Connect(1000), Disconnect(1500), Connect(2000), Disconnect(9000),
                Connect(9500), Disconnect(9600)}, 9700, "the MQTT broker is gone"}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(Session, SaysThatTheSubscriptionWasRefused) {
  Session session = MakeSession();
  session.OnConnected(kStart);
  session.OnSubscribed(false, kStart);
  DeviceDetails details;
  session.Describe(kStart + seconds(60), details);
  EXPECT_EQ(details.trouble, "the MQTT broker refuses the subscription to grid/power: check its access rights");
}

TEST(Session, CountsEachRefusalAndShowsTheStoredCopy) {
  Session session = MakeSession();
  for (const Event& event :
       {Connect(0), Retained(1, "412"), Message(10, "nan"), Message(20, "nan"), Message(30, "1,5"), Message(40)}) {
    Feed(session, event);
  }
  DeviceDetails details;
  session.Describe(kStart + seconds(1), details);
  EXPECT_EQ(details.counters.at("refused_no_value"), 2u);
  EXPECT_EQ(details.counters.at("refused_decimal_comma"), 1u);
  EXPECT_EQ(details.counters.at("messages"), 4u);
  EXPECT_EQ(details.counters.at("values"), 1u);
  EXPECT_EQ(details.counters.at("retained"), 1u);
  EXPECT_DOUBLE_EQ(details.readings.at("retained_power_w"), 412);
  EXPECT_DOUBLE_EQ(details.readings.at("power_w"), 10);
}

TEST(Session, SilenceFollowsSlowMeters) {
  Session session = MakeSession(seconds(10));
  session.OnConnected(kStart);
  session.OnMessage(Bytes("1"), false, kStart);
  session.OnMessage(Bytes("1"), false, kStart + seconds(10));
  EXPECT_EQ(session.state().lifecycle, kActive);
  EXPECT_EQ(session.NextDue(), kStart + seconds(40) + Nanoseconds(1));
  session.OnTime(kStart + seconds(40));
  EXPECT_EQ(session.state().lifecycle, kActive);
  session.OnTime(session.NextDue());
  EXPECT_EQ(session.state().lifecycle, kInactive);
  EXPECT_EQ(session.NextDue(), MonotonicTime::max());
}

TEST(Session, ExactlyAThirdOfTheIntervalIsNoBurst) {
  Session session = MakeSession(milliseconds(900));
  session.OnConnected(kStart);
  for (const int at_ms : {0, 900, 1200, 1500, 1800, 2100})
    session.OnMessage(Bytes("1"), false, kStart + milliseconds(at_ms));
  EXPECT_EQ(session.state().lifecycle, kActive);
}

// Whatever happens, in whatever order: the promises of the class comment, checked against a plain restatement of them.
TEST(Session, KeepsItsPromisesUnderRandomTraffic) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "replay with seed " << seed);
    std::mt19937_64 random(seed);
    const Nanoseconds interval = milliseconds(100 + random() % 3000);
    const Nanoseconds silence = std::max<Nanoseconds>(3 * interval, seconds(3));
    Session session = MakeSession(interval);
    MonotonicTime now = kStart;
    std::vector<MonotonicTime> arrivals;  // accepted, since the last connect
    int activated = 0;
    for (int step = 0; step < 2000; ++step) {
      const MeterState before = session.state();
      now += Nanoseconds(
          static_cast<int64_t>(random() % static_cast<uint64_t>(random() % 40 == 0  ? 4 * silence.count()
                                                                : random() % 3 == 0 ? interval.count() / 4
                                                                                    : 2 * interval.count())));
      if (session.NextDue() <= now) session.OnTime(now);
      const uint64_t what = random() % 100;
      if (what == 0) {
        session.OnDisconnected("gone", now);
        arrivals.clear();
      } else if (what == 1) {
        session.OnConnected(now);
        arrivals.clear();
      } else if (what < 10) {
        session.OnMessage(Bytes("garbage"), false, now);
      } else if (what < 20) {
        session.OnMessage(Bytes("7"), true, now);
      } else {
        session.OnMessage(Bytes("5"), false, now);
        arrivals.push_back(now);
      }
      const MeterState& after = session.state();
      if (after.sequence != before.sequence) {
        ASSERT_EQ(after.sequence, before.sequence + 1);
        ASSERT_EQ(after.power.taken_at, now);
      } else {
        ASSERT_EQ(after.power.taken_at, before.power.taken_at);
      }
      if (before.lifecycle != kActive && after.lifecycle == kActive) {
        ++activated;
        ASSERT_GE(arrivals.size(), 2u);
        const Nanoseconds spacing = arrivals.back() - arrivals[arrivals.size() - 2];
        ASSERT_GE(2 * spacing, interval);
        ASSERT_LE(spacing, silence);
      }
      if (after.lifecycle == kActive) {
        ASSERT_LE(now - arrivals.back(), silence);
        if (arrivals.size() > 3) {
          bool burst = true;
          for (size_t i = arrivals.size() - 3; i < arrivals.size(); ++i)
            burst &= 3 * (arrivals[i] - arrivals[i - 1]) < interval;
          ASSERT_FALSE(burst);
        }
      }
    }
    EXPECT_GT(activated, 0);
  }
}

}  // namespace
}  // namespace abcds::mqtt_meter
