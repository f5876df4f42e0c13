// The converter over a real bus thread and a pty, against an inverter with framing and checksum of its own.
#include "hal/drivers/lumentree/device.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hal/api/converter_contract.h"
#include "hal/sim/wire/bench_inverter.h"
#include "hal/sim/wire/lumentree.h"
#include "hal/sim/wire/modbus_line.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::string UniqueLink() {
  static int number = 0;
  const char* folder = std::getenv("TEST_TMPDIR");
  return std::string(folder != nullptr ? folder : "/tmp") + "/lumentree-" + std::to_string(getpid()) + "-" +
         std::to_string(++number);
}

// An inverter that differs from what its data sheet and our defaults say, as they do.
sim::ConverterOptions Inverter() {
  sim::ConverterOptions options;
  options.lowest = Watts(-600);
  options.dead_time = 150ms;
  options.start_delay = 300ms;
  options.ramp_up = WattsPerSecond(1200);
  options.ramp_down = WattsPerSecond(2500);
  options.readback_refresh = 200ms;
  options.power_on = Watts(-600);
  return options;
}

class LumentreeRig final : public ConverterRig {
 public:
  LumentreeRig() : bench_(Inverter()), inverter_(bench_.Plant(), 600) {
    auto line = sim::ModbusLine::Open({.link = UniqueLink()});
    EXPECT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(1, inverter_);
    line_->Start();
    bus_ = std::make_unique<ModbusBus>(SerialOptions{.port = line_->path()});
    converter_ = std::make_unique<LumentreeConverter>(
        LumentreeOptions{.model = LumentreeModel::k600, .address = 1, .port_label = line_->path()}, *bus_);
    const absl::Status started = bus_->Start();
    EXPECT_TRUE(started.ok()) << started;
  }
  ~LumentreeRig() override { bus_->Stop(); }

  PowerConverter& converter() override { return *converter_; }
  std::vector<Watts> Setpoints() override { return bench_.Setpoints(); }
  Watts Output() override { return bench_.Output(); }
  Watts max_charge() override { return Watts(0); }
  Watts max_discharge() override { return Watts(600); }
  bool SetSilent(bool silent) override {
    line_->SetFaults({.silent = silent});
    return true;
  }

  sim::ModbusLine& line() { return *line_; }
  sim::BenchInverter& bench() { return bench_; }
  ModbusBus& bus() { return *bus_; }

 private:
  sim::BenchInverter bench_;
  sim::LumentreeInverter inverter_;
  std::unique_ptr<sim::ModbusLine> line_;
  std::unique_ptr<ModbusBus> bus_;
  std::unique_ptr<LumentreeConverter> converter_;
};

INSTANTIATE_TEST_SUITE_P(Lumentree, ConverterContractTest, testing::Values([]() -> std::unique_ptr<ConverterRig> {
                           return std::make_unique<LumentreeRig>();
                         }));

// What the contract does not say, seen on the wire.
class LumentreeWireTest : public testing::Test {
 protected:
  bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = 40s) {
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
  Watts LastSetpoint() { return rig_.Setpoints().empty() ? Watts(1e9) : rig_.Setpoints().back(); }
  bool SetpointBecomes(Watts power) {
    return Eventually([&] { return LastSetpoint() == power; });
  }

  LumentreeRig rig_;
  std::optional<Watts> power_;  // commanded all the time
};

TEST_F(LumentreeWireTest, BytesAreThoseOfTheProtocol) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  power_ = Watts(-350);
  ASSERT_TRUE(SetpointBecomes(Watts(-350)));
  const std::vector<sim::WireExchange> exchanges = rig_.line().Exchanges();
  using Bytes = std::vector<uint8_t>;
  EXPECT_EQ(exchanges.front().request, (Bytes{0x01, 0x10, 0x00, 0x28, 0x00, 0x01, 0x02, 0x00, 0x00, 0xA0, 0x78}));
  EXPECT_EQ(exchanges.front().reply, (Bytes{0x01, 0x10, 0x00, 0x28, 0x00, 0x01, 0x81, 0xC1}));
  const auto sent = [&exchanges](const Bytes& bytes) {
    return std::any_of(exchanges.begin(), exchanges.end(), [&](const auto& each) { return each.request == bytes; });
  };
  EXPECT_TRUE(sent({0x01, 0x03, 0x00, 0x6B, 0x00, 0x01, 0xF5, 0xD6})) << "AC power";
  EXPECT_TRUE(sent({0x01, 0x03, 0x00, 0x6D, 0x00, 0x01, 0x15, 0xD7})) << "DC voltage";
  EXPECT_TRUE(sent({0x01, 0x03, 0x00, 0x46, 0x00, 0x01, 0x65, 0xDF})) << "AC voltage";
  EXPECT_TRUE(Eventually([&] {
    const auto all = rig_.line().Exchanges();
    return std::any_of(all.begin(), all.end(), [](const auto& each) {
      return each.request == Bytes{0x01, 0x10, 0x00, 0x28, 0x00, 0x01, 0x02, 0x01, 0x5E, 0x20, 0x10};
    });
  })) << "350 W";
}

TEST_F(LumentreeWireTest, UnpluggedAndPluggedInAgain) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  power_ = Watts(-300);
  ASSERT_TRUE(SetpointBecomes(Watts(-300)));
  rig_.line().Unplug();
  ASSERT_TRUE(Is(Lifecycle::kConnecting));
  EXPECT_TRUE(
      Eventually([&] { return rig_.converter().Details().trouble.find("does not exist") != std::string::npos; }));
  const size_t before = rig_.Setpoints().size();
  ASSERT_TRUE(rig_.line().Plug().ok());
  ASSERT_TRUE(Is(Lifecycle::kActive));
  EXPECT_EQ(rig_.Setpoints()[before], Watts(0));
  EXPECT_TRUE(SetpointBecomes(Watts(-300)));
  EXPECT_TRUE(Eventually([&] { return rig_.converter().Details().trouble.empty(); }));
}

TEST_F(LumentreeWireTest, ExceptionsAreFaultyWithTheirSentence) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  rig_.line().SetFaults({.exception = 4});
  ASSERT_TRUE(Is(Lifecycle::kFaulty));
  EXPECT_TRUE(Eventually([&] { return rig_.converter().Details().trouble.find("exception 4") != std::string::npos; }));
  rig_.line().SetFaults({});
  EXPECT_TRUE(Is(Lifecycle::kActive));
}

// Each disturbs every third reply: seldom enough to live with, often enough to matter.
TEST_F(LumentreeWireTest, LivesWithABadLine) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  const sim::LineFaults bad[] = {{.corrupt_every = 3}, {.stray_byte_every = 1}, {.drop_every = 3}, {.half_every = 3}};
  Watts power(-100);
  for (const sim::LineFaults& faults : bad) {
    rig_.line().SetFaults(faults);
    for (int i = 0; i < 3; ++i) {
      power -= Watts(10);
      power_ = power;
      ASSERT_TRUE(SetpointBecomes(power));
      ASSERT_TRUE(Eventually([&] { return rig_.converter().Latest().acknowledged.value == power; }));
    }
  }
  // Nothing that the line did was taken for a reading: none is beyond what the inverter ever delivered.
  EXPECT_NEAR(rig_.converter().Latest().dc_voltage.value.value(), 26.4, 0.01);
  EXPECT_EQ(rig_.converter().Latest().lifecycle, Lifecycle::kActive);
  const auto counters = rig_.converter().Details().counters;
  EXPECT_GT(counters.at("bus_corrupt_replies"), 0u);
  EXPECT_GT(counters.at("bus_timeouts"), 0u);
  EXPECT_GT(counters.at("bus_stray_bytes"), 0u);
}

TEST_F(LumentreeWireTest, EchoingAdapterIsNotMistakenForAnInverter) {
  rig_.line().SetFaults({.silent = true, .echo = true});
  rig_.converter().Start();
  EXPECT_TRUE(Eventually([&] { return rig_.converter().Details().trouble.find("local echo") != std::string::npos; }));
  EXPECT_EQ(rig_.converter().Latest().lifecycle, Lifecycle::kConnecting);
  EXPECT_FALSE(rig_.converter().Latest().acknowledged.valid);
}

TEST_F(LumentreeWireTest, AnotherUnitsAnswerIsNone) {
  rig_.line().SetFaults({.wrong_address = true});
  rig_.converter().Start();
  EXPECT_TRUE(Eventually([&] { return rig_.bus().counters().foreign_frames >= 2; }));
  EXPECT_EQ(rig_.converter().Latest().lifecycle, Lifecycle::kConnecting);
}

TEST_F(LumentreeWireTest, SlowAnswersAreWaitedFor) {
  rig_.line().SetFaults({.delay = 400ms});
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  power_ = Watts(-300);
  ASSERT_TRUE(SetpointBecomes(Watts(-300)));
  EXPECT_NEAR(rig_.converter().Latest().dc_voltage.value.value(), 26.4, 0.01) << "no answer was taken for another's";
}

TEST_F(LumentreeWireTest, RestartAtFullPowerIsStopped) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  ASSERT_TRUE(Eventually([&] { return rig_.converter().Latest().power.value == Watts(0); }));
  rig_.bench().RestartUnseen();
  ASSERT_TRUE(Eventually([&] { return rig_.bench().Output() < Watts(-60); }));
  EXPECT_TRUE(Eventually([&] { return rig_.bench().Output() > Watts(-10); }, 6s));
  EXPECT_GE(rig_.converter().Details().counters.at("setpoint_rewrites"), 1u);
}

TEST_F(LumentreeWireTest, MainsFailureIsSilenceThenZero) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  power_ = Watts(-300);
  ASSERT_TRUE(SetpointBecomes(Watts(-300)));
  rig_.bench().SetAcVoltage(Volts(0));
  ASSERT_TRUE(Is(Lifecycle::kConnecting));
  const size_t before = rig_.Setpoints().size();
  rig_.bench().SetAcVoltage(Volts(230));
  // The inverter is deaf to setpoints in its first second; what it hears first must still be 0 W.
  ASSERT_TRUE(Eventually([&] { return rig_.Setpoints().size() > before; }));
  ASSERT_TRUE(Is(Lifecycle::kActive));
  EXPECT_TRUE(SetpointBecomes(Watts(-300)));
  EXPECT_TRUE(Eventually([&] { return Magnitude(rig_.bench().Output() - Watts(-300)) < Watts(20); }));
}

TEST_F(LumentreeWireTest, CommandReachesTheWireWithinMilliseconds) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  Nanoseconds shortest = 1s;
  for (int i = 0; i < 6; ++i) {
    const Watts power(-100 - 20 * i);
    // A change each half second, announced: the polls leave the wire to it.
    const MonotonicTime change_at = MonotonicNow() + 600ms;
    const Watts before(-80 - 20 * i);
    while (MonotonicNow() < change_at) {
      rig_.converter().Command({.power = before, .expires_at = MonotonicNow() + 1s, .next_change_at = change_at});
      SleepUntil(MonotonicNow() + 10ms);
    }
    const MonotonicTime commanded_at = MonotonicNow();
    rig_.converter().Command({.power = power, .expires_at = MonotonicNow() + 1s});
    ASSERT_TRUE(Eventually([&] { return LastSetpoint() == power; }));
    // The line notes an exchange later than the device takes the setpoint.
    ASSERT_TRUE(Eventually([&] {
      for (const sim::WireExchange& exchange : rig_.line().Exchanges()) {
        if (exchange.asked_at < commanded_at || exchange.request[1] != 0x10) continue;
        shortest = std::min(shortest, exchange.asked_at - commanded_at);
        return true;
      }
      return false;
    }));
  }
  // A wait of ours would be in each of them; how many a busy machine adds to is not ours to say.
  EXPECT_LT(shortest, 5ms);
}

TEST_F(LumentreeWireTest, StopEndsInTimeWhenNobodyAnswers) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  rig_.line().SetFaults({.silent = true});
  const MonotonicTime stopped_at = MonotonicNow();
  rig_.converter().Stop();
  EXPECT_GE(MonotonicNow() - stopped_at, 1900ms);
  EXPECT_LE(MonotonicNow() - stopped_at, 4s);
  rig_.bus().Stop();
}

TEST_F(LumentreeWireTest, LostAcknowledgementOfZeroIsAskedForAgain) {
  rig_.converter().Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  power_ = Watts(-300);
  ASSERT_TRUE(SetpointBecomes(Watts(-300)));
  rig_.line().SetFaults({.mute = true});
  const size_t before = rig_.Setpoints().size();
  power_ = Watts(0);
  ASSERT_TRUE(Eventually([&] { return rig_.Setpoints().size() >= before + 3; }));
  for (size_t i = before; i < rig_.Setpoints().size(); ++i) EXPECT_EQ(rig_.Setpoints()[i], Watts(0));
  EXPECT_EQ(rig_.converter().Latest().lifecycle, Lifecycle::kConnecting);
}

}  // namespace
}  // namespace abcds
