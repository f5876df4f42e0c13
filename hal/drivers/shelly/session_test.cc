#include "hal/drivers/shelly/session.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace abcds::shelly {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart = MonotonicTime(seconds(1000));
constexpr char kIdentity[] = R"({"type":"SHEM-3","mac":"A8032AB1C2D3","fw":"v1.14.0"})";

std::string Status(double power_w, int unixtime_s) {
  return absl::StrCat(R"({"unixtime":)", unixtime_s,
                      R"(,"emeters":[{"power":1},{"power":2},{"power":3}],"total_power":)", power_w, "}");
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() : session_({.model = FindModel("shelly-3em"), .address = "meter:80", .interval = seconds(1)}) {}

  void Reply(const std::string& body, MonotonicTime now) {
    session_.OnReply({.fault = HttpFault::kNone, .status = 200, .body = body}, now);
  }
  void Fail(HttpFault fault, MonotonicTime now, Nanoseconds retry_after = {}) {
    session_.OnReply({.fault = fault, .status = 0, .body = {}, .retry_after = retry_after}, now);
  }
  // Identified at kStart, and trusted with the value of kStart + 1 s.
  void Trust() {
    Reply(kIdentity, kStart);
    Reply(Status(10, 1), kStart);
    Reply(Status(11, 2), kStart + seconds(1));
    ASSERT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  }
  std::string Trouble(MonotonicTime now) {
    DeviceDetails details;
    session_.Describe(now, details);
    return details.trouble;
  }
  uint64_t Counter(const std::string& name) {
    DeviceDetails details;
    session_.Describe(kStart, details);
    return details.counters.at(name);
  }
  Nanoseconds PauseAt(MonotonicTime now) { return session_.NextRequest().due - now; }

  Session session_;
};

TEST_F(SessionTest, AsksWhoItIsThenForItsStatusOnAGrid) {
  EXPECT_STREQ(session_.NextRequest().path, "/shelly");
  EXPECT_LE(session_.NextRequest().due, kStart);
  Reply(kIdentity, kStart);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);
  EXPECT_STREQ(session_.NextRequest().path, "/status");
  EXPECT_EQ(session_.NextRequest().due, kStart);
  Reply(Status(10, 1), kStart + milliseconds(80));
  EXPECT_EQ(session_.NextRequest().due, kStart + seconds(1));
  Reply(Status(11, 2), kStart + milliseconds(1070));
  EXPECT_EQ(session_.NextRequest().due, kStart + seconds(2));
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(session_.state().power.value, Watts(11));
  EXPECT_EQ(session_.state().power.taken_at, kStart + milliseconds(1070));
  EXPECT_EQ(session_.state().sequence, 2u);
}

TEST_F(SessionTest, ASlowDeviceGetsARestAndMissedQuestionsAreNotMadeUpFor) {
  Trust();
  Reply(Status(12, 3), kStart + milliseconds(2950));
  EXPECT_EQ(session_.NextRequest().due, kStart + milliseconds(3150));
}

TEST_F(SessionTest, AnotherModelIsFaulty) {
  Reply(R"({"type":"SHEM"})", kStart);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kFaulty);
  EXPECT_STREQ(session_.NextRequest().path, "/shelly");
  EXPECT_EQ(PauseAt(kStart), seconds(60));
  EXPECT_NE(Trouble(kStart).find("is a SHEM, not a Shelly 3EM (SHEM-3)"), std::string::npos) << Trouble(kStart);
  Reply(kIdentity, kStart + seconds(60));
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);
  EXPECT_EQ(Trouble(kStart), "");
}

struct Repetition {
  const char* name;
  double power_w;
  int unixtime_s;
  bool is_new;
};

class RepetitionTest : public SessionTest, public testing::WithParamInterface<Repetition> {};

TEST_P(RepetitionTest, IsAMeasurementOrNot) {
  Trust();  // 11 W at unixtime 2
  Reply(Status(GetParam().power_w, GetParam().unixtime_s), kStart + seconds(2));
  EXPECT_EQ(session_.state().sequence, GetParam().is_new ? 3u : 2u);
  EXPECT_EQ(session_.state().power.taken_at, kStart + seconds(GetParam().is_new ? 2 : 1));
  EXPECT_EQ(Counter("repeated"), GetParam().is_new ? 0u : 1u);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Replies, RepetitionTest, testing::Values(
    Repetition{"SameValuesSameTime",   11, 2, false},
    Repetition{"SameValuesLater",      11, 3, true},
    Repetition{"SameValuesEarlier",    11, 1, false},
    Repetition{"SameValuesNoTime",     11, 0, false},
    Repetition{"OtherValuesSameTime",  12, 2, true},
    Repetition{"OtherValuesEarlier",   12, 1, true}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST_F(SessionTest, ADeadMeasurementIsSilence) {
  Trust();
  for (int i = 2; i <= 5; ++i) Reply(Status(11, 2), kStart + seconds(i));
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);
  EXPECT_NE(Trouble(kStart).find("neither its values nor its clock move"), std::string::npos) << Trouble(kStart);
  EXPECT_STREQ(session_.NextRequest().path, "/status");  // it does answer
}

TEST_F(SessionTest, ARefusedDocumentHasNoEffectButItsCount) {
  Trust();
  Reply("<html>", kStart + seconds(2));
  EXPECT_EQ(session_.state().sequence, 2u);
  EXPECT_EQ(session_.state().power.value, Watts(11));
  EXPECT_EQ(session_.NextRequest().due, kStart + seconds(3));
  EXPECT_EQ(Counter("refused_html"), 1u);
  EXPECT_NE(Trouble(kStart).find("web page"), std::string::npos);
  Reply(Status(12, 5), kStart + seconds(3));
  EXPECT_EQ(Trouble(kStart), "");
}

TEST_F(SessionTest, ThreeFailuresAtFullPaceThenLongerAndLongerPauses) {
  Trust();
  MonotonicTime now = kStart + seconds(2);
  std::vector<double> pauses_s;
  for (int i = 0; i < 9; ++i) {
    Fail(HttpFault::kTimeout, now);
    pauses_s.push_back(ToSeconds(PauseAt(now)));
    now = session_.NextRequest().due;
  }
  for (int i = 0; i < 3; ++i) EXPECT_LE(pauses_s[i], 1.0) << i;
  const double wanted_s[] = {2, 4, 8, 15, 15, 15};
  for (int i = 3; i < 9; ++i) {
    EXPECT_GE(pauses_s[i], 0.8 * wanted_s[i - 3]) << i;
    EXPECT_LE(pauses_s[i], 1.2 * wanted_s[i - 3]) << i;
  }
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kConnecting);
  EXPECT_STREQ(session_.NextRequest().path, "/shelly");  // it may be another one
  EXPECT_EQ(Counter("failed_timeout"), 9u);
  // And back: identity, then two values.
  Reply(kIdentity, now);
  Reply(Status(12, 90), now);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);
  Reply(Status(13, 91), now + seconds(1));
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
}

TEST_F(SessionTest, OneLostExchangeIsNoTrouble) {
  Trust();
  Fail(HttpFault::kTimeout, kStart + seconds(2));
  EXPECT_EQ(Trouble(kStart), "");
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kActive);
  Fail(HttpFault::kTimeout, kStart + seconds(3));
  Fail(HttpFault::kTimeout, kStart + seconds(4));
  EXPECT_NE(Trouble(kStart).find("the Shelly 3EM at meter:80 does not answer in time"), std::string::npos);
}

TEST_F(SessionTest, ARefusedLoginIsTriedOnceMoreAndThenSeldom) {
  Reply(kIdentity, kStart);
  MonotonicTime now = kStart;
  const Nanoseconds wanted[] = {seconds(0), seconds(10), seconds(60), seconds(60)};
  for (const Nanoseconds want : wanted) {
    Fail(HttpFault::kAuth, now);
    EXPECT_EQ(PauseAt(now), want);
    now = session_.NextRequest().due;
  }
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);  // it is there
  EXPECT_NE(Trouble(kStart).find("refuses user name or password"), std::string::npos);
}

TEST_F(SessionTest, ThrottledWaitsAsLongAsItIsAskedTo) {
  Trust();
  const MonotonicTime now = kStart + seconds(2);
  Fail(HttpFault::kThrottled, now, seconds(7));
  EXPECT_EQ(PauseAt(now), seconds(7));
  Fail(HttpFault::kThrottled, now + seconds(7));
  EXPECT_GE(PauseAt(now + seconds(7)), seconds(2));
  EXPECT_LE(PauseAt(now + seconds(7)), seconds(3));
}

TEST_F(SessionTest, SilenceEndsTrustByTheTimerAlone) {
  Trust();
  const MonotonicTime due = session_.NextDue();
  EXPECT_EQ(due, kStart + seconds(4) + Nanoseconds(1));
  session_.OnTime(due);
  EXPECT_EQ(session_.state().lifecycle, Lifecycle::kInactive);
  EXPECT_EQ(session_.state().power.value, Watts(11));  // still told
}

}  // namespace
}  // namespace abcds::shelly
