#include "control/core/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

MonotonicTime At(double seconds) { return MonotonicTime(1000s) + FromSeconds(seconds); }

// Two inverters of 600 W (27 W at least), a charger of 800 W (100 W at least), one of 400 W each way.
CoreSettings Four() {
  CoreSettings settings;
  settings.converter_count = 4;
  for (const int i : {0, 1}) {
    settings.converters[i].discharges = true;
    settings.converters[i].min_discharge = Watts(27);
    settings.converters[i].max_discharge = Watts(600);
  }
  settings.converters[2].charges = true;
  settings.converters[2].min_charge = Watts(100);
  settings.converters[2].max_charge = Watts(800);
  settings.converters[3].charges = settings.converters[3].discharges = true;
  settings.converters[3].max_charge = settings.converters[3].max_discharge = Watts(400);
  settings.regulation.reversal_hold = 2s;
  return settings;
}

using Views = ConverterViews;

// As much as anybody could want is allowed.
Demand Wanted(double total) { return {Watts(total), Watts(1e6), Watts(1e6)}; }

Views AllUsable(const CoreSettings& settings) {
  Views views{};
  for (int i = 0; i < settings.converter_count; ++i) {
    views[i].usable = true;
    views[i].min_charge = settings.converters[i].min_charge;
    views[i].min_discharge = settings.converters[i].min_discharge;
    views[i].max_charge = settings.converters[i].max_charge;
    views[i].max_discharge = settings.converters[i].max_discharge;
  }
  return views;
}

void Stand(ConverterView& view, double watts) {
  view.setpoint = Watts(watts);
  view.power = {Watts(watts), Watts(watts)};
}

struct Case {
  const char* name;
  double total_w;
  std::vector<int> missing;
  std::vector<double> running_w;   // standing setpoints
  std::array<double, 4> want_w;
  std::array<Reason, 4> want;
};

class DispatcherTest : public testing::TestWithParam<Case> {};

TEST_P(DispatcherTest, SharesOneWantedPowerOut) {
  const Case& c = GetParam();
  const CoreSettings settings = Four();
  Views views = AllUsable(settings);
  for (const int i : c.missing) views[i].usable = false;
  for (size_t i = 0; i < c.running_w.size(); ++i) Stand(views[i], c.running_w[i]);
  Dispatcher dispatcher(settings);
  Assignments assignments{};
  dispatcher.Assign(Wanted(c.total_w), views, At(0), assignments);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(assignments[i].power.value(), c.want_w[i]) << "converter " << i;
    EXPECT_EQ(assignments[i].reason, c.want[i]) << "converter " << i;
  }
}

constexpr Reason kGo = Reason::kRegulating;
constexpr Reason kNot = Reason::kNothingToDo;
constexpr Reason kLimit = Reason::kConverterLimit;
constexpr Reason kSmall = Reason::kBelowMinimum;
constexpr Reason kGone = Reason::kConverterNotReady;

INSTANTIATE_TEST_SUITE_P(Shares, DispatcherTest, testing::Values(
    Case{"NothingWanted",                     0, {}, {},       {0, 0, 0, 0},          {kNot, kNot, kNot, kNot}},
    Case{"OneIsEnough",                    -500, {}, {},       {-500, 0, 0, 0},       {kGo, kNot, kNot, kNot}},
    Case{"ExactlyOne",                     -600, {}, {},       {-600, 0, 0, 0},       {kGo, kNot, kNot, kNot}},
    Case{"TheSecondTakesTheRest",          -900, {}, {},       {-600, -300, 0, 0},    {kLimit, kGo, kNot, kNot}},
    Case{"AllThatDischarge",              -1500, {}, {},       {-600, -600, 0, -300}, {kLimit, kLimit, kNot, kGo}},
    Case{"MoreThanAllCan",                -5000, {}, {},       {-600, -600, 0, -400}, {kLimit, kLimit, kNot, kLimit}},
    Case{"ChargersOnly",                    500, {}, {},       {0, 0, 500, 0},        {kNot, kNot, kGo, kNot}},
    Case{"BothThatCharge",                 1000, {}, {},       {0, 0, 800, 200},      {kNot, kNot, kLimit, kGo}},
    Case{"TooLittleForTheOneIsForTheOther",  60, {}, {},       {0, 0, 0, 60},         {kNot, kNot, kSmall, kGo}},
    Case{"AFailedOneIsReplacedAtOnce",     -500, {0}, {-500},  {0, -500, 0, 0},       {kGone, kGo, kNot, kNot}},
    Case{"AllFailed",                      -500, {0, 1, 2, 3}, {}, {0, 0, 0, 0},      {kGone, kGone, kGone, kGone}},
    Case{"BelowTheMinimumNothing",          -20, {3}, {},      {0, 0, 0, 0},          {kSmall, kSmall, kNot, kGone}},
    Case{"AtTheMinimumItRuns",              -27, {3}, {},      {-27, 0, 0, 0},        {kGo, kNot, kNot, kGone}},
    Case{"ARunningOneIsHeldAtItsMinimum",   -20, {3}, {-100},  {-27, 0, 0, 0},        {kSmall, kNot, kNot, kGone}},
    Case{"UntilMuchLessIsWanted",           -16, {3}, {-100},  {0, 0, 0, 0},          {kSmall, kSmall, kNot, kGone}}),
    [](const auto& row) { return row.param.name; });

TEST(DispatcherTest, TheDevicesOwnLimitBinds) {
  const CoreSettings settings = Four();
  Views views = AllUsable(settings);
  views[0].max_discharge = Watts(150);  // hot
  views[1].max_discharge = Watts(20);   // so hot that its minimum is beyond it
  Dispatcher dispatcher(settings);
  Assignments assignments{};
  dispatcher.Assign(Wanted(-400), views, At(0), assignments);
  EXPECT_EQ(assignments[0].power, Watts(-150));
  EXPECT_EQ(assignments[0].limit, Watts(150));
  EXPECT_EQ(assignments[0].reason, Reason::kConverterLimit);
  EXPECT_EQ(assignments[1].power, Watts(0));
  EXPECT_EQ(assignments[1].reason, Reason::kBelowMinimum);
  EXPECT_EQ(assignments[3].power, Watts(-250));
}

// ---- Turning around ----

class Reversal : public testing::Test {
 protected:
  void Assign(double total, double at) { dispatcher.Assign(Wanted(total), views, At(at), assignments); }
  // The one that can do both discharges for a moment.
  void TurnAround() {
    Stand(views[3], -50);
    Assign(-50, -1);
    Stand(views[3], 0);
  }
  double Sum() const {
    double sum = 0;
    for (const Assignment& one : assignments) sum += one.power.value();
    return sum;
  }

  CoreSettings settings = Four();
  Views views = AllUsable(settings);
  Dispatcher dispatcher{settings};
  Assignments assignments{};
};

TEST_F(Reversal, WaitsUntilAllIsAtRestAndTheHoldHasPassed) {
  TurnAround();
  Assign(-500, 0);
  ASSERT_EQ(Sum(), -500);
  Stand(views[0], -500);
  Assign(400, 1);
  EXPECT_EQ(Sum(), 0);
  EXPECT_EQ(assignments[0].reason, Reason::kReversalHold);
  EXPECT_EQ(assignments[2].reason, Reason::kReversalHold);
  views[0].setpoint = Watts(0);  // told 0 W, still ramping down
  for (double t = 2; t < 6; t += 1) {
    Assign(400, t);
    EXPECT_EQ(Sum(), 0);
  }
  views[0].power = {Watts(-21), Watts(0)};
  Assign(400, 6);
  views[0].power = {Watts(-19), Watts(0)};  // at rest from here on
  Assign(400, 7);
  Assign(400, 8.99);
  EXPECT_EQ(Sum(), 0);
  Assign(400, 9);
  EXPECT_EQ(Sum(), 400);
  EXPECT_EQ(assignments[2].power, Watts(400));
}

TEST_F(Reversal, SeparateDevicesWaitForEachOthersRestOnly) {
  views[3].usable = false;
  Assign(-500, 0);
  Stand(views[0], -500);
  Assign(400, 1);
  views[0].setpoint = Watts(0);
  views[0].power = {Watts(-21), Watts(0)};
  Assign(400, 2);
  EXPECT_EQ(Sum(), 0);
  views[0].power = {Watts(-19), Watts(0)};
  Assign(400, 2.02);
  EXPECT_EQ(Sum(), 400);
}

TEST_F(Reversal, ADeviceThatStirsStartsTheHoldAgain) {
  TurnAround();
  Assign(-500, 0);
  Assign(400, 1);
  views[1].power = {Watts(-30), Watts(0)};
  Assign(400, 2);
  views[1].power = {};
  Assign(400, 2.5);
  Assign(400, 4.4);
  EXPECT_EQ(Sum(), 0);
  Assign(400, 4.5);
  EXPECT_EQ(Sum(), 400);
}

TEST_F(Reversal, AlsoADeviceThatDoesNotAnswerMustBeAtRest) {
  TurnAround();
  Assign(-500, 0);
  views[0].usable = false;
  views[0].power = {Watts(-600), Watts(0)};  // lost: anything is possible
  for (double t = 1; t < 20; t += 1) {
    Assign(400, t);
    EXPECT_EQ(Sum(), 0);
  }
  views[0].power = {};
  Assign(400, 20);
  Assign(400, 22);
  EXPECT_EQ(Sum(), 400);
}

TEST_F(Reversal, FromChargingToDischargingToo) {
  Stand(views[3], 50);
  Assign(400, 0);
  Stand(views[3], 0);
  Stand(views[2], 400);
  Assign(-300, 1);
  EXPECT_EQ(Sum(), 0);
  Stand(views[2], 0);
  Assign(-300, 2);
  Assign(-300, 3.9);
  EXPECT_EQ(Sum(), 0);
  Assign(-300, 4);
  EXPECT_EQ(Sum(), -300);
}

TEST_F(Reversal, TimeAtRestCountsAlsoWhileNothingIsWanted) {
  Assign(-500, 0);
  for (double t = 1; t < 4; t += 0.5) Assign(0, t);
  Assign(400, 4);
  EXPECT_EQ(Sum(), 400) << "at rest for 3 s already";
}

TEST_F(Reversal, TheSameDirectionGoesOnWithoutHold) {
  Assign(-500, 0);
  Assign(0, 0.1);
  Assign(-500, 0.2);
  EXPECT_EQ(Sum(), -500);
}

TEST_F(Reversal, WhatNobodyCanDoIsNoReasonToTurnAround) {
  views[2].usable = views[3].usable = false;  // nobody charges
  Assign(-500, 0);
  Stand(views[0], -500);
  Assign(300, 1);
  EXPECT_EQ(Sum(), 0);
  EXPECT_EQ(assignments[0].reason, Reason::kNothingToDo);
  Assign(-500, 1.1);
  EXPECT_EQ(Sum(), -500);
}

TEST_F(Reversal, AlsoTheFirstDirectionNeedsTheOthersAtRest) {
  views[0].power = {Watts(-600), Watts(-600)};  // started by itself
  Assign(400, 0);
  EXPECT_EQ(Sum(), 0);
  views[0].power = {};
  Assign(400, 1);
  EXPECT_EQ(Sum(), 400);
}

TEST_F(Reversal, WhoseDirectionItIsAnywayMayRunAtOnce) {
  views[0].power = {Watts(-600), Watts(-600)};
  Assign(-400, 0);
  EXPECT_EQ(Sum(), -400);
}

TEST_F(Reversal, WhatStartsAgainstARunningOneStopsIt) {
  Assign(400, 0);
  Stand(views[2], 400);
  views[0].power = {Watts(-100), Watts(0)};
  Assign(400, 1);
  EXPECT_EQ(Sum(), 400) << "it answers, and may still be at rest";
  views[0].power = {Watts(-100), Watts(-20)};
  Assign(400, 2);
  EXPECT_EQ(Sum(), 0);
  EXPECT_EQ(assignments[2].reason, Reason::kOtherDirection);
}

TEST_F(Reversal, WhatMayRunUnheardStopsIt) {
  Assign(400, 0);
  Stand(views[2], 400);
  views[0].usable = false;
  views[0].power = {Watts(-600), Watts(0)};
  Assign(400, 1);
  EXPECT_EQ(Sum(), 0);
  EXPECT_EQ(assignments[2].reason, Reason::kOtherDirection);
  views[0].power = {};
  Assign(400, 2);
  EXPECT_EQ(Sum(), 400);
}

// No circulation: whatever is wanted, whichever devices come and go, however slowly they follow.
TEST(DispatcherPropertyTest, NeverAChargerAgainstADischarger) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "replay with seed " << seed);
    std::mt19937_64 random(seed);
    auto uniform = [&random](double low, double high) {
      return low + (high - low) * static_cast<double>(random() >> 11) * 0x1.0p-53;
    };
    CoreSettings settings;
    settings.converter_count = 1 + static_cast<int>(random() % kMaxConverters);
    settings.regulation.reversal_hold = FromSeconds(uniform(0, 5));
    std::array<double, kMaxConverters> speed{};
    for (int i = 0; i < settings.converter_count; ++i) {
      ConverterSettings& device = settings.converters[i];
      device.charges = random() % 3 != 0;
      device.discharges = !device.charges || random() % 2 == 0;
      device.min_charge = device.min_discharge = Watts(uniform(0, 150));
      device.max_charge = device.charges ? Watts(uniform(150, 1500)) : Watts(0);
      device.max_discharge = device.discharges ? Watts(uniform(150, 1500)) : Watts(0);
      speed[i] = uniform(0.02, 1);
    }
    Views views = AllUsable(settings);
    Dispatcher dispatcher(settings);
    Assignments assignments{};
    double total = 0;
    double sum = 0;
    int last_sign = 0;
    double rest_since = 0;
    bool turned = false;
    std::array<int, kMaxConverters> last_sign_of{};
    const bool stirring = seed % 2 == 0;  // at 0 W, too; the hold is then no matter of the last turn only
    for (int cycle = 0; cycle < 3000; ++cycle) {
      const double t = 0.02 * cycle;
      if (random() % 100 == 0) total = uniform(-3000, 3000);
      if (random() % 200 == 0) total = 0;
      const auto place = static_cast<size_t>(random() % static_cast<uint64_t>(settings.converter_count));
      if (random() % 150 == 0) views[place].usable = !views[place].usable;
      // What does not answer may do anything, and some start by themselves.
      if (!views[place].usable && random() % 50 == 0) {
        views[place].power = {-settings.converters[place].max_discharge, settings.converters[place].max_charge};
      }
      if (stirring && random() % 400 == 0) views[place].power = {Watts(uniform(-400, 400)), views[place].power.low};
      if (views[place].power.low > views[place].power.high) std::swap(views[place].power.low, views[place].power.high);
      bool at_rest = true;
      for (int i = 0; i < settings.converter_count; ++i) {
        at_rest = at_rest && views[i].setpoint == Watts(0) && views[i].power.low > Watts(-20) &&
                  views[i].power.high < Watts(20);
      }
      if (!at_rest) rest_since = t + 0.02;

      dispatcher.Assign(Wanted(total), views, At(t), assignments);

      int sign = 0;
      const double last_sum = sum;
      sum = 0;
      for (int i = 0; i < settings.converter_count; ++i) {
        const ConverterSettings& device = settings.converters[i];
        const double power = assignments[i].power.value();
        sum += power;
        if (power == 0) continue;
        ASSERT_TRUE(views[i].usable);
        const int own = power > 0 ? 1 : -1;
        ASSERT_TRUE(sign == 0 || sign == own) << "a positive and a negative assignment at " << t << " s";
        sign = own;
        ASSERT_LE(power, device.max_charge.value() + 1e-9);
        ASSERT_GE(power, -device.max_discharge.value() - 1e-9);
        ASSERT_GE(std::abs(power), (own > 0 ? device.min_charge : device.min_discharge).value() - 1e-9);
      }
      for (int i = 0; i < settings.converter_count; ++i) {
        const PowerInterval& p = views[i].power;
        const Watts opposite_least = sign > 0 ? -p.high : p.low;
        const Watts opposite_most = sign > 0 ? -p.low : p.high;
        ASSERT_FALSE(sign != 0 && opposite_least >= Watts(20)) << "against converter " << i << " at " << t;
        ASSERT_FALSE(sign != 0 && last_sum == 0 && opposite_most >= Watts(20)) << "started perhaps against " << i;
        ASSERT_FALSE(sign != 0 && !views[i].usable && opposite_most >= Watts(20)) << "perhaps against " << i;
      }
      if (sign != 0) {
        ASSERT_EQ(sign, total > 0 ? 1 : -1) << "against what is wanted";
        if (last_sign != 0 && sign != last_sign && !stirring) {
          ASSERT_GT(t - rest_since, -1e-9) << "turned too early at " << t;
          turned = true;
          for (int i = 0; i < settings.converter_count; ++i) {
            if (assignments[i].power == Watts(0) || last_sign_of[i] != -sign) continue;
            ASSERT_GE(t - rest_since + 1e-9, ToSeconds(settings.regulation.reversal_hold)) << "turned around at " << t;
          }
        }
        last_sign = sign;
        // At most one device is held at its minimum above what is wanted.
        ASSERT_LE(std::abs(sum), std::abs(total) + 150);
      }
      for (int i = 0; i < settings.converter_count; ++i) {
        views[i].setpoint = assignments[i].power;
        if (views[i].setpoint != Watts(0)) last_sign_of[i] = views[i].setpoint > Watts(0) ? 1 : -1;
        if (!views[i].usable) continue;
        const Watts p = views[i].power.Middle() + (views[i].setpoint - views[i].power.Middle()) * speed[i];
        views[i].power = {p, p};
      }
    }
    // A run in which nothing ever turned around proves little.
    if (seed == 299) {
      EXPECT_TRUE(turned);
    }
  }
}

}  // namespace
}  // namespace abcds
