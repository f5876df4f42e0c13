// The converter over a real bus thread and a pty, against a board with framing and checksum of its own.
#include "hal/drivers/trucki/device.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hal/api/converter_contract.h"
#include "hal/sim/wire/bench_inverter.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/sim/wire/trucki.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr uint8_t kAddress = 3;

std::string UniqueLink() {
  static int number = 0;
  const char* folder = std::getenv("TEST_TMPDIR");
  return std::string(folder != nullptr ? folder : "/tmp") + "/trucki-" + std::to_string(getpid()) + "-" +
         std::to_string(++number);
}

// An inverter that differs from what its data sheet and our defaults say, as they do.
sim::ConverterOptions Inverter(int model) {
  sim::ConverterOptions options;
  options.lowest = Watts(-model);
  options.dead_time = 120ms;
  options.start_delay = 200ms;
  options.ramp_up = WattsPerSecond(1500);
  options.ramp_down = WattsPerSecond(2500);
  options.readback_refresh = 10ms;
  return options;
}

sim::LineOptions Line() { return {.link = UniqueLink(), .turnaround = 60ms}; }

class TruckiRig final : public ConverterRig {
 public:
  explicit TruckiRig(TruckiModel model = TruckiModel::k1000, int firmware = 109)
      : watts_(model == TruckiModel::k1000 ? 1000 : 2000),
        bench_(Inverter(watts_)),
        board_(bench_.Plant(), {.model = watts_, .firmware = firmware}) {
    auto line = sim::ModbusLine::Open(Line());
    EXPECT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(kAddress, board_);
    line_->Start();
    bus_ = std::make_unique<ModbusBus>(SerialOptions{.port = line_->path()});
    converter_ = std::make_unique<TruckiConverter>(
        TruckiOptions{
            .model = model, .old_firmware = firmware <= 108, .address = kAddress, .port_label = line_->path()},
        *bus_);
    const absl::Status started = bus_->Start();
    EXPECT_TRUE(started.ok()) << started;
  }
  ~TruckiRig() override {
    bus_->Stop();
    EXPECT_EQ(board_.forbidden_writes(), 0);
    EXPECT_EQ(board_.jumps(), 0);
  }

  PowerConverter& converter() override { return *converter_; }
  std::vector<Watts> Setpoints() override { return bench_.Setpoints(); }
  Watts Output() override { return bench_.Output(); }
  Watts max_charge() override { return Watts(0); }
  Watts max_discharge() override { return watts_ == 1000 ? Watts(850) : Watts(1850); }
  bool SetSilent(bool silent) override {
    line_->SetFaults({.silent = silent});
    return true;
  }

  sim::ModbusLine& line() { return *line_; }
  sim::TruckiBoard& board() { return board_; }

 private:
  const int watts_;
  sim::BenchInverter bench_;
  sim::TruckiBoard board_;
  std::unique_ptr<sim::ModbusLine> line_;
  std::unique_ptr<ModbusBus> bus_;
  std::unique_ptr<TruckiConverter> converter_;
};

INSTANTIATE_TEST_SUITE_P(Trucki1000, ConverterContractTest, testing::Values([]() -> std::unique_ptr<ConverterRig> {
                           return std::make_unique<TruckiRig>();
                         }));
INSTANTIATE_TEST_SUITE_P(Trucki2000OldFirmware, ConverterContractTest,
                         testing::Values([]() -> std::unique_ptr<ConverterRig> {
                           return std::make_unique<TruckiRig>(TruckiModel::k2000, 105);
                         }));

// Looks every millisecond until it holds, with `power` commanded all the time.
bool Holding(PowerConverter& converter, Watts power, const std::function<bool()>& holds, Nanoseconds patience = 15s) {
  const MonotonicTime deadline = MonotonicNow() + patience;
  while (!holds()) {
    if (MonotonicNow() >= deadline) return false;
    converter.Command({.power = power, .expires_at = MonotonicNow() + 1s});
    SleepUntil(MonotonicNow() + 1ms);
  }
  return true;
}

TEST(TruckiWireTest, BytesAreThoseOfTheProtocol) {
  TruckiRig rig;
  rig.converter().Start();
  using Bytes = std::vector<uint8_t>;
  const auto sent = [&rig](const Bytes& bytes) {
    const auto exchanges = rig.line().Exchanges();
    return std::any_of(exchanges.begin(), exchanges.end(), [&](const auto& each) { return each.request == bytes; });
  };
  ASSERT_TRUE(Holding(rig.converter(), Watts(-420), [&] {
    return sent({0x03, 0x10, 0x00, 0x00, 0x00, 0x01, 0x02, 0x10, 0x68, 0xB3, 0x1E});
  })) << "420 W";
  const std::vector<sim::WireExchange> exchanges = rig.line().Exchanges();
  EXPECT_EQ(exchanges.front().request[1], 0x10) << "0 W before anything else";
  EXPECT_EQ(exchanges.front().request[8], 0x00);
  EXPECT_EQ(exchanges.front().reply, (Bytes{0x03, 0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x2B}));
  EXPECT_EQ(exchanges[1].request[1], 0x03);
  EXPECT_EQ(exchanges[1].request[5], 6) << "registers 0 to 5 first";
  rig.converter().Stop();
}

TEST(TruckiWireTest, LowSetpointsNeverReachAnOldBoard) {
  TruckiRig rig(TruckiModel::k1000, 108);
  rig.converter().Start();
  ASSERT_TRUE(Holding(rig.converter(), Watts(-76),
                      [&] { return !rig.Setpoints().empty() && rig.Setpoints().back() == Watts(-76); }));
  ASSERT_TRUE(Holding(rig.converter(), Watts(-75), [&] { return rig.Setpoints().back() == Watts(0); }));
  rig.converter().Stop();
  EXPECT_EQ(rig.board().jumps(), 0);
}

TEST(TruckiWireTest, CutDisplayIsAFaultAndZero) {
  TruckiRig rig;
  rig.converter().Start();
  ASSERT_TRUE(Holding(rig.converter(), Watts(-200), [&] { return rig.Output() < Watts(-190); }));
  rig.board().SetDisplayCut(true);
  ASSERT_TRUE(
      Holding(rig.converter(), Watts(-400), [&] { return rig.converter().Latest().lifecycle == Lifecycle::kFaulty; }));
  EXPECT_TRUE(Holding(rig.converter(), Watts(-400), [&] { return rig.Setpoints().back() == Watts(0); }));
  rig.board().SetDisplayCut(false);
  EXPECT_TRUE(
      Holding(rig.converter(), Watts(-400), [&] { return rig.converter().Latest().lifecycle == Lifecycle::kActive; }));
  rig.converter().Stop();
}

TEST(TruckiWireTest, CalibrationIsWaitedFor) {
  TruckiRig rig;
  rig.converter().Start();
  ASSERT_TRUE(Holding(rig.converter(), Watts(-200), [&] { return rig.Output() < Watts(-190); }));
  rig.board().StartCalibration(4);
  ASSERT_TRUE(Holding(rig.converter(), Watts(-200),
                      [&] { return rig.converter().Latest().lifecycle == Lifecycle::kInactive; }));
  EXPECT_TRUE(
      Holding(rig.converter(), Watts(-200), [&] { return rig.converter().Latest().lifecycle == Lifecycle::kActive; }));
  rig.converter().Stop();
}

// Several boards share one RS485 line, each at the address of its switches.
TEST(TruckiWireTest, TwoBoardsOnOneLineHearOnlyTheirOwnSetpoints) {
  sim::BenchInverter benches[] = {sim::BenchInverter(Inverter(1000)), sim::BenchInverter(Inverter(2000))};
  sim::TruckiBoard first(benches[0].Plant(), {.model = 1000});
  sim::TruckiBoard second(benches[1].Plant(), {.model = 2000});
  auto line = sim::ModbusLine::Open(Line());
  ASSERT_TRUE(line.ok()) << line.status();
  (*line)->Attach(3, first);
  (*line)->Attach(7, second);
  (*line)->Start();
  ModbusBus bus(SerialOptions{.port = (*line)->path()});
  TruckiConverter one({.model = TruckiModel::k1000, .old_firmware = false, .address = 3, .port_label = "line"}, bus);
  TruckiConverter two({.model = TruckiModel::k2000, .old_firmware = false, .address = 7, .port_label = "line"}, bus);
  ASSERT_TRUE(bus.Start().ok());
  one.Start();
  two.Start();
  const auto both = [&] {
    two.Command({.power = Watts(-700), .expires_at = MonotonicNow() + 1s});
    return benches[0].Output() < Watts(-280) && benches[1].Output() < Watts(-660);
  };
  EXPECT_TRUE(Holding(one, Watts(-300), both));
  for (const Watts setpoint : benches[0].Setpoints()) EXPECT_TRUE(setpoint == Watts(0) || setpoint == Watts(-300));
  for (const Watts setpoint : benches[1].Setpoints()) EXPECT_TRUE(setpoint == Watts(0) || setpoint == Watts(-700));
  one.Stop();
  two.Stop();
  EXPECT_EQ(benches[0].Setpoints().back(), Watts(0));
  EXPECT_EQ(benches[1].Setpoints().back(), Watts(0));
  bus.Stop();
}

}  // namespace
}  // namespace abcds
