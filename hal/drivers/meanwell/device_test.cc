// The converter over a real bus thread and an SLCAN adapter on a pty, against devices with frames of their own.
#include "hal/drivers/meanwell/device.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hal/api/converter_contract.h"
#include "hal/api/fake_write_ledger.h"
#include "hal/drivers/meanwell/model.h"
#include "hal/sim/wire/can_line.h"
#include "hal/sim/wire/meanwell.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::string UniqueLink() {
  static int number = 0;
  const char* folder = std::getenv("TEST_TMPDIR");
  return std::string(folder != nullptr ? folder : "/tmp") + "/meanwell-" + std::to_string(getpid()) + "-" +
         std::to_string(++number);
}

// Left on by a controller that has died, and set up as it should be.
sim::MeanwellOptions Npb() {
  sim::MeanwellOptions options;
  options.on = true;
  options.noise_steps = 0;
  options.efficiency = 0.92;
  options.start_takes = 300ms;
  return options;
}
sim::MeanwellOptions Bic() {
  sim::MeanwellOptions options = Npb();
  options.model = "BIC-2200-48";
  options.unit = 0;
  options.system_config = 1;
  return options;
}

constexpr double kEfficiency = 0.92;

class MeanwellRig final : public ConverterRig {
 public:
  explicit MeanwellRig(const sim::MeanwellOptions& device)
      : bic_(device.model[0] == 'B'), voltage_(bic_ ? 52.0 : 26.4) {
    auto made = sim::MeanwellDevice::Make(device);
    EXPECT_TRUE(made.ok()) << made.status();
    device_ = *std::move(made);
    // So stiff that the voltage does not show the current.
    device_->SetBattery(voltage_.value(), 0.00005);
    auto line = sim::CanLine::Open({.link = UniqueLink()});
    EXPECT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(*device_);
    line_->Start();
    bus_ = std::make_unique<CanBus>(CanOptions{.slcan_port = line_->path()});
    MeanwellOptions options;
    options.name = "charger";
    options.label = line_->path();
    options.family = bic_ ? meanwell::Family::kBic : meanwell::Family::kNpb;
    options.unit = device.unit;
    options.charge_voltage = Volts(bic_ ? 55.2 : 27.6);
    options.discharge_voltage = Volts(bic_ ? 48.8 : 0);
    options.efficiency = kEfficiency;
    options.ledger = &ledger_;
    converter_ = std::make_unique<MeanwellConverter>(options, *bus_);
    const absl::Status started = bus_->Start();
    EXPECT_TRUE(started.ok()) << started;
  }
  ~MeanwellRig() override { bus_->Stop(); }

  PowerConverter& converter() override { return *converter_; }
  // The device is told amperes, in steps that make 0.3 W: what is as near as that to a power we compare with is it.
  std::vector<Watts> Setpoints() override {
    std::vector<Watts> setpoints;
    for (const double told_a : device_->told_a()) {
      const Watts told = voltage_ * Amperes(told_a) * (told_a > 0 ? 1 / kEfficiency : kEfficiency);
      Watts nearest = told;
      for (const Watts known : {max_charge(), max_charge() * 0.5, -max_discharge(), max_discharge() * -0.5}) {
        if (Magnitude(told - known) < Watts(0.5)) nearest = known;
      }
      setpoints.push_back(nearest);
    }
    return setpoints;
  }
  Watts Output() override { return Watts(device_->ac_power_w(MonotonicNow())); }
  Watts max_charge() override { return Limits().max_charge; }
  Watts max_discharge() override { return Limits().max_discharge; }
  bool SetSilent(bool silent) override {
    device_->SetFaults({.silent = silent});
    return true;
  }

  sim::CanLine& line() { return *line_; }
  sim::MeanwellDevice& device() { return *device_; }
  FakeWriteLedger& ledger() { return ledger_; }

 private:
  // By the data sheet: 36 A into 26.4 V; 2160 W into, and 1720 W out of, 52 V.
  struct Powers {
    Watts max_charge;
    Watts max_discharge;
  };
  Powers Limits() const {
    if (!bic_) return {voltage_ * Amperes(36) / kEfficiency, Watts(0)};
    const Amperes charge = Watts(2160) / voltage_;
    const Amperes discharge = Watts(1720) / kEfficiency / voltage_;
    return {voltage_ * charge / kEfficiency, voltage_ * discharge * kEfficiency};
  }

  const bool bic_;
  const Volts voltage_;
  FakeWriteLedger ledger_;
  std::unique_ptr<sim::MeanwellDevice> device_;
  std::unique_ptr<sim::CanLine> line_;
  std::unique_ptr<CanBus> bus_;
  std::unique_ptr<MeanwellConverter> converter_;
};

INSTANTIATE_TEST_SUITE_P(MeanwellNpb, ConverterContractTest, testing::Values([]() -> std::unique_ptr<ConverterRig> {
                           return std::make_unique<MeanwellRig>(Npb());
                         }));
INSTANTIATE_TEST_SUITE_P(MeanwellBic, ConverterContractTest, testing::Values([]() -> std::unique_ptr<ConverterRig> {
                           return std::make_unique<MeanwellRig>(Bic());
                         }));

// What the contract does not say, seen on the wire.
class MeanwellWireTest : public testing::Test {
 protected:
  bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = 12s) {
    const MonotonicTime deadline = MonotonicNow() + patience;
    while (!holds()) {
      if (MonotonicNow() >= deadline) return false;
      if (power_.has_value()) {
        rig_.converter().Command({.power = *power_, .expires_at = MonotonicNow() + 1s});
      }
      SleepUntil(MonotonicNow() + 1ms);
    }
    return true;
  }
  bool Is(Lifecycle lifecycle) {
    return Eventually([&] { return rig_.converter().Latest().lifecycle == lifecycle; });
  }
  bool Flows(double power_w) {
    return Eventually([&] { return std::abs(rig_.Output().value() - power_w) < 15; });
  }
  bool Off() {
    return Eventually([&] { return rig_.device().Value(0x00) == 0; });
  }

  MeanwellRig rig_{Npb()};
  std::optional<Watts> power_;  // commanded all the time
};

TEST_F(MeanwellWireTest, FramesAreThoseOfTheManual) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  const std::vector<sim::SeenCanFrame> frames = rig_.line().Frames();
  using Sender = sim::SeenCanFrame::Sender;
  ASSERT_GE(frames.size(), 4u);
  const auto is = [&frames](size_t n, Sender sender, uint32_t id, const std::vector<uint8_t>& data) {
    const CanFrame& frame = frames[n].frame;
    return frames[n].sender == sender && frame.extended && frame.id == id &&
           std::vector<uint8_t>(frame.payload().begin(), frame.payload().end()) == data;
  };
  EXPECT_TRUE(is(0, Sender::kController, 0x000C0103, {0x00, 0x00})) << "is it on?";
  EXPECT_TRUE(is(1, Sender::kDevice, 0x000C0003, {0x00, 0x00, 0x01}));
  EXPECT_TRUE(is(2, Sender::kController, 0x000C0103, {0x00, 0x00, 0x00})) << "off";
  EXPECT_TRUE(is(3, Sender::kController, 0x000C0103, {0x00, 0x00}));
  // The pause before each is the session's (session_test): here a busy machine may bunch two on their way. All together
  // they cannot come faster.
  MonotonicTime first = MonotonicTime::max();
  MonotonicTime last = MonotonicTime::min();
  Nanoseconds least = -2 * 20ms;
  for (const sim::SeenCanFrame& seen : frames) {
    if (seen.sender != Sender::kController) continue;
    first = std::min(first, seen.at);
    last = std::max(last, seen.at);
    least += 20ms;
  }
  EXPECT_TRUE(last - first >= least);
}

TEST_F(MeanwellWireTest, AdapterPulledAndPluggedInAgain) {
  rig_.converter().Start();
  power_ = Watts(600);
  ASSERT_TRUE(Flows(600));
  rig_.line().Unplug();
  ASSERT_TRUE(Is(Lifecycle::kConnecting));
  EXPECT_NE(rig_.converter().Details().trouble, "");
  const size_t before = rig_.device().told_a().size();
  ASSERT_TRUE(rig_.line().Plug().ok());
  ASSERT_TRUE(Eventually([&] { return rig_.device().told_a().size() > before; }));
  EXPECT_EQ(rig_.device().told_a()[before], 0.0) << "off comes first";
  ASSERT_TRUE(Flows(600));
  EXPECT_TRUE(Eventually([&] { return rig_.converter().Details().trouble.empty(); }));
}

TEST_F(MeanwellWireTest, CableOutAndInAgain) {
  rig_.converter().Start();
  power_ = Watts(600);
  ASSERT_TRUE(Flows(600));
  rig_.line().SetFaults({.cable_out = true});
  ASSERT_TRUE(Is(Lifecycle::kConnecting));
  rig_.line().SetFaults({});
  ASSERT_TRUE(Off());
  ASSERT_TRUE(Flows(600));
}

TEST_F(MeanwellWireTest, LivesWithABadAdapter) {
  rig_.converter().Start();
  power_ = Watts(600);
  ASSERT_TRUE(Flows(600));
  rig_.line().SetFaults({.foreign_frames = true, .lose_every = 7});
  for (int i = 0; i < 4; ++i) {
    power_ = Watts(300 + 100 * i);
    ASSERT_TRUE(Flows(300 + 100 * i));
  }
  EXPECT_NEAR(rig_.converter().Latest().dc_voltage.value.value(), 26.4, 0.05);
}

TEST_F(MeanwellWireTest, MainsFailureIsSilenceThenOff) {
  rig_.converter().Start();
  power_ = Watts(600);
  ASSERT_TRUE(Flows(600));
  rig_.device().SetMains(false, MonotonicNow());
  ASSERT_TRUE(Is(Lifecycle::kConnecting));
  rig_.device().SetMains(true, MonotonicNow());
  ASSERT_TRUE(Flows(600));
  EXPECT_TRUE(
      Eventually([&] { return rig_.ledger().Writes("meanwell 241105000042") == rig_.device().eeprom_writes(); }));
}

TEST_F(MeanwellWireTest, DetailsSayWhoItIsAndWhatItHolds) {
  rig_.converter().Start();
  power_ = Watts(600);
  ASSERT_TRUE(Flows(600));
  ASSERT_TRUE(Eventually([&] { return rig_.converter().Details().readings.contains("temperature_c"); }));
  const DeviceDetails details = rig_.converter().Details();
  EXPECT_EQ(details.identity.at("model"), "NPB-1200-24");
  EXPECT_EQ(details.identity.at("serial_number"), "241105000042");
  EXPECT_EQ(details.identity.at("address"), "03");
  EXPECT_NEAR(details.readings.at("dc_voltage_v"), 26.4, 0.02);
  EXPECT_NEAR(details.readings.at("ac_voltage_v"), 231.7, 0.5);
  EXPECT_EQ(details.readings.at("voltage_setpoint_v"), 27.6);
  EXPECT_TRUE(details.readings.contains("operation_on"));
  EXPECT_EQ(details.readings.at("setpoints_stored"), 0);
  EXPECT_EQ(details.trouble, "");
  EXPECT_TRUE(Eventually(
      [&] { return rig_.converter().Details().counters.at("memory_writes") == rig_.device().eeprom_writes(); }));
}

TEST_F(MeanwellWireTest, StopEndsInTimeWhenNobodyAnswers) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  rig_.SetSilent(true);
  const MonotonicTime stopped_at = MonotonicNow();
  rig_.converter().Stop();
  EXPECT_GE(MonotonicNow() - stopped_at, 1900ms);
  EXPECT_LE(MonotonicNow() - stopped_at, 4s);
}

}  // namespace
}  // namespace abcds
