#include "server/plant/arbiter.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

using absl::StatusCode;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr MonotonicTime kNow{hours(5)};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// ---- Target ----

struct TargetCase {
  const char* name;
  double target_w;
  std::optional<Nanoseconds> lease;
  StatusCode want;
  const char* sentence;  // part of the message
};

class TargetTest : public testing::TestWithParam<TargetCase> {};

TEST_P(TargetTest, IsChecked) {
  const SiteFacts facts = FakeSite();
  Arbiter arbiter(facts);
  const absl::Status status = arbiter.SetTarget(Watts(GetParam().target_w), GetParam().lease, kNow);
  EXPECT_EQ(status.code(), GetParam().want) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().sentence));
  if (status.ok()) {
    EXPECT_EQ(arbiter.intent().target, Watts(GetParam().target_w));
    EXPECT_EQ(arbiter.intent().target_ends, kNow + GetParam().lease.value_or(minutes(15)));
    EXPECT_EQ(arbiter.intent().generation, 1u);
  } else {
    EXPECT_EQ(arbiter.intent().target, Watts(5)) << "a refused wish changes nothing";
    EXPECT_EQ(arbiter.intent().generation, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Plant, TargetTest, testing::Values(
    //          name                       target    lease                     status                       sentence
    TargetCase{"WithoutALeaseLastsAQuarter",  -50,   std::nullopt,             StatusCode::kOk,              ""},
    TargetCase{"LowestValue",              -20000,   hours(1),                 StatusCode::kOk,              ""},
    TargetCase{"HighestValue",              20000,   hours(1),                 StatusCode::kOk,              ""},
    TargetCase{"TooLow",                   -20001,   hours(1),                 StatusCode::kInvalidArgument, "a target is -20000 W to 20000 W, not -20001 W"},
    TargetCase{"TooHigh",                 20000.5,   hours(1),                 StatusCode::kInvalidArgument, "not 20000.5 W"},
    TargetCase{"NotANumber",                 kNan,   hours(1),                 StatusCode::kInvalidArgument, "not nan W"},
    TargetCase{"ShortestLease",                 0,   seconds(1),               StatusCode::kOk,              ""},
    TargetCase{"LeaseTooShort",                 0,   milliseconds(999),        StatusCode::kInvalidArgument, "a lease is 1 s to 7 days, not 0.999 s; at its end"},
    TargetCase{"LongestLease",                  0,   hours(168),               StatusCode::kOk,              ""},
    TargetCase{"LeaseTooLong",                  0,   hours(168) + seconds(1),  StatusCode::kInvalidArgument, "7 days, not 604801 s"},
    TargetCase{"LeaseOfManyDays",               0,   hours(99 * 24),           StatusCode::kInvalidArgument, "7 days, not 99 days"},
    TargetCase{"LeaseOfManyHours",              0,   hours(200),               StatusCode::kInvalidArgument, "7 days, not 200 h"},
    TargetCase{"LeaseOfMinutes",                0,   hours(168) + minutes(30), StatusCode::kInvalidArgument, "7 days, not 10110 min"},
    TargetCase{"NoLease",                       0,   seconds(0),               StatusCode::kInvalidArgument, "7 days, not 0 s"},
    TargetCase{"NegativeLease",                 0,   seconds(-5),              StatusCode::kInvalidArgument, "7 days, not -5 s"}),
    [](const auto& info) { return info.param.name; });

// ---- Mode ----

struct ModeCase {
  const char* name;
  ModeRequest request;
  void (*site)(SiteFacts& facts);
  StatusCode want;
  const char* sentence;
};

void AsItIs(SiteFacts&) {}
void WithoutBms(SiteFacts& facts) { facts.battery.reset(); }
void WithoutCharger(SiteFacts& facts) { facts.settings.converters[0].charges = false; }
void WithoutDischarger(SiteFacts& facts) { facts.settings.converters[1].discharges = false; }
void ChargerDisabled(SiteFacts& facts) { facts.settings.regulation.charge_enabled = false; }
void DischargerDisabled(SiteFacts& facts) { facts.settings.regulation.discharge_enabled = false; }

ModeRequest Plain(Mode mode) { return {mode, std::nullopt, std::nullopt, std::nullopt}; }
ModeRequest Forced(double power_w) { return {Mode::kForced, Watts(power_w), std::nullopt, minutes(1)}; }
ModeRequest ForcedUntil(double power_w, double soc) { return {Mode::kForced, Watts(power_w), Ratio(soc), minutes(1)}; }

class ModeTest : public testing::TestWithParam<ModeCase> {};

TEST_P(ModeTest, IsChecked) {
  SiteFacts facts = FakeSite();
  GetParam().site(facts);
  Arbiter arbiter(facts);
  const absl::Status status = arbiter.SetMode(GetParam().request, FakeSnapshot(kNow), kNow);
  EXPECT_EQ(status.code(), GetParam().want) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().sentence));
  if (status.ok()) {
    const Intent& intent = arbiter.intent();
    EXPECT_EQ(intent.mode, GetParam().request.mode);
    EXPECT_EQ(intent.forced_power, GetParam().request.power.value_or(Watts(0)));
    EXPECT_EQ(intent.forced_until_soc, GetParam().request.until_soc.value_or(Ratio(0)));
    EXPECT_EQ(intent.mode_ends, intent.mode == Mode::kAutomatic
                                    ? MonotonicTime::max()
                                    : kNow + GetParam().request.lease.value_or(minutes(15)));
    EXPECT_EQ(intent.generation, 1u);
  } else {
    EXPECT_EQ(arbiter.intent().mode, Mode::kAutomatic) << "a refused wish changes nothing";
    EXPECT_EQ(arbiter.intent().generation, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Plant, ModeTest, testing::Values(
    //        name                            request                                                    site               status                            sentence
    ModeCase{"Automatic",                     Plain(Mode::kAutomatic),                                   AsItIs,            StatusCode::kOk,                  ""},
    ModeCase{"IdleWithTheUsualLease",         Plain(Mode::kIdle),                                        AsItIs,            StatusCode::kOk,                  ""},
    ModeCase{"Observe",                       Plain(Mode::kObserve),                                     AsItIs,            StatusCode::kOk,                  ""},
    ModeCase{"ChargeOnly",                    Plain(Mode::kChargeOnly),                                  AsItIs,            StatusCode::kOk,                  ""},
    ModeCase{"ChargeOnlyWithoutCharger",      Plain(Mode::kChargeOnly),                                  WithoutCharger,    StatusCode::kFailedPrecondition,  "for 0 W use `mode idle`"},
    ModeCase{"DischargeOnlyWithoutInverter",  Plain(Mode::kDischargeOnly),                               WithoutDischarger, StatusCode::kFailedPrecondition,  "for 0 W use `mode idle`"},
    ModeCase{"AutomaticWithALease",           {Mode::kAutomatic, {}, {}, minutes(1)},                    AsItIs,            StatusCode::kInvalidArgument,     "leave it out"},
    ModeCase{"LeaseTooLong",                  {Mode::kIdle, {}, {}, hours(200)},                         AsItIs,            StatusCode::kInvalidArgument,     "a lease is 1 s to 7 days, not 200 h"},
    ModeCase{"PowerWithoutForced",            {Mode::kIdle, Watts(100), {}, {}},                         AsItIs,            StatusCode::kInvalidArgument,     "a power is for mode forced only"},
    ModeCase{"UntilSocWithoutForced",         {Mode::kIdle, {}, Ratio(0.5), {}},                         AsItIs,            StatusCode::kInvalidArgument,     "a state of charge to end at is for mode forced only"},
    ModeCase{"ForcedWithoutPower",            Plain(Mode::kForced),                                      AsItIs,            StatusCode::kInvalidArgument,     "mode forced needs a power"},
    ModeCase{"ForcedCharge",                  Forced(900),                                               AsItIs,            StatusCode::kOk,                  ""},
    ModeCase{"ForcedDischarge",               Forced(-600),                                              AsItIs,            StatusCode::kOk,                  ""},
    ModeCase{"ForcedChargeTooMuch",           Forced(901),                                               AsItIs,            StatusCode::kFailedPrecondition,  "charge with at most 900 W"},
    ModeCase{"ForcedDischargeTooMuch",        Forced(-601),                                              AsItIs,            StatusCode::kFailedPrecondition,  "discharge with at most 600 W"},
    ModeCase{"ForcedChargeTooLittle",         Forced(49),                                                AsItIs,            StatusCode::kFailedPrecondition,  "charge with at least 50 W"},
    ModeCase{"ForcedDischargeTooLittle",      Forced(-24),                                               AsItIs,            StatusCode::kFailedPrecondition,  "discharge with at least 25 W"},
    ModeCase{"ForcedBeyondAllReason",         Forced(30000),                                             AsItIs,            StatusCode::kInvalidArgument,     "a forced power is -20000 W to 20000 W, not 30000 W"},
    ModeCase{"ForcedNotANumber",              Forced(kNan),                                              AsItIs,            StatusCode::kInvalidArgument,     "not nan W"},
    ModeCase{"ForcedNothing",                 Forced(0),                                                 AsItIs,            StatusCode::kInvalidArgument,     "is not 0 W; for that use `mode idle`"},
    ModeCase{"ForcedChargeWithoutCharger",    Forced(100),                                               WithoutCharger,    StatusCode::kFailedPrecondition,  "no converter that can charge"},
    ModeCase{"ForcedChargeWhileDisabled",     Forced(100),                                               ChargerDisabled,   StatusCode::kFailedPrecondition,  "enable the charger first"},
    ModeCase{"ForcedDischargeWhileDisabled",  Forced(-100),                                              DischargerDisabled, StatusCode::kFailedPrecondition, "enable the discharger first"},
    ModeCase{"ForcedDischargeNeedsNoCharger", Forced(-100),                                              ChargerDisabled,   StatusCode::kOk,                  ""},
    ModeCase{"ChargeUntilMore",               ForcedUntil(100, 0.8),                                     AsItIs,            StatusCode::kOk,                  ""},
    ModeCase{"DischargeUntilLess",            ForcedUntil(-100, 0.2),                                    AsItIs,            StatusCode::kOk,                  ""},
    ModeCase{"ChargeUntilLess",               ForcedUntil(100, 0.5),                                     AsItIs,            StatusCode::kFailedPrecondition,  "at 53 % already: to charge, end at a state of charge above that (--until-soc)"},
    ModeCase{"DischargeUntilMore",            ForcedUntil(-100, 0.6),                                    AsItIs,            StatusCode::kFailedPrecondition,  "at 53 % already: to discharge, end at a state of charge below that"},
    ModeCase{"UntilPercentInsteadOfRatio",    ForcedUntil(100, 80),                                      AsItIs,            StatusCode::kInvalidArgument,     "as 0.8 for 80 %, not 80"},
    ModeCase{"UntilZero",                     ForcedUntil(-100, 0),                                      AsItIs,            StatusCode::kInvalidArgument,     "above 0 and below 1"},
    ModeCase{"UntilNotANumber",               ForcedUntil(-100, kNan),                                   AsItIs,            StatusCode::kInvalidArgument,     "above 0 and below 1"},
    ModeCase{"UntilSocWithoutBms",            ForcedUntil(100, 0.8),                                     WithoutBms,        StatusCode::kFailedPrecondition,  "without a BMS no state of charge is known"}),
    [](const auto& info) { return info.param.name; });

TEST(ArbiterTest, UntilSocNeedsABmsThatReportsIt) {
  const SiteFacts facts = FakeSite();
  Arbiter arbiter(facts);
  Snapshot snapshot = FakeSnapshot(kNow);
  snapshot.battery.soc.valid = false;
  const absl::Status status = arbiter.SetMode(ForcedUntil(100, 0.8), snapshot, kNow);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("reports no state of charge to end at"));
}

// 600 W or nothing; the configuration has room for more than the plug's meter has said so far.
TEST(ArbiterTest, AnOnOffChargerIsForcedWithItsStepOnly) {
  SiteFacts facts = FakeSite();
  facts.settings.converters[0].min_charge = Watts(0);
  facts.settings.converters[0].max_charge = Watts(750);
  facts.settings.converters[0].switch_on = Watts(620);
  Snapshot snapshot = FakeSnapshot(kNow);
  snapshot.converter_states[0].min_charge = snapshot.converter_states[0].max_charge = Watts(600);
  Arbiter arbiter(facts);
  EXPECT_THAT(std::string(arbiter.SetMode(Forced(619), snapshot, kNow).message()), HasSubstr("at least 620 W"));
  EXPECT_THAT(std::string(arbiter.SetMode(Forced(751), snapshot, kNow).message()), HasSubstr("at most 600 W together"));
  EXPECT_TRUE(arbiter.SetMode(Forced(620), snapshot, kNow).ok());
}

// ---- Enabling ----

TEST(ArbiterTest, StartsAsConfigured) {
  SiteFacts facts = FakeSite();
  facts.settings.regulation.discharge_enabled = false;
  const Arbiter arbiter(facts);
  EXPECT_TRUE(arbiter.intent().charger_enabled);
  EXPECT_FALSE(arbiter.intent().discharger_enabled);
  EXPECT_EQ(arbiter.intent().target, Watts(5));
  EXPECT_EQ(arbiter.intent().target_ends, MonotonicTime::max());
}

TEST(ArbiterTest, AnObserverStaysOne) {
  SiteFacts facts = FakeSite();
  facts.observing = true;
  Snapshot snapshot = FakeSnapshot(kNow);
  Arbiter arbiter(facts);
  EXPECT_EQ(arbiter.intent().mode, Mode::kObserve);
  for (const Mode mode : {Mode::kAutomatic, Mode::kIdle, Mode::kObserve, Mode::kChargeOnly, Mode::kDischargeOnly}) {
    ModeRequest request;
    request.mode = mode;
    const absl::Status refused = arbiter.SetMode(request, snapshot, kNow);
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("--observe"));
  }
  EXPECT_FALSE(arbiter.SetMode(Forced(-300), snapshot, kNow).ok());
  snapshot.intent = arbiter.intent();
  snapshot.outputs.mode = Mode::kObserve;
  EXPECT_FALSE(arbiter.Settle(snapshot, kNow + std::chrono::hours(24 * 400)));
  EXPECT_EQ(arbiter.intent().mode, Mode::kObserve);
}

TEST(ArbiterTest, DirectionsAreEnabledApart) {
  const SiteFacts facts = FakeSite();
  Arbiter arbiter(facts);
  EXPECT_TRUE(arbiter.SetChargerEnabled(false).ok());
  EXPECT_FALSE(arbiter.intent().charger_enabled);
  EXPECT_TRUE(arbiter.intent().discharger_enabled);
  EXPECT_TRUE(arbiter.SetDischargerEnabled(false).ok());
  EXPECT_TRUE(arbiter.SetChargerEnabled(true).ok());
  EXPECT_TRUE(arbiter.intent().charger_enabled);
  EXPECT_FALSE(arbiter.intent().discharger_enabled);
  EXPECT_EQ(arbiter.intent().generation, 3u);
}

TEST(ArbiterTest, WhatIsNotThereCanBeDisabledButNotEnabled) {
  SiteFacts facts = FakeSite();
  WithoutCharger(facts);
  WithoutDischarger(facts);
  Arbiter arbiter(facts);
  EXPECT_EQ(arbiter.SetChargerEnabled(true).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(arbiter.SetDischargerEnabled(true).code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(arbiter.SetChargerEnabled(false).ok());
  EXPECT_TRUE(arbiter.SetDischargerEnabled(false).ok());
}

// ---- Faults ----

struct ClearCase {
  const char* name;
  const char* id;
  const char* device;
  StatusCode want;
  const char* sentence;
};

class ClearFaultTest : public testing::TestWithParam<ClearCase> {};

// The plant has: meter_disagrees latched and gone, converter_faulty of the inverter latched and still there,
// battery_silent active and not latched.
TEST_P(ClearFaultTest, IsChecked) {
  const SiteFacts facts = FakeSite();
  Arbiter arbiter(facts);
  Snapshot snapshot = FakeSnapshot(kNow);
  AddFault(snapshot, FaultId::kMeterDisagrees, -1, /*active=*/false, /*latched=*/true);
  AddFault(snapshot, FaultId::kConverterFaulty, 1, /*active=*/true, /*latched=*/true);
  AddFault(snapshot, FaultId::kBatterySilent, -1, /*active=*/true, /*latched=*/false);
  const absl::Status status = arbiter.ClearFault(GetParam().id, GetParam().device, snapshot);
  EXPECT_EQ(status.code(), GetParam().want) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().sentence));
  EXPECT_EQ(arbiter.intent().clear_generation, status.ok() ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Plant, ClearFaultTest, testing::Values(
    //         name                         id                   device       status                            sentence
    ClearCase{"LatchedAndGone",             "meter_disagrees",   "",          StatusCode::kOk,                  ""},
    ClearCase{"AllThatCanBe",               "",                  "",          StatusCode::kOk,                  ""},
    ClearCase{"CauseStillThere",            "converter_faulty",  "",          StatusCode::kFailedPrecondition,  "cause is still there"},
    ClearCase{"CauseStillThereOnDevice",    "converter_faulty",  "inverter",  StatusCode::kFailedPrecondition,  "cause is still there"},
    ClearCase{"AllOfOneDeviceStillThere",   "",                  "inverter",  StatusCode::kFailedPrecondition,  "converter_faulty"},
    ClearCase{"OtherDeviceHasNone",         "converter_faulty",  "charger",   StatusCode::kFailedPrecondition,  "nothing to clear"},
    ClearCase{"AllOfADeviceWithoutFaults",  "",                  "charger",   StatusCode::kOk,                  ""},
    ClearCase{"NotLatched",                 "battery_silent",    "",          StatusCode::kFailedPrecondition,  "ends by itself"},
    ClearCase{"NotThere",                   "circulation",       "",          StatusCode::kFailedPrecondition,  "nothing to clear"},
    ClearCase{"UnknownFault",               "meter_tired",       "",          StatusCode::kInvalidArgument,     "known: meter_silent, "},
    ClearCase{"UnknownDevice",              "",                  "toaster",   StatusCode::kNotFound,            "charger, inverter"}),
    [](const auto& info) { return info.param.name; });

TEST(ArbiterTest, AClearTravelsWithItsKindAndDevice) {
  const SiteFacts facts = FakeSite();
  Arbiter arbiter(facts);
  Snapshot snapshot = FakeSnapshot(kNow);
  AddFault(snapshot, FaultId::kConverterFaulty, 1, false, true);
  ASSERT_TRUE(arbiter.ClearFault("converter_faulty", "inverter", snapshot).ok());
  EXPECT_EQ(arbiter.intent().clear_fault, FaultId::kConverterFaulty);
  EXPECT_EQ(arbiter.intent().clear_converter, 1);
  ASSERT_TRUE(arbiter.ClearFault("", "", snapshot).ok());
  EXPECT_EQ(arbiter.intent().clear_fault, FaultId::kCount);
  EXPECT_EQ(arbiter.intent().clear_converter, -1);
  EXPECT_EQ(arbiter.intent().clear_generation, 2u);
}

// ---- Leases ----

class SettleTest : public testing::Test {
 protected:
  SettleTest() : facts_(FakeSite()), arbiter_(facts_) {}

  // What a cycle at `now` publishes that has seen the present intent.
  Snapshot Seen(MonotonicTime now) {
    Snapshot snapshot = FakeSnapshot(now);
    snapshot.intent = arbiter_.intent();
    snapshot.outputs.mode = now < arbiter_.intent().mode_ends ? arbiter_.intent().mode : Mode::kAutomatic;
    return snapshot;
  }

  const SiteFacts facts_;
  Arbiter arbiter_;
};

TEST_F(SettleTest, ALeaseFallsBackWhenItEndsAndNotBefore) {
  ASSERT_TRUE(arbiter_.SetMode({Mode::kIdle, {}, {}, seconds(10)}, FakeSnapshot(kNow), kNow).ok());
  ASSERT_TRUE(arbiter_.SetTarget(Watts(300), seconds(20), kNow).ok());
  EXPECT_FALSE(arbiter_.Settle(Seen(kNow + seconds(9)), kNow + seconds(9)));
  EXPECT_TRUE(arbiter_.Settle(Seen(kNow + seconds(10)), kNow + seconds(10)));
  EXPECT_EQ(arbiter_.intent().mode, Mode::kAutomatic);
  EXPECT_EQ(arbiter_.intent().mode_ends, MonotonicTime::max());
  EXPECT_EQ(arbiter_.intent().target, Watts(300)) << "its own lease goes on";
  EXPECT_TRUE(arbiter_.Settle(Seen(kNow + seconds(20)), kNow + seconds(20)));
  EXPECT_EQ(arbiter_.intent().target, Watts(5));
  EXPECT_EQ(arbiter_.intent().target_ends, MonotonicTime::max());
  EXPECT_FALSE(arbiter_.Settle(Seen(kNow + seconds(30)), kNow + seconds(30)));
}

TEST_F(SettleTest, AForcedChargeThatReachedItsEndDoesNotStartAgain) {
  ASSERT_TRUE(arbiter_.SetMode(ForcedUntil(100, 0.8), FakeSnapshot(kNow), kNow).ok());
  Snapshot snapshot = Seen(kNow + seconds(1));
  snapshot.outputs.mode = Mode::kAutomatic;
  EXPECT_TRUE(arbiter_.Settle(snapshot, kNow + seconds(1)));
  EXPECT_EQ(arbiter_.intent().mode, Mode::kAutomatic);
  EXPECT_EQ(arbiter_.intent().forced_power, Watts(0));
}

TEST_F(SettleTest, ACycleThatHasNotSeenTheWishEndsNothing) {
  Snapshot older = Seen(kNow);
  ASSERT_TRUE(arbiter_.SetMode(Plain(Mode::kIdle), FakeSnapshot(kNow), kNow).ok());
  EXPECT_FALSE(arbiter_.Settle(older, kNow));
  EXPECT_EQ(arbiter_.intent().mode, Mode::kIdle);
}

}  // namespace
}  // namespace abcds
