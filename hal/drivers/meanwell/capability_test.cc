#include "hal/drivers/meanwell/capability.h"

#include <gtest/gtest.h>

#include "hal/drivers/meanwell/model.h"

namespace abcds::meanwell {
namespace {

using std::chrono_literals::operator""s;

// A battery at a device that is asked ten times a second.
class Bench {
 public:
  explicit Bench(const char* model)
      : model(*FindModel(model)),
        capability(this->model.family, this->model.nominal * 1.15, this->model.nominal * 1.02),
        options{.model = &this->model, .efficiency = 0.92} {
    seen.voltage = this->model.nominal * 1.1;
  }

  void Run(Nanoseconds length) {
    const MonotonicTime end = now + length;
    for (; now < end; now += std::chrono::milliseconds(100)) capability.Update(options, seen, now);
  }
  void Charge(double told_a, double flows_a) {
    seen.runs = seen.charges = true;
    seen.current = Amperes(flows_a);
    seen.setpoint.kind = Setpoint::Kind::kCurrent;
    seen.setpoint.current = Amperes(told_a);
    seen.setpoint.power = AcPower(seen.voltage, Amperes(told_a), options.efficiency);
  }
  void Rest() {
    seen.runs = false;
    seen.current = Amperes(0);
    seen.setpoint = {};
  }
  double max_charge() const { return capability.limits().max_charge.value(); }
  double max_discharge() const { return capability.limits().max_discharge.value(); }

  const Model& model;
  Capability capability;
  SetpointOptions options;
  Capability::Seen seen;
  MonotonicTime now{1000s};
};

TEST(CapabilityTest, IsTheModelsAtTheBatterysVoltage) {
  Bench bench("NPB-1200-24");
  bench.Run(1s);
  const Limits fresh = LimitsAt(bench.options, bench.seen.voltage);
  EXPECT_EQ(bench.max_charge(), fresh.max_charge.value());
  EXPECT_EQ(bench.capability.limits().min_charge, fresh.min_charge);
  EXPECT_EQ(bench.max_discharge(), 0);
}

TEST(CapabilityTest, FollowsTheVoltageInSteps) {
  Bench bench("NPB-1200-24");
  bench.Run(1s);
  const double before = bench.max_charge();
  bench.seen.voltage = bench.seen.voltage + Volts(0.09);
  bench.Run(1s);
  EXPECT_EQ(bench.max_charge(), before);
  bench.seen.voltage = bench.seen.voltage + Volts(0.02);
  bench.Run(1s);
  EXPECT_NE(bench.max_charge(), before);
}

TEST(CapabilityTest, AnAlmostFullBatteryLimitsWhatItIsOffered) {
  Bench bench("NPB-1200-24");
  bench.seen.voltage = bench.model.nominal * 1.145;
  bench.Charge(30, 20);
  bench.Run(1s);
  EXPECT_GT(bench.max_charge(), 900) << "not at once";
  bench.Run(2s);
  EXPECT_NEAR(bench.max_charge(), 27.48 * 20 / 0.92 * 1.15, 1);
  bench.Charge(30, 20.5);
  const double held = bench.max_charge();
  bench.Run(1s);
  EXPECT_EQ(bench.max_charge(), held) << "a change of some percent is not told";
  bench.Charge(30, 29);
  bench.Run(1s);
  EXPECT_GT(bench.max_charge(), 900) << "it takes what it is offered";
}

TEST(CapabilityTest, FarFromItsVoltageLessCurrentIsNotTheBatterys) {
  Bench bench("NPB-1200-24");
  bench.Charge(30, 10);
  bench.Run(10s);
  EXPECT_GT(bench.max_charge(), 900);
}

TEST(CapabilityTest, ABicAtItsChargeVoltageIsFullWhenHardlyAnythingFlowsForAWhile) {
  Bench bench("BIC-2200-48");
  bench.seen.voltage = bench.model.nominal * 1.15;
  bench.Charge(10, 0.3);
  bench.Run(4s);
  EXPECT_GT(bench.max_charge(), 0);
  bench.Run(2s);
  EXPECT_EQ(bench.max_charge(), 0);
  EXPECT_GT(bench.max_discharge(), 0);
  bench.Rest();
  bench.seen.voltage = bench.model.nominal * 1.135;
  bench.Run(10s);
  EXPECT_EQ(bench.max_charge(), 0) << "2 % below it charges again";
  bench.seen.voltage = bench.model.nominal * 1.125;
  bench.Run(1s);
  EXPECT_GT(bench.max_charge(), 0);
}

TEST(CapabilityTest, ABicThatIsPushedBackwardsIsFullAtOnce) {
  Bench bench("BIC-2200-48");
  bench.seen.voltage = bench.model.nominal * 1.16;
  bench.Charge(10, -1);
  bench.Run(std::chrono::milliseconds(100));
  EXPECT_EQ(bench.max_charge(), 0);
}

TEST(CapabilityTest, ABicAtItsFloorDischargesNoMore) {
  Bench bench("BIC-2200-48");
  bench.seen.voltage = bench.model.nominal * 1.02;
  bench.Run(1s);
  EXPECT_EQ(bench.max_discharge(), 0);
  EXPECT_GT(bench.max_charge(), 0);
  bench.seen.voltage = bench.model.nominal * 1.035;
  bench.Run(1s);
  EXPECT_EQ(bench.max_discharge(), 0) << "nor just above it";
  bench.seen.voltage = bench.model.nominal * 1.045;
  bench.Run(1s);
  EXPECT_GT(bench.max_discharge(), 0);
}

TEST(CapabilityTest, SuspendedItIsNothing) {
  Bench bench("BIC-2200-48");
  bench.Run(1s);
  bench.capability.Suspend();
  EXPECT_EQ(bench.max_charge(), 0);
  EXPECT_EQ(bench.max_discharge(), 0);
  bench.Run(1s);
  EXPECT_GT(bench.max_charge(), 0);
}

}  // namespace
}  // namespace abcds::meanwell
