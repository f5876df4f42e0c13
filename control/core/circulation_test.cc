// A converter that does not answer may still run: who may work against it, on what evidence, and from when on.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "control/core/small_site.h"

namespace abcds {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kVolts = 26.4;

// A site whose battery current is what its converters make of it, or unknown.
class SilentConverter : public testing::Test {
 protected:
  // Runs with `load`; the silent one really does `silent_w`.
  void Run(double seconds) {
    for (int i = 0; i < seconds * 50; ++i) {
      const double charger = site.out.converters[kCharger].power.value();
      const double inverter = site.out.converters[kInverter].power.value() + silent_w;
      if (current_known) site.amperes = (charger * 0.92 + inverter / 0.92) / kVolts;
      else site.amperes = kUnknown;
      site.load += (i / 50) % 2 == 0 ? 0.02 : -0.02;  // no house repeats itself to the watt
      site.Step();
      most_charge = std::max(most_charge, site.out.converters[kCharger].power.value());
      most_discharge = std::min(most_discharge, site.out.converters[kInverter].power.value());
    }
  }
  void Lose(int converter) {
    site.in.converters[static_cast<size_t>(converter)].ready = false;
    most_charge = most_discharge = 0;
  }
  void Acknowledge() {
    for (ConverterInput& one : site.in.converters) one.acknowledged = {Watts(0), site.now, true};
  }

  Site site;
  bool current_known = true;
  double silent_w = 0;
  double most_charge = 0;
  double most_discharge = 0;
};

TEST_F(SilentConverter, WithoutEvidenceTheChargerWaitsForAGrace) {
  current_known = false;
  Run(15);
  ASSERT_NEAR(site.out.converters[kInverter].power.value(), -300, 10);
  Lose(kInverter);
  site.load = -400;
  Run(299);
  EXPECT_EQ(most_charge, 0);
  EXPECT_EQ(site.out.converters[kCharger].decision.reason, Reason::kOtherDirection);
  Run(20);
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 400, 10) << "a dead device does not stop the others for ever";
}

TEST_F(SilentConverter, TheBatterysCurrentProvesThatItRests) {
  Run(15);
  Lose(kInverter);
  site.load = -400;
  Run(3);
  EXPECT_EQ(most_charge, 0) << "one value proves nothing";
  Run(17);
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 400, 10);
}

TEST_F(SilentConverter, TheBatterysCurrentProvesThatItRuns) {
  Run(15);
  Lose(kInverter);
  silent_w = -280;
  site.load = -400;
  Run(1200);
  EXPECT_EQ(most_charge, 0) << "as long as it lasts, whatever the grace";
  silent_w = 0;
  Run(15);
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 400, 10);
}

TEST_F(SilentConverter, ThatStartsAgainByItselfStopsTheCharger) {
  Run(15);
  Lose(kInverter);
  site.load = -400;
  Run(30);
  ASSERT_GT(most_charge, 300);
  silent_w = -600;
  Run(10);
  most_charge = 0;
  Run(600);
  EXPECT_EQ(most_charge, 0);
}

TEST_F(SilentConverter, LastHeardAtRestItIsBelievedAtOnce) {
  current_known = false;
  site.load = -400;
  Acknowledge();
  Run(15);
  ASSERT_NEAR(site.out.converters[kCharger].power.value(), 400, 10);
  Lose(kInverter);
  Run(10);
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 400, 10);
}

TEST_F(SilentConverter, AtRestButNeverAcknowledgedIsNoEvidence) {
  current_known = false;
  site.load = -400;
  Run(15);
  ASSERT_NEAR(site.out.converters[kCharger].power.value(), 400, 10);
  Lose(kInverter);
  site.Step();
  EXPECT_EQ(site.out.converters[kCharger].power, Watts(0));
}

TEST_F(SilentConverter, NeverHeardItMayBeAtFullPower) {
  current_known = false;
  site.load = -400;
  Lose(kInverter);
  Run(290);
  EXPECT_EQ(most_charge, 0);
  Run(30);
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 400, 10);
}

TEST_F(SilentConverter, NeverHeardButTheBatteryRests) {
  site.load = -400;
  Lose(kInverter);
  Run(20);
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 400, 10);
}

TEST_F(SilentConverter, ASilentChargerKeepsTheInverterOff) {
  current_known = false;
  site.load = -400;
  Run(15);
  Lose(kCharger);
  site.load = 300;
  Run(299);
  EXPECT_EQ(most_discharge, 0);
  Run(20);
  EXPECT_NEAR(site.out.converters[kInverter].power.value(), -300, 10);
}

TEST_F(SilentConverter, AFaultyOneThatStillReadsIsTakenAtItsWord) {
  current_known = false;
  Run(15);
  site.in.converters[kInverter].faulty = true;
  site.load = -400;
  Run(20);  // the model goes on reporting what it does: 0 W
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 400, 10);
}

TEST(SilentConvertersTest, ItsOwnDirectionIsFreeForTheOthers) {
  CoreSettings settings = TwoDevices();
  settings.converters[1] = settings.converters[0];
  Site site(settings);
  site.amperes = kUnknown;
  site.Run(15);
  site.in.converters[0].ready = false;
  site.Step();
  EXPECT_NEAR(site.out.converters[1].power.value(), -300, 10);
}

// A charger and an inverter that are both silent may cancel each other at the battery; a second charger must know.
TEST(SilentConvertersTest, ThatMayCancelEachOtherProveNothing) {
  CoreSettings settings = TwoDevices();
  settings.converter_count = 3;
  settings.converters[2] = settings.converters[kCharger];
  Site site(settings);
  site.load = -400;
  site.amperes = 0;
  site.in.converters[kInverter].ready = site.in.converters[kCharger].ready = false;
  site.Run(250);
  EXPECT_EQ(site.out.converters[2].power, Watts(0));
}

// A charger behind a plug that draws half of what is assumed leaves a gap in the battery's current: until its power is
// learned that is no silent inverter.
TEST(SilentConvertersTest, AnAssumedPowerAccusesNobody) {
  for (const bool learned : {false, true}) {
    CoreSettings settings = TwoDevices();
    settings.converters[kCharger].max_charge = Watts(1250);
    Site site(settings);
    site.in.converters[kCharger].power_assumed = true;
    if (learned) site.Learned(kCharger, Watts(500));
    site.in.converters[kInverter].ready = false;
    site.in.converters[kCharger].min_charge = site.in.converters[kCharger].max_charge = Watts(500);
    site.load = -600;
    double on = 0;
    for (int i = 0; i < 200 * 50; ++i) {
      const double charger = site.out.converters[kCharger].power.value();
      site.amperes = (charger > 0 ? 250 * 0.92 : 0.0) / kVolts;
      site.Step();
      if (charger > 0) on += 0.02;
    }
    if (learned) EXPECT_LT(on, 130) << "a power that is known is held against the current";
    else EXPECT_GT(on, 170);
  }
}

// What else hangs on the battery is learned while everything rests, and is then no converter.
TEST(SilentConvertersTest, ALampAtTheBatteryIsNoInverter) {
  Site site;
  site.load = 0;
  site.amperes = -4;
  site.Run(60);
  site.in.converters[kInverter].ready = false;
  site.load = -400;
  double charge = 0;
  for (int i = 0; i < 20 * 50; ++i) {
    site.amperes = -4 + site.out.converters[kCharger].power.value() * 0.92 / kVolts;
    site.Step();
    charge = site.out.converters[kCharger].power.value();
  }
  EXPECT_NEAR(charge, 400, 10);
}

}  // namespace
}  // namespace abcds
