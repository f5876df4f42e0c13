// All converters of a site to 0 W without a daemon: who shares a process, and what a dead line does to the others.
#include "server/devices/safe_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hal/api/fake_write_ledger.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/can_line.h"
#include "hal/sim/wire/lumentree.h"
#include "hal/sim/wire/meanwell.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/sim/wire/trucki.h"
#include "server/devices/registry.h"
#include "server/state/state_file.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

Site SiteOf(const std::string& buses_and_converters) {
  const auto site =
      LoadSiteText(absl::StrCat("meter { mqtt { broker { host: \"127.0.0.1\" port: 1 } topic: \"power\" } }\n",
                                "battery { cells: 8 capacity_ah: 100 }\n", buses_and_converters),
                   "site", KnownDevices());
  EXPECT_TRUE(site.ok()) << site.status();
  return *site;
}

std::string Inverter(const std::string& name, const std::string& bus, int address) {
  return absl::StrCat("converter { name: \"", name, "\" lumentree { model: MODEL_600 bus: \"", bus,
                      "\" address: ", address, " } }\n");
}

std::string Bus(const std::string& name, const std::string& port) {
  return absl::StrCat("bus { name: \"", name, "\" port: \"", port, "\" }\n");
}

TEST(SafeState, EveryTypeOfConverterHasOne) {
  const Site site;
  FakeWriteLedger ledger;
  for (const DeviceType* type : DeviceTypes()) {
    if (type->kind() != DeviceKind::kConverter) continue;
    v1::Converter converter;
    const auto* arm = v1::Converter::descriptor()->FindFieldByName(type->arm());
    ASSERT_NE(arm, nullptr);
    converter.GetReflection()->MutableMessage(&converter, arm);
    const absl::Status status = type->CommandSafeState(converter, {site, ledger, MonotonicNow()});
    EXPECT_NE(status.code(), absl::StatusCode::kUnimplemented) << type->name();
  }
}

TEST(SafeState, ConvertersOnOneBusTakeTurnsAndBusesDoNot) {
  const Site site = SiteOf(absl::StrCat(Bus("a", "/dev/null"), Bus("b", "/dev/zero"), Inverter("a1", "a", 1),
                                        Inverter("b1", "b", 1), Inverter("a2", "a", 2)));
  EXPECT_EQ(SafeStateGroups(site), (std::vector<std::vector<size_t>>{{0, 2}, {1}}));
}

// A line with two inverters that were told 300 W.
class Line {
 public:
  Line() {
    auto opened = sim::ModbusLine::Open({});
    EXPECT_TRUE(opened.ok()) << opened.status();
    line_ = *std::move(opened);
    line_->Attach(1, first_);
    line_->Attach(2, second_);
    line_->Start();
  }
  ~Line() { line_->Stop(); }
  sim::ModbusLine& operator*() { return *line_; }
  sim::ModbusLine* operator->() { return line_.get(); }
  [[nodiscard]] double told_w(int address) const { return told_w_[address - 1]; }

 private:
  sim::LumentreePlant Plant(int index) {
    return {.output_w = [this, index] { return told_w_[index]; },
            .set_w = [this, index](double power_w) { told_w_[index] = power_w; },
            .restart = {},
            .dc_voltage_v = [] { return 26.4; }};
  }

  double told_w_[2] = {300, 300};  // the line's thread, and the test when nobody speaks
  sim::LumentreeInverter first_{Plant(0), 600};
  sim::LumentreeInverter second_{Plant(1), 600};
  std::unique_ptr<sim::ModbusLine> line_;
};

// Forks while the simulated lines' threads run, which the product does not; glibc's own locks survive it.
class SafeStateOnWires : public testing::Test {
 protected:
  SafeStateOnWires() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0); }
  ~SafeStateOnWires() override {
    close(ends_[0]);
    close(ends_[1]);
  }

  bool Command(const Site& site, Nanoseconds limit) {
    const MonotonicTime begin = MonotonicNow();
    // The reports come from other processes.
    const bool confirmed = CommandSafeState(
        site, StateFile("", "home"), limit, [this](const std::string& name, const absl::Status& status) {
          const std::string line = absl::StrCat(name, status.ok() ? " confirmed\n" : " open\n");
          EXPECT_EQ(write(ends_[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
        });
    took_ = MonotonicNow() - begin;
    char text[1000] = {};
    const ssize_t size = read(ends_[0], text, sizeof text);
    reports_ = std::string(text, size > 0 ? static_cast<size_t>(size) : 0);
    return confirmed;
  }
  [[nodiscard]] bool Said(const std::string& line) const { return reports_.find(line) != std::string::npos; }

  int ends_[2] = {-1, -1};
  std::string reports_;
  Nanoseconds took_{0};
};

TEST_F(SafeStateOnWires, AllConfirm) {
  Line a;
  Line b;
  const Site site = SiteOf(absl::StrCat(Bus("a", a->path()), Bus("b", b->path()), Inverter("a1", "a", 1),
                                        Inverter("a2", "a", 2), Inverter("b1", "b", 1)));
  EXPECT_TRUE(Command(site, 20s));
  EXPECT_TRUE(Said("a1 confirmed") && Said("a2 confirmed") && Said("b1 confirmed")) << reports_;
  EXPECT_EQ(a.told_w(1), 0);
  EXPECT_EQ(a.told_w(2), 0);
  EXPECT_EQ(b.told_w(1), 0);
  EXPECT_EQ(b.told_w(2), 300) << "not ours";
  EXPECT_LT(took_, 10s);
}

TEST_F(SafeStateOnWires, ASilentLineHoldsUpNoOther) {
  Line a;
  Line b;
  a->SetFaults({.silent = true});
  const Site site =
      SiteOf(absl::StrCat(Bus("a", a->path()), Bus("b", b->path()), Inverter("a1", "a", 1), Inverter("b1", "b", 1)));
  EXPECT_FALSE(Command(site, 3s));
  EXPECT_EQ(reports_, "b1 confirmed\na1 open\n");
  EXPECT_EQ(b.told_w(1), 0);
}

TEST_F(SafeStateOnWires, ADeadNeighbourOnTheLineHoldsUpNobodyForLong) {
  Line a;
  const Site site = SiteOf(absl::StrCat(Bus("a", a->path()), Inverter("missing", "a", 7), Inverter("there", "a", 2)));
  EXPECT_FALSE(Command(site, 4s));
  EXPECT_EQ(reports_, "there confirmed\nmissing open\n");
  EXPECT_EQ(a.told_w(2), 0);
}

// Both families on one CAN bus, two of three silent: each is told within the time of a few frames.
TEST_F(SafeStateOnWires, SilentNeighboursOnACanBusKeepNobodyWaiting) {
  const auto make = [](const sim::MeanwellOptions& options) {
    auto made = sim::MeanwellDevice::Make(options);
    EXPECT_TRUE(made.ok()) << made.status();
    (*made)->SetBattery(26.4, 0.012);
    return *std::move(made);
  };
  const auto silent = make({.unit = 1, .on = true});
  const auto mute = make({.unit = 2, .on = true});
  const auto bic = make({.model = "BIC-2200-24", .unit = 0, .system_config = 1, .on = true});
  silent->SetFaults({.silent = true});
  mute->SetFaults({.mute = true});
  auto line = sim::CanLine::Open({});
  ASSERT_TRUE(line.ok()) << line.status();
  for (sim::MeanwellDevice* device : {silent.get(), mute.get(), bic.get()}) (*line)->Attach(*device);
  (*line)->Start();
  const Site site = SiteOf(absl::StrCat("can_bus { name: \"can\" slcan_port: \"", (*line)->path(),
                                        "\" }\n"
                                        "converter { name: \"silent\" meanwell_npb { bus: \"can\" address: 1 } }\n"
                                        "converter { name: \"mute\" meanwell_npb { bus: \"can\" address: 2 } }\n"
                                        "converter { name: \"bic\" meanwell_bic { bus: \"can\" address: 0 } }\n"));
  EXPECT_FALSE(Command(site, 3s));
  EXPECT_TRUE(Said("bic confirmed") && Said("silent open") && Said("mute open")) << reports_;
  (*line)->Stop();
  const std::vector<sim::SeenCanFrame> frames = (*line)->Frames();
  for (const uint32_t id : {0x000C0102u, 0x000C0300u}) {
    const auto off = std::ranges::find_if(frames, [id](const sim::SeenCanFrame& seen) {
      return seen.frame == CanFrame{.id = id, .extended = true, .size = 3, .data = {}};
    });
    ASSERT_NE(off, frames.end()) << std::hex << id;
    EXPECT_LT(off->at - frames.front().at, 1s) << std::hex << id;
  }
}

// The boards' displays know only after 1.3 s, longer than a first turn.
TEST_F(SafeStateOnWires, SlowDisplaysOnOneLineAllConfirm) {
  double told_w[2] = {300, 300};
  const auto plant = [&told_w](int index) {
    return sim::InverterPlant{.output_w = [&told_w, index] { return told_w[index]; },
                              .set_w = [&told_w, index](double power_w) { told_w[index] = power_w; },
                              .restart = {},
                              .dc_voltage_v = [] { return 52.3; }};
  };
  sim::TruckiBoard first(plant(0), {});
  sim::TruckiBoard second(plant(1), {});
  auto line = sim::ModbusLine::Open({});
  ASSERT_TRUE(line.ok()) << line.status();
  (*line)->Attach(1, first);
  (*line)->Attach(2, second);
  (*line)->Start();
  const auto board = [](const std::string& name, int address) {
    return absl::StrCat("converter { name: \"", name, "\" trucki { model: MODEL_1000 bus: \"a\" address: ", address,
                        " } }\n");
  };
  const Site site = SiteOf(absl::StrCat(Bus("a", (*line)->path()), board("a1", 1), board("a2", 2)));
  EXPECT_TRUE(Command(site, 10s));
  EXPECT_TRUE(Said("a1 confirmed") && Said("a2 confirmed")) << reports_;
  (*line)->Stop();
  EXPECT_EQ(told_w[0], 0);
  EXPECT_EQ(told_w[1], 0);
}

}  // namespace
}  // namespace abcds
