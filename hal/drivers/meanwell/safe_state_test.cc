// What the guard does when the worker has died, behind an SLCAN adapter on a pty.
#include "hal/drivers/meanwell/safe_state.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "hal/api/fake_write_ledger.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/can_line.h"
#include "hal/sim/wire/meanwell.h"

namespace abcds::meanwell {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class SafeStateTest : public testing::Test {
 protected:
  void Make(const sim::MeanwellOptions& device) {
    auto made = sim::MeanwellDevice::Make(device);
    ASSERT_TRUE(made.ok()) << made.status();
    device_ = *std::move(made);
    bic_ = device.model[0] == 'B';
    device_->SetBattery(bic_ ? 52.0 : 26.4, 0.012);
    const char* folder = std::getenv("TEST_TMPDIR");
    auto line = sim::CanLine::Open(
        {.link = std::string(folder != nullptr ? folder : "/tmp") + "/safe-state-" + std::to_string(getpid())});
    ASSERT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(*device_);
    line_->Start();
    options_.name = "charger";
    options_.label = line_->path();
    options_.family = bic_ ? Family::kBic : Family::kNpb;
    options_.unit = device.unit;
    options_.charge_voltage = Volts(bic_ ? 55.2 : 27.6);
    options_.discharge_voltage = Volts(48.8);
    options_.ledger = &ledger_;
  }
  absl::Status Command(Nanoseconds limit) {
    const MonotonicTime begin = MonotonicNow();
    const absl::Status status = CommandSafeState(options_, {.slcan_port = line_->path()}, begin + limit);
    took_ = MonotonicNow() - begin;
    return status;
  }

  FakeWriteLedger ledger_;
  std::unique_ptr<sim::MeanwellDevice> device_;
  std::unique_ptr<sim::CanLine> line_;
  Options options_;
  bool bic_ = false;
  Nanoseconds took_{0};
};

TEST_F(SafeStateTest, RunningNpbIsSwitchedOffConfirmedAndCounted) {
  Make({.on = true});
  EXPECT_GT(device_->ac_power_w(MonotonicNow()), 500);
  const absl::Status status = Command(10s);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_LE(took_, 2s);
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_LT(device_->ac_power_w(MonotonicNow()), 20);
  EXPECT_EQ(ledger_.Writes("meanwell 241105000042"), 1u);
  EXPECT_EQ(device_->eeprom_writes(), 1u) << "nothing else is written";
}

TEST_F(SafeStateTest, DischargingBicIsSwitchedOff) {
  Make({.model = "BIC-2200-48", .unit = 2, .system_config = 1, .on = true});
  device_->Overwrite(0x0100, 1);
  const MonotonicTime begin = MonotonicNow();
  while (device_->ac_power_w(MonotonicNow()) > -500 && MonotonicNow() - begin < 5s) SleepUntil(MonotonicNow() + 5ms);
  const absl::Status status = Command(10s);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_LT(Magnitude(Watts(device_->ac_power_w(MonotonicNow()))), Watts(20));
}

TEST_F(SafeStateTest, RestingDeviceIsConfirmedWithoutAWrite) {
  Make({});
  EXPECT_TRUE(Command(10s).ok());
  EXPECT_EQ(device_->eeprom_writes(), 0u);
}

TEST_F(SafeStateTest, DeviceThatIsNotSetUpIsSwitchedOffAllTheSame) {
  Make({.system_config = 2, .curve_config = 0x84, .on = true});
  EXPECT_TRUE(Command(10s).ok());
  EXPECT_EQ(device_->Value(0x00), 0);
}

TEST_F(SafeStateTest, SilentDeviceIsNotConfirmedAndTheTimeIsKept) {
  Make({.on = true});
  device_->SetFaults({.silent = true});
  const absl::Status status = Command(1500ms);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(std::string(status.message()).find("no answer from unit 03"), std::string::npos) << status;
  EXPECT_GE(took_, 1500ms);
  EXPECT_LT(took_, 2500ms);
}

TEST_F(SafeStateTest, DeviceThatStaysOnIsNamed) {
  Make({.on = true});
  device_->SetFaults({.mute = true});
  EXPECT_EQ(Command(1500ms).code(), absl::StatusCode::kUnavailable) << "obeys without confirming";
  EXPECT_EQ(device_->Value(0x00), 0) << "it hears us all the same";
  EXPECT_EQ(ledger_.Writes("meanwell NPB unit 3"), device_->eeprom_writes()) << "by its place: nobody knows its serial";
}

TEST_F(SafeStateTest, MissingAdapterIsLookedForUntilTheEnd) {
  Make({.on = true});
  line_->Unplug();
  EXPECT_FALSE(Command(500ms).ok());
  EXPECT_GE(took_, 500ms);
}

}  // namespace
}  // namespace abcds::meanwell
