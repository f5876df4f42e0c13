// What the guard does when the worker has died, behind an SLCAN adapter on a pty.
#include "hal/drivers/meanwell/safe_state.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hal/api/fake_write_ledger.h"
#include "hal/drivers/meanwell/frame.h"
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
    absl::Status status;
    CommandSafeState({options_}, {.slcan_port = line_->path()}, begin + limit,
                     [&status](size_t, const absl::Status& said) { status = said; });
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
  EXPECT_LE(took_, 5s);
  EXPECT_EQ(device_->Value(0x00), 0);
  EXPECT_LT(device_->ac_power_w(MonotonicNow()), 20);
  // Once, or again where the answer is late.
  EXPECT_GE(device_->eeprom_writes(), 1u);
  EXPECT_EQ(ledger_.Writes("meanwell 241105000042"), device_->eeprom_writes());
  EXPECT_EQ(device_->writes().size(), 1u) << "nothing else is written";
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
  EXPECT_LT(took_, 4s);
}

TEST_F(SafeStateTest, DeviceThatStaysOnIsNamed) {
  Make({.on = true});
  device_->SetFaults({.mute = true});
  EXPECT_EQ(Command(1500ms).code(), absl::StatusCode::kUnavailable) << "obeys without confirming";
  EXPECT_EQ(device_->Value(0x00), 0) << "it hears us all the same";
  // The last one may have been lost with the adapter's buffer.
  const uint64_t counted = ledger_.Writes("meanwell NPB unit 3");
  EXPECT_GE(counted, device_->eeprom_writes()) << "by its place: nobody knows its serial";
  EXPECT_LE(counted, device_->eeprom_writes() + 1);
}

TEST_F(SafeStateTest, MissingAdapterIsLookedForUntilTheEnd) {
  Make({.on = true});
  line_->Unplug();
  EXPECT_FALSE(Command(500ms).ok());
  EXPECT_GE(took_, 500ms);
}

// Two of three never answer: the third is not kept waiting, and is told within the time of a few frames.
TEST(SafeStateOfABusTest, SilentUnitsKeepNoOtherWaiting) {
  std::vector<std::unique_ptr<sim::MeanwellDevice>> devices;
  std::vector<Options> units;
  FakeWriteLedger ledger;
  for (const uint8_t unit : {0, 1, 3}) {
    auto made = sim::MeanwellDevice::Make({.unit = unit, .on = true});
    ASSERT_TRUE(made.ok()) << made.status();
    devices.push_back(*std::move(made));
    devices.back()->SetBattery(26.4, 0.012);
    Options options;
    options.label = "can";
    options.unit = unit;
    options.charge_voltage = Volts(27.6);
    options.ledger = &ledger;
    units.push_back(options);
  }
  devices[0]->SetFaults({.silent = true});
  devices[1]->SetFaults({.mute = true});
  auto line = sim::CanLine::Open({});
  ASSERT_TRUE(line.ok()) << line.status();
  for (const auto& device : devices) (*line)->Attach(*device);
  (*line)->Start();

  const MonotonicTime begin = MonotonicNow();
  std::map<size_t, absl::Status> said;
  MonotonicTime confirmed_at = MonotonicTime::max();
  CommandSafeState(units, {.slcan_port = (*line)->path()}, begin + 3s, [&](size_t unit, const absl::Status& status) {
    EXPECT_TRUE(said.emplace(unit, status).second) << "told twice of unit " << unit;
    if (status.ok()) confirmed_at = MonotonicNow();
  });
  (*line)->Stop();
  EXPECT_EQ(said.size(), 3u);
  EXPECT_TRUE(said[2].ok()) << said[2];
  EXPECT_LT(confirmed_at, begin + 3s);
  EXPECT_EQ(said[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(said[1].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(devices[1]->Value(0x00), 0) << "it hears us all the same";
  const std::vector<sim::SeenCanFrame> frames = (*line)->Frames();
  ASSERT_FALSE(frames.empty());
  for (const uint8_t unit : {1, 3}) {
    const auto off = std::ranges::find_if(frames, [unit](const sim::SeenCanFrame& seen) {
      return seen.frame == CanFrame{.id = RequestId(Family::kNpb, unit), .extended = true, .size = 3, .data = {}};
    });
    ASSERT_NE(off, frames.end()) << "unit " << int{unit};
    EXPECT_LT(off->at - frames.front().at, 1s) << "unit " << int{unit};
  }
}

}  // namespace
}  // namespace abcds::meanwell
