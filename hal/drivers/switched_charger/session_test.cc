// The conversation by hand: replies and times in, questions and states out.
#include "hal/drivers/switched_charger/session.h"

#include <algorithm>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace abcds::switched_charger {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kOffPath[] = "/relay/0?turn=off";
constexpr char kOnPath[] = "/relay/0?turn=on&timer=120";
constexpr char kOff[] = R"({"ison":false,"overpower":false})";
constexpr char kOn[] = R"({"ison":true,"overpower":false})";
constexpr char kSeenOff[] = R"({"relays":[{"ison":false}],"meters":[{"power":0.0,"is_valid":true}]})";
constexpr char kSeenOn[] = R"({"relays":[{"ison":true}],"meters":[{"power":600.0,"is_valid":true}]})";

class SessionTest : public testing::Test {
 protected:
  static SessionOptions Options() {
    return {.requests = {.kind = Kind::kShellyGen1, .user = {}, .password = {}, .auto_off = seconds(120)},
            .address = "plug:80",
            .charger = RatingOf(Watts(600), false)};
  }

  // What it asks when its time comes; `now_` moves there.
  std::string Asks() {
    const HttpRequest request = session_.NextRequest(now_);
    if (request.due <= now_) return request.path;
    now_ = request.due;
    return session_.NextRequest(now_).path;
  }
  void Reply(const std::string& body) {
    session_.OnReply({.fault = HttpFault::kNone, .status = 200, .body = body, .retry_after = {}}, now_);
  }
  void Fail(HttpFault fault) { session_.OnReply({.fault = fault, .status = 0, .body = {}, .retry_after = {}}, now_); }
  void Command(double power_w, Nanoseconds for_time = minutes(10)) {
    session_.SetCommand({.power = Watts(power_w), .expires_at = now_ + for_time});
  }
  // Told off and seen off, and the rest is over.
  void Contact() {
    ASSERT_EQ(Asks(), kOffPath);
    Reply(kOff);
    ASSERT_EQ(Asks(), "/status");
    Reply(kSeenOff);
    now_ += seconds(11);
    ASSERT_EQ(State().lifecycle, Lifecycle::kActive);
  }
  // Contact, commanded and on.
  void RunOn() {
    Contact();
    Command(600);
    ASSERT_EQ(Asks(), kOnPath);
    Reply(kOn);
    ASSERT_EQ(Asks(), "/status");
    Reply(kSeenOn);
  }
  ConverterState State() { return session_.StateAt(now_); }
  DeviceDetails Details() {
    DeviceDetails details;
    session_.Describe(now_, details);
    return details;
  }
  bool TroubleSays(const std::string& words) { return Details().trouble.find(words) != std::string::npos; }

  MonotonicTime now_{seconds(1000)};
  Session session_{Options()};
};

TEST_F(SessionTest, OffIsToldFirstAndNothingElseUntilItIsSeenOff) {
  Command(600);
  EXPECT_EQ(Asks(), kOffPath);
  EXPECT_EQ(State().lifecycle, Lifecycle::kConnecting);
  Reply(kOff);
  EXPECT_EQ(State().lifecycle, Lifecycle::kConnecting) << "what it says is not yet what it does";
  const MonotonicTime told_at = now_;
  EXPECT_EQ(Asks(), "/status");
  EXPECT_EQ(now_ - told_at, milliseconds(300));
  Reply(kSeenOff);
  EXPECT_EQ(State().lifecycle, Lifecycle::kInactive) << "its relay rests";
  EXPECT_EQ(State().acknowledged.value, Watts(0));
  EXPECT_TRUE(State().acknowledged.valid);
  while (Asks() == "/status") Reply(kSeenOff);
  EXPECT_EQ(Asks(), kOnPath);
  EXPECT_EQ(now_ - told_at, seconds(10));
}

TEST_F(SessionTest, StepIsTheWholeRange) {
  Contact();
  EXPECT_EQ(State().min_charge, Watts(600));
  EXPECT_EQ(State().max_charge, Watts(600));
  EXPECT_EQ(State().max_discharge, Watts(0));
}

struct Wish {
  const char* name;
  double power_w;
  bool on;
};
class WishTest : public SessionTest, public testing::WithParamInterface<Wish> {};

TEST_P(WishTest, IsOnOrOff) {
  Contact();
  Command(GetParam().power_w);
  EXPECT_EQ(Asks() == kOnPath, GetParam().on);
}

INSTANTIATE_TEST_SUITE_P(Wishes, WishTest,
                         testing::Values(Wish{"NothingIsOff", 0, false}, Wish{"HalfIsOff", 300, false},
                                         Wish{"MoreThanHalfIsOn", 301, true}, Wish{"AllIsOn", 600, true},
                                         Wish{"TooMuchIsOn", 1e6, true}, Wish{"DischargingIsOff", -600, false},
                                         Wish{"NotANumberIsOff", std::numeric_limits<double>::quiet_NaN(), false}),
                         [](const auto& info) { return info.param.name; });

TEST_F(SessionTest, ExpiryIsOffAtThatMoment) {
  RunOn();
  Command(600, milliseconds(700));
  const MonotonicTime expires_at = now_ + milliseconds(700);
  EXPECT_EQ(Asks(), kOffPath);
  EXPECT_EQ(now_, expires_at);
}

TEST_F(SessionTest, MeasuredPowerAndAcknowledgementAreThoseOfTheLook) {
  RunOn();
  EXPECT_EQ(State().power.value, Watts(600));
  EXPECT_EQ(State().power.taken_at, now_);
  EXPECT_EQ(State().acknowledged.value, Watts(600));
  EXPECT_EQ(Details().counters.at("switched_on"), 1u);
  EXPECT_EQ(Details().trouble, "");
}

TEST_F(SessionTest, LookGivesWayToOffAndAnOnDoesNot) {
  RunOn();
  EXPECT_EQ(Asks(), "/status");
  EXPECT_FALSE(session_.Abandons(now_));
  Command(0);
  EXPECT_TRUE(session_.Abandons(now_));
  EXPECT_EQ(Asks(), kOffPath);
  EXPECT_FALSE(session_.Abandons(now_)) << "what is under way is what is wanted";
}

TEST_F(SessionTest, WindingUpIsNotAbandoned) {
  RunOn();
  while (Asks() == "/status") Reply(kSeenOn);
  ASSERT_EQ(Asks(), kOnPath);
  Command(0);
  EXPECT_FALSE(session_.Abandons(now_)) << "heard after the off, it would leave the plug on";
}

TEST_F(SessionTest, OffIsSeenBeforeOnIsToldAgain) {
  SessionOptions options = Options();
  options.shortest_rest = Nanoseconds(0);
  Session session(options);
  const auto exchange = [&](const std::string& path, const std::string& body) {
    now_ = std::max(now_, session.NextRequest(now_).due);
    EXPECT_EQ(session.NextRequest(now_).path, path);
    session.OnReply({.fault = HttpFault::kNone, .status = 200, .body = body, .retry_after = {}}, now_);
  };
  session.SetCommand({.power = Watts(600), .expires_at = now_ + minutes(10)});
  exchange(kOffPath, kOff);
  exchange("/status", kSeenOff);
  exchange(kOnPath, kOn);
  session.SetCommand({.power = Watts(0), .expires_at = now_ + minutes(10)});
  exchange(kOffPath, kOff);
  session.SetCommand({.power = Watts(600), .expires_at = now_ + minutes(10)});
  exchange("/status", kSeenOff);
  exchange(kOnPath, kOn);
}

TEST_F(SessionTest, RelayRestsBetweenOffAndOnAndOffNeverWaits) {
  RunOn();
  Command(0);
  ASSERT_EQ(Asks(), kOffPath);
  Reply(kOff);
  const MonotonicTime off_at = now_;
  Command(600);
  while (Asks() == "/status") Reply(kSeenOff);
  EXPECT_EQ(now_ - off_at, seconds(10));
  ASSERT_EQ(Asks(), kOnPath);
  Reply(kOn);
  Command(0);
  EXPECT_EQ(session_.NextRequest(now_).due <= now_, true);
  EXPECT_EQ(Asks(), kOffPath);
}

TEST_F(SessionTest, ItsOwnTimerIsWoundUpAgainInTime) {
  RunOn();
  const MonotonicTime on_at = now_ - milliseconds(300);
  while (Asks() == "/status") Reply(kSeenOn);
  EXPECT_EQ(Asks(), kOnPath);
  EXPECT_EQ(now_ - on_at, seconds(30));
  Reply(kOn);
  EXPECT_EQ(Details().counters.at("switched_on"), 1u) << "no click";
}

TEST_F(SessionTest, OneLostAnswerCostsNothingTwoCostTheContact) {
  RunOn();
  EXPECT_EQ(Asks(), "/status");
  Fail(HttpFault::kTimeout);
  EXPECT_EQ(State().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(Asks(), "/status");
  Fail(HttpFault::kTimeout);
  EXPECT_EQ(State().lifecycle, Lifecycle::kConnecting);
  EXPECT_FALSE(State().power.valid);
  EXPECT_FALSE(State().acknowledged.valid);
  EXPECT_TRUE(TroubleSays("does not answer in time"));
  for (int i = 0; i < 100; ++i) {
    const MonotonicTime before = now_;
    ASSERT_EQ(Asks(), kOffPath) << "for ever";
    ASSERT_EQ(now_ - before, seconds(i == 0 ? 0 : 1)) << "at once, for it may still hear us; then every second";
    Fail(HttpFault::kTimeout);
  }
  ASSERT_EQ(Asks(), kOffPath) << "although on is commanded";
  Reply(kOff);
  EXPECT_EQ(Details().trouble, "");
  while (Asks() == "/status") Reply(kSeenOff);
  EXPECT_EQ(Asks(), kOnPath);
}

TEST_F(SessionTest, LostAnswersThatAreNotInARowAreForgiven) {
  RunOn();
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(Asks(), "/status");
    Fail(HttpFault::kTimeout);
    ASSERT_EQ(Asks(), "/status");
    Reply(kSeenOn);
    ASSERT_EQ(State().lifecycle, Lifecycle::kActive);
  }
}

TEST_F(SessionTest, BusyPlugIsGivenTime) {
  RunOn();
  ASSERT_EQ(Asks(), "/status");
  Fail(HttpFault::kThrottled);
  const MonotonicTime refused_at = now_;
  for (int i = 1; i < 4; ++i) {
    EXPECT_EQ(State().lifecycle, Lifecycle::kActive);
    EXPECT_EQ(Asks(), "/status");
    EXPECT_EQ(now_ - refused_at, milliseconds(2500) * i);
    Fail(HttpFault::kThrottled);
  }
  EXPECT_EQ(State().lifecycle, Lifecycle::kFaulty);
}

TEST_F(SessionTest, OnThatMayHaveBeenHeardIsTakenBack) {
  Contact();
  Command(600);
  ASSERT_EQ(Asks(), kOnPath);
  Fail(HttpFault::kLost);
  EXPECT_EQ(State().lifecycle, Lifecycle::kConnecting);
  EXPECT_EQ(Asks(), kOffPath);
}

TEST_F(SessionTest, SwitchedOnBySomebodyElseIsPutRightAtOnceAndShown) {
  Contact();
  ASSERT_EQ(Asks(), "/status");
  Reply(kSeenOn);
  EXPECT_EQ(State().power.value, Watts(600));
  const MonotonicTime seen_at = now_;
  EXPECT_EQ(Asks(), kOffPath);
  EXPECT_EQ(now_, seen_at);
  Reply(kOff);
  EXPECT_TRUE(TroubleSays("was switched on by somebody"));
  EXPECT_EQ(Details().counters.at("found_switched"), 1u);
  ASSERT_EQ(Asks(), "/status");
  Reply(kSeenOff);
  EXPECT_EQ(State().lifecycle, Lifecycle::kActive);
}

TEST_F(SessionTest, SwitchedOffBySomebodyElseStaysOffForAMinute) {
  RunOn();
  ASSERT_EQ(Asks(), "/status");
  Reply(kSeenOn);
  ASSERT_EQ(Asks(), "/status");
  Reply(kSeenOff);
  const MonotonicTime seen_at = now_;
  EXPECT_EQ(State().lifecycle, Lifecycle::kFaulty);
  EXPECT_EQ(State().power.value, Watts(0));
  EXPECT_TRUE(TroubleSays("was switched off by somebody"));
  ASSERT_EQ(Asks(), kOffPath);
  Reply(kOff);
  while (Asks() == "/status") Reply(kSeenOff);
  EXPECT_EQ(Asks(), kOnPath);
  EXPECT_EQ(now_ - seen_at, seconds(60));
}

TEST_F(SessionTest, RefusedOnIsToldOffAndTriedAgainAfterAMinute) {
  Contact();
  Command(600);
  ASSERT_EQ(Asks(), kOnPath);
  Reply(R"({"ison":false,"overpower":true})");
  const MonotonicTime refused_at = now_;
  EXPECT_EQ(State().lifecycle, Lifecycle::kFaulty);
  EXPECT_TRUE(TroubleSays("did not stay on"));
  ASSERT_EQ(Asks(), kOffPath);
  Reply(kOff);
  while (Asks() == "/status") Reply(kSeenOff);
  EXPECT_EQ(Asks(), kOnPath);
  EXPECT_EQ(now_ - refused_at, seconds(60));
}

TEST_F(SessionTest, RelayThatStaysOnIsToldOffEverySecondAndIsFaulty) {
  RunOn();
  Command(0);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(Asks(), kOffPath);
    const MonotonicTime told_at = now_;
    Reply(kOff);
    ASSERT_EQ(Asks(), "/status");
    Reply(kSeenOn);
    EXPECT_LE(now_ - told_at, milliseconds(300));
  }
  EXPECT_EQ(State().lifecycle, Lifecycle::kFaulty);
  EXPECT_TRUE(TroubleSays("stays on although"));
  EXPECT_EQ(State().power.value, Watts(600)) << "and what it does is not hidden";
  const MonotonicTime seen_at = now_;
  ASSERT_EQ(Asks(), kOffPath);
  EXPECT_EQ(now_ - seen_at, seconds(1));
  Reply(kOff);
  ASSERT_EQ(Asks(), "/status");
  Reply(kSeenOff);
  EXPECT_EQ(State().lifecycle, Lifecycle::kActive) << "it has come loose";
  EXPECT_EQ(Details().trouble, "");
}

TEST_F(SessionTest, AnswerThatIsNoneIsNoAnswer) {
  Command(600);
  for (const char* body : {"", "<html>", "{}", R"({"ison":"off"})"}) {
    ASSERT_EQ(Asks(), kOffPath) << body;
    Reply(body);
  }
  EXPECT_EQ(State().lifecycle, Lifecycle::kFaulty) << "it answers, but not as such a plug";
  const MonotonicTime refused_at = now_;
  ASSERT_EQ(Asks(), kOffPath);
  EXPECT_EQ(now_ - refused_at, seconds(1));
  EXPECT_TRUE(TroubleSays("kind and relay"));
  EXPECT_EQ(Details().counters.at("refused_wrong_type"), 1u);
}

TEST_F(SessionTest, RefusedLoginIsNotHammered) {
  ASSERT_EQ(Asks(), kOffPath);
  Fail(HttpFault::kAuth);
  const MonotonicTime first_at = now_;
  ASSERT_EQ(Asks(), kOffPath);
  EXPECT_EQ(now_, first_at) << "a nonce may have grown old";
  Fail(HttpFault::kAuth);
  ASSERT_EQ(Asks(), kOffPath);
  EXPECT_EQ(now_ - first_at, seconds(10));
  EXPECT_EQ(State().lifecycle, Lifecycle::kFaulty);
  EXPECT_TRUE(TroubleSays("refuses user name or password"));
}

TEST_F(SessionTest, RestIsOffWhateverIsCommanded) {
  RunOn();
  session_.Rest();
  EXPECT_FALSE(session_.AtRest());
  ASSERT_EQ(Asks(), kOffPath);
  Reply(kOff);
  EXPECT_FALSE(session_.AtRest()) << "not yet seen";
  ASSERT_EQ(Asks(), "/status");
  Reply(kSeenOff);
  EXPECT_TRUE(session_.AtRest());
  now_ += minutes(1);
  Command(600);
  EXPECT_EQ(Asks(), "/status");
}

TEST_F(SessionTest, RestIsToldAndSeenAnewAlsoWhereItIsOff) {
  Contact();
  session_.Rest();
  EXPECT_FALSE(session_.AtRest());
  const MonotonicTime rest_at = now_;
  ASSERT_EQ(Asks(), kOffPath);
  Reply(kOff);
  session_.Rest();
  ASSERT_EQ(Asks(), "/status");
  Reply(kSeenOff);
  EXPECT_TRUE(session_.AtRest());
  EXPECT_GT(State().acknowledged.taken_at, rest_at);
}

TEST_F(SessionTest, ChargerThatDrawsNothingIsLeftOffForFiveMinutes) {
  RunOn();
  // After the time in which it may start.
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(Asks(), "/status");
    Reply(kSeenOn);
  }
  std::string asked = Asks();
  while (State().lifecycle == Lifecycle::kActive) {
    Reply(asked == "/status" ? R"({"relays":[{"ison":true}],"meters":[{"power":0.7,"is_valid":true}]})" : kOn);
    asked = Asks();
  }
  EXPECT_TRUE(TroubleSays("nothing is drawn"));
  EXPECT_EQ(asked, kOffPath);
}

TEST(TasmotaSession, TimerIsSetOnceAndStateAndPowerAreAskedApart) {
  Session session({.requests = {.kind = Kind::kTasmota, .user = {}, .password = {}, .auto_off = seconds(120)},
                   .address = "plug:80",
                   .charger = RatingOf(Watts(600), false),
                   .shortest_rest = Nanoseconds(0)});
  MonotonicTime now{seconds(1000)};
  session.SetCommand({.power = Watts(600), .expires_at = now + minutes(10)});
  const auto exchange = [&](const std::string& path, const std::string& body) {
    now = std::max(now, session.NextRequest(now).due);
    EXPECT_EQ(session.NextRequest(now).path, path);
    session.OnReply({.fault = HttpFault::kNone, .status = 200, .body = body, .retry_after = {}}, now);
  };
  exchange("/cm?cmnd=Power%20Off", R"({"POWER":"OFF"})");
  exchange("/cm?cmnd=Power", R"({"POWER":"OFF"})");
  exchange("/cm?cmnd=PulseTime1%20220", R"({"PulseTime1":{"Set":220,"Remaining":0}})");
  exchange("/cm?cmnd=Power%20On", R"({"POWER":"ON"})");
  exchange("/cm?cmnd=Power", R"({"POWER":"ON"})");
  exchange("/cm?cmnd=Status%2010", R"({"StatusSNS":{"ENERGY":{"Power":583,"Voltage":230}}})");
  EXPECT_EQ(session.StateAt(now).power.value, Watts(583));
  exchange("/cm?cmnd=Power", R"({"POWER":"ON"})");
  exchange("/cm?cmnd=Status%2010", R"({"StatusSNS":{"ENERGY":{"Power":590,"Voltage":230}}})");
  EXPECT_EQ(session.StateAt(now).power.value, Watts(590));
  exchange("/cm?cmnd=Power", R"({"WARNING":"Need user=<username>&password=<password>"})");
  exchange("/cm?cmnd=Power", R"({"WARNING":"Need user=<username>&password=<password>"})");
  DeviceDetails details;
  session.Describe(now, details);
  EXPECT_EQ(details.counters.at("failed_auth"), 2u);
  EXPECT_NE(details.trouble.find("user name or password"), std::string::npos) << details.trouble;
}

}  // namespace
}  // namespace abcds::switched_charger
