// A site's devices on a simulated wire: what reaches the actuator first and last, and what a wire in other hands does.
#include "server/devices/device_set.h"

#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hal/api/fake_write_ledger.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/lumentree.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/transport/owned_fd.h"
#include "server/devices/registry.h"

namespace abcds {
namespace {

// From the Modbus specification, checksum verified by hand: unit 1, function 16, register 40 = 0.
const std::vector<uint8_t> kZeroWatts = {0x01, 0x10, 0x00, 0x28, 0x00, 0x01, 0x02, 0x00, 0x00, 0xA0, 0x78};
constexpr uint8_t kWrite = 0x10;

Site SiteOn(const std::string& port, const std::string& broker_fields = "") {
  const auto site = LoadSiteText(
      absl::StrCat("bus { name: \"line\" port: \"", port, "\" }\n",
                   "meter { mqtt { broker { host: \"127.0.0.1\" port: 1 ", broker_fields, " } topic: \"power\" } }\n",
                   "converter { name: \"inverter\" lumentree { model: MODEL_600 bus: \"line\" } }\n",
                   "battery { cells: 8 capacity_ah: 100 }\n"),
      "site", KnownDevices());
  EXPECT_TRUE(site.ok()) << site.status();
  return *site;
}

// It does nothing, whatever it is told.
sim::LumentreeInverter AtRest() {
  return {{.output_w = [] { return 0.0; }, .set_w = [](double) {}, .restart = {}, .dc_voltage_v = [] { return 26.4; }},
          600};
}

class DeviceSetOnAWire : public testing::Test {
 protected:
  DeviceSetOnAWire() {
    auto opened = sim::ModbusLine::Open({});
    EXPECT_TRUE(opened.ok()) << opened.status();
    line_ = *std::move(opened);
    line_->Attach(1, inverter_);
    line_->Start();
  }
  ~DeviceSetOnAWire() override { line_->Stop(); }

  sim::LumentreeInverter inverter_ = AtRest();
  FakeWriteLedger ledger_;
  std::unique_ptr<sim::ModbusLine> line_;
};

class DeviceSetTest : public testing::Test {
 protected:
  FakeWriteLedger ledger_;
};

TEST_F(DeviceSetOnAWire, TheFirstAndTheLastWriteAreZeroWatts) {
  const auto devices = DeviceSet::Build(SiteOn(line_->path()), ledger_);
  ASSERT_TRUE(devices.ok()) << devices.status();
  EXPECT_EQ(line_->exchange_count(), 0u) << "Build must not touch the wire";
  ASSERT_TRUE((*devices)->Start().ok());
  (*devices)->Stop();
  const auto exchanges = line_->Exchanges();
  ASSERT_FALSE(exchanges.empty());
  EXPECT_EQ(exchanges.front().request, kZeroWatts);
  std::vector<uint8_t> last_write;
  for (const auto& exchange : exchanges) {
    if (exchange.request.size() > 1 && exchange.request[1] == kWrite) last_write = exchange.request;
  }
  EXPECT_EQ(last_write, kZeroWatts);
  (*devices)->Stop();  // idempotent
}

TEST_F(DeviceSetOnAWire, AnObserverLeavesTheLineToOthers) {
  const auto devices = DeviceSet::Build(SiteOn(line_->path()), ledger_, DeviceSet::Purpose::kObserve);
  ASSERT_TRUE(devices.ok()) << devices.status();
  ASSERT_TRUE((*devices)->Start().ok());
  // Somebody else regulates with it meanwhile, as its only owner.
  const auto other = DeviceSet::Build(SiteOn(line_->path()), ledger_);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_TRUE((*other)->Start().ok());
  (*other)->Stop();
  const size_t heard = line_->exchange_count();
  EXPECT_GT(heard, 0u);
  PowerConverter& converter = *(*devices)->cycle_devices().converters[0];
  converter.Command({.power = Watts(-300), .expires_at = MonotonicNow() + std::chrono::seconds(1)});
  EXPECT_EQ(converter.Latest().lifecycle, Lifecycle::kActive);
  EXPECT_EQ(converter.Latest().max_discharge, Watts(600));
  EXPECT_EQ(converter.Latest().power.value, Watts(0));
  (*devices)->Stop();
  EXPECT_EQ(line_->exchange_count(), heard) << "not even 0 W at the end";
}

// Two lines with an inverter each: "a", which is opened first, and "b".
class DeviceSetOnTwoWires : public DeviceSetOnAWire {
 protected:
  DeviceSetOnTwoWires() {
    auto opened = sim::ModbusLine::Open({});
    EXPECT_TRUE(opened.ok()) << opened.status();
    other_ = *std::move(opened);
    other_->Attach(1, second_);
    other_->Start();
  }
  ~DeviceSetOnTwoWires() override { other_->Stop(); }
  [[nodiscard]] Site SiteOnBoth() const {
    const auto site = LoadSiteText(
        absl::StrCat("bus { name: \"a\" port: \"", line_->path(), "\" }\nbus { name: \"b\" port: \"", other_->path(),
                     "\" }\nmeter { mqtt { broker { host: \"127.0.0.1\" port: 1 } topic: \"power\" } }\n",
                     "converter { name: \"one\" lumentree { model: MODEL_600 bus: \"a\" } }\n",
                     "converter { name: \"two\" lumentree { model: MODEL_600 bus: \"b\" } }\n",
                     "battery { cells: 8 capacity_ah: 100 }\n"),
        "site", KnownDevices());
    EXPECT_TRUE(site.ok()) << site.status();
    return *site;
  }

  sim::LumentreeInverter second_ = AtRest();
  std::unique_ptr<sim::ModbusLine> other_;
};

bool IsFree(const std::string& port) {
  const OwnedFd fd(open(port.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  return flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
}

template <class Condition>
bool Eventually(const Condition& holds) {
  for (const MonotonicTime end = MonotonicNow() + std::chrono::seconds(20); MonotonicNow() < end;) {
    if (holds()) return true;
    SleepUntil(MonotonicNow() + std::chrono::milliseconds(1));
  }
  return false;
}

TEST_F(DeviceSetOnTwoWires, AWireOfADaemonIsRefusedAndTheOtherIsToldZeroFirst) {
  // What this very program owns, a daemon that runs owns.
  const OwnedFd owner(open(line_->path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_GE(owner.get(), 0);
  ASSERT_EQ(flock(owner.get(), LOCK_EX | LOCK_NB), 0);
  const auto devices = DeviceSet::Build(SiteOnBoth(), ledger_);
  ASSERT_TRUE(devices.ok()) << devices.status();
  const absl::Status started = (*devices)->Start();
  EXPECT_EQ(started.code(), absl::StatusCode::kFailedPrecondition) << started;
  EXPECT_NE(std::string(started.message()).find(line_->path()), std::string::npos) << started;
  EXPECT_EQ(line_->exchange_count(), 0u);
  const auto exchanges = other_->Exchanges();
  ASSERT_FALSE(exchanges.empty());
  EXPECT_EQ(exchanges.front().request, kZeroWatts);
}

TEST_F(DeviceSetOnTwoWires, AWireOfAnotherProgramIsWaitedForWhileTheOtherRuns) {
  FILE* const holder = popen(absl::StrCat("exec flock ", line_->path(), " cat >/dev/null").c_str(), "we");
  ASSERT_NE(holder, nullptr);
  ASSERT_TRUE(Eventually([&] { return !IsFree(line_->path()); }));
  const auto devices = DeviceSet::Build(SiteOnBoth(), ledger_);
  ASSERT_TRUE(devices.ok()) << devices.status();
  const absl::Status started = (*devices)->Start();
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_TRUE((*devices)->cycle_devices().converters[1]->Latest().acknowledged.valid) << "0 W on the free one";
  const std::string trouble = (*devices)->converters()[0].details().trouble;
  EXPECT_NE(trouble.find(", flock)"), std::string::npos) << trouble;
  EXPECT_EQ(line_->exchange_count(), 0u);
  pclose(holder);
  EXPECT_TRUE(Eventually([&] { return line_->exchange_count() > 0; }));
  EXPECT_EQ(line_->Exchanges().front().request, kZeroWatts);
  (*devices)->Stop();
}

TEST_F(DeviceSetTest, AnAbsentPortIsNoError) {
  const auto devices = DeviceSet::Build(SiteOn(absl::StrCat(testing::TempDir(), "/no-such-port")), ledger_);
  ASSERT_TRUE(devices.ok()) << devices.status();
  EXPECT_TRUE((*devices)->Start().ok());
  EXPECT_NE((*devices)->converters()[0].details().trouble, "");
  const auto begin = std::chrono::steady_clock::now();
  (*devices)->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(DeviceSetTest, AMissingPasswordFileIsNamed) {
  const auto devices =
      DeviceSet::Build(SiteOn("/dev/null", "user: \"u\" password_file: \"/nonexistent/password\""), ledger_);
  EXPECT_EQ(devices.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(devices.status().message(), "grid: password_file /nonexistent/password cannot be opened");
}

TEST_F(DeviceSetTest, AnEmptyPasswordFileIsNamed) {
  const std::string path = absl::StrCat(testing::TempDir(), "/empty-password");
  std::ofstream(path) << "\nhunter2\n";
  const auto devices =
      DeviceSet::Build(SiteOn("/dev/null", absl::StrCat("user: \"u\" password_file: \"", path, "\"")), ledger_);
  EXPECT_EQ(devices.status().message(), absl::StrCat("grid: password_file ", path, " has nothing in its first line"));
}

TEST_F(DeviceSetTest, TheSimulatedHouseStartsAndStops) {
  const auto text = LoadSiteText(
      "meter { house {} }\nconverter { name: \"c\" house_charger {} }\nconverter { name: \"d\" house_discharger {} }\n"
      "bms { house {} }\nbattery { cells: 16 capacity_ah: 50 }\n",
      "house", KnownDevices());
  ASSERT_TRUE(text.ok()) << text.status();
  const auto devices = DeviceSet::Build(*text, ledger_);
  ASSERT_TRUE(devices.ok()) << devices.status();
  EXPECT_TRUE((*devices)->Start().ok());
  (*devices)->Stop();
}

}  // namespace
}  // namespace abcds
