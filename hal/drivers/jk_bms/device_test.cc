// The monitor over a real bus thread and a pty, against a board with framing and sum of its own.
#include "hal/drivers/jk_bms/device.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>

#include "hal/api/battery_contract.h"
#include "hal/sim/wire/jk_bms.h"

namespace abcds {
namespace {

constexpr int kCells = 8;

class JkBmsRig final : public BatteryRig {
 public:
  JkBmsRig() {
    static int number = 0;
    const std::string link =
        testing::TempDir() + "/jk-bms-" + std::to_string(getpid()) + "-" + std::to_string(++number);
    auto line = sim::JkBmsLine::Open(link, [this] { return Readings(); });
    EXPECT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Start();
    bus_ = std::make_unique<ByteBus>(SerialOptions{.port = link, .baud = 115200});
    battery_ = std::make_unique<JkBmsBattery>(JkBmsOptions{.cells = kCells, .port_label = link}, *bus_);
    const absl::Status started = bus_->Start();
    EXPECT_TRUE(started.ok()) << started;
  }
  ~JkBmsRig() override {
    bus_->Stop();
    line_->Stop();
  }

  BatteryMonitor& battery() override { return *battery_; }
  void SetCurrent(int direction) override { current_a_ = direction * 17.3; }
  int cells() override { return kCells; }
  void SetSilent(bool silent) override {
    sim::LineFaults faults = line_->faults();
    faults.silent = silent;
    line_->SetFaults(faults);
  }
  sim::JkBmsLine& line() { return *line_; }

 private:
  sim::JkReadings Readings() const {
    sim::JkReadings readings;
    readings.cell_mv.assign(kCells, 3312);
    readings.cell_mv[3] = 3318;
    readings.voltage_v = 26.50;
    readings.current_a = current_a_;
    readings.soc_percent = 63;
    return readings;
  }

  std::atomic<double> current_a_{0};
  std::unique_ptr<sim::JkBmsLine> line_;
  std::unique_ptr<ByteBus> bus_;
  std::unique_ptr<JkBmsBattery> battery_;
};

std::unique_ptr<BatteryRig> MakeJkBmsRig() { return std::make_unique<JkBmsRig>(); }

INSTANTIATE_TEST_SUITE_P(JkBms, BatteryContractTest, testing::Values(&MakeJkBmsRig));

using std::chrono_literals::operator""ms;

class JkBmsTest : public testing::Test {
 protected:
  bool Eventually(const std::function<bool()>& holds) {
    const MonotonicTime deadline = MonotonicNow() + std::chrono::seconds(15);
    while (!holds()) {
      if (MonotonicNow() >= deadline) return false;
      SleepUntil(MonotonicNow() + 1ms);
    }
    return true;
  }
  bool BecomesActive() {
    return Eventually([this] { return rig_.battery().Latest().lifecycle == Lifecycle::kActive; });
  }

  JkBmsRig rig_;
};

TEST_F(JkBmsTest, DetailsHaveEachCell) {
  rig_.battery().Start();
  ASSERT_TRUE(BecomesActive());
  const DeviceDetails details = rig_.battery().Details();
  EXPECT_EQ(details.identity.at("device_id"), "SIMPACK1");
  EXPECT_EQ(details.readings.at("cell_04_voltage_v"), 3.318);
  EXPECT_EQ(details.readings.at("cycles"), 41);
  EXPECT_EQ(details.readings.count("cell_09_voltage_v"), 0u);
}

TEST_F(JkBmsTest, WorksBesideAForeignMasterAnEchoAndOddPieces) {
  rig_.line().SetFaults({.echo = true, .foreign = true, .corrupt_every = 3, .chunk = 7});
  rig_.battery().Start();
  ASSERT_TRUE(BecomesActive());
  ASSERT_TRUE(Eventually([this] { return rig_.battery().Details().counters["samples"] >= 4; }));
  EXPECT_EQ(rig_.battery().Latest().cell_highest.value, Volts(3.318));
  EXPECT_GE(rig_.battery().Details().counters["echoes"], 4u);
}

TEST_F(JkBmsTest, ComesBackAfterTheAdapterWasPulled) {
  rig_.battery().Start();
  ASSERT_TRUE(BecomesActive());
  rig_.line().Unplug();
  ASSERT_TRUE(Eventually([this] { return rig_.battery().Latest().lifecycle == Lifecycle::kConnecting; }));
  EXPECT_NE(rig_.battery().Details().trouble, "");
  ASSERT_TRUE(rig_.line().Plug().ok());
  EXPECT_TRUE(BecomesActive());
  EXPECT_TRUE(Eventually([this] { return rig_.battery().Details().trouble.empty(); }));
}

}  // namespace
}  // namespace abcds
