// What a scan finds, and what it leaves alone.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hal/sim/wire/can_line.h"
#include "hal/sim/wire/meanwell.h"
#include "hal/transport/serial_port.h"
#include "server/config/site.h"
#include "server/devices/registry.h"
#include "tests/devices/bench.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

class ScanTest : public DeviceBench {
 protected:
  struct Result {
    absl::Status status;
    std::vector<v1::FoundDevice> found;
    std::map<std::string, v1::ScannedPort> ports;
    std::vector<std::string> asked;
    uint32_t done_last = 0;
    Nanoseconds took{0};
  };

  Result Scan(DeviceDesk& desk, const v1::ScanDevicesRequest& request, const Cancelled& cancelled = Never) {
    Result result;
    const MonotonicTime begin = MonotonicNow();
    result.status = desk.ScanPorts(
        request,
        [&result](const v1::ScanDevicesResponse& event) {
          if (event.has_found()) result.found.push_back(event.found());
          if (event.has_port()) result.ports[event.port().port()] = event.port();
          if (event.has_progress()) {
            result.asked.push_back(event.progress().asking());
            EXPECT_GE(event.progress().done(), result.done_last);
            EXPECT_LT(event.progress().done(), event.progress().total());
            result.done_last = event.progress().done();
          }
          return true;
        },
        cancelled);
    result.took = MonotonicNow() - begin;
    return result;
  }

  static v1::ScanDevicesRequest Ports(const std::vector<std::string>& ports) {
    v1::ScanDevicesRequest request;
    for (const std::string& port : ports) request.add_ports(port);
    request.set_address_highest(3);
    return request;
  }
};

TEST_F(ScanTest, FindsEachDeviceOnItsLineAndOnlyReads) {
  Modbus({{1, &lumentree_}, {3, &trucki_}});
  Jk();
  const Result result = Scan(desk_, Ports({modbus_->path(), jk_->path()}));
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(result.found.size(), 3u);
  std::map<std::string, v1::FoundDevice> by_type;
  for (const v1::FoundDevice& found : result.found) by_type[found.location().type()] = found;
  EXPECT_EQ(by_type["lumentree"].location().address(), 1u);
  EXPECT_EQ(by_type["lumentree"].report().details().readings().at("dc_voltage_v"), 26.4);
  EXPECT_EQ(by_type["trucki"].location().address(), 3u);
  EXPECT_EQ(by_type["jk-bms"].location().port(), jk_->path());
  EXPECT_EQ(by_type["jk-bms"].location().baud(), 115200u);
  EXPECT_EQ(by_type["jk-bms"].report().details().identity().at("device_id"), "SIMPACK1");
  EXPECT_EQ(by_type["jk-bms"].report().limits().at("cell_overvoltage_v"), 3.65);
  EXPECT_EQ(result.ports.at(modbus_->path()).result(), v1::ScannedPort::RESULT_FOUND);
  EXPECT_GT(result.asked.size(), 3u);
  ExpectOnlyReads();
}

// An adapter for CAN is set up by lines of text, which these devices should not have to hear.
TEST_F(ScanTest, CanIsLookedForOnlyWhereNothingElseAnswers) {
  Modbus({{1, &lumentree_}});
  Jk();
  const auto asks_for_can = [this](const std::string& port) {
    const std::vector<std::string> asked = Scan(desk_, Ports({port})).asked;
    return std::ranges::any_of(asked, [](const auto& words) { return words.find("CAN") != std::string::npos; });
  };
  EXPECT_FALSE(asks_for_can(modbus_->path()));
  EXPECT_FALSE(asks_for_can(jk_->path()));
  jk_->SetFaults({.silent = true});
  EXPECT_TRUE(asks_for_can(jk_->path()));
}

TEST_F(ScanTest, ItsLinesMakeAConfigurationThatIsGood) {
  Modbus({{1, &lumentree_}});
  Jk();
  const Result result = Scan(desk_, Ports({modbus_->path(), jk_->path()}));
  std::string text = "battery { cells: 8 capacity_ah: 100 }\nmeter { shelly_3em { host: \"192.0.2.1\" } }\n";
  for (const v1::FoundDevice& found : result.found) absl::StrAppend(&text, found.config_text());
  const auto site = LoadSiteText(text, "found", KnownDevices());
  ASSERT_TRUE(site.ok()) << site.status() << "\n" << text;
  EXPECT_EQ(site->converters.at(0).type, "lumentree");
  EXPECT_EQ(site->battery->type, "jk-bms");
}

TEST_F(ScanTest, SilentLineIsSaidToBeSilentInBoundedTime) {
  Modbus({});
  v1::ScanDevicesRequest request = Ports({modbus_->path()});
  request.set_address_highest(2);
  const Result result = Scan(desk_, request);
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_TRUE(result.found.empty());
  EXPECT_EQ(result.ports.at(modbus_->path()).result(), v1::ScannedPort::RESULT_SILENT);
  EXPECT_LT(result.took, 20s);
}

// Waking it would be more than reading.
TEST_F(ScanTest, SleepingBmsIsNotWoken) {
  Jk().SetFaults({.silent = true});
  v1::ScanDevicesRequest request = Ports({jk_->path()});
  request.add_types("jk-bms");
  EXPECT_EQ(Scan(desk_, request).ports.at(jk_->path()).result(), v1::ScannedPort::RESULT_SILENT);
  ASSERT_FALSE(jk_->Exchanges().empty());
  for (const sim::WireExchange& exchange : jk_->Exchanges()) EXPECT_EQ(exchange.request.at(8), 6);
}

TEST_F(ScanTest, DamagedAnswersAreNoDevice) {
  Modbus({{1, &lumentree_}}).SetFaults({.corrupt_every = 1});
  v1::ScanDevicesRequest request = Ports({modbus_->path()});
  request.add_types("lumentree");
  const Result result = Scan(desk_, request);
  EXPECT_TRUE(result.found.empty());
  EXPECT_EQ(result.ports.at(modbus_->path()).result(), v1::ScannedPort::RESULT_SILENT);
}

TEST_F(ScanTest, OnlyTheTypesThatWereAskedFor) {
  Modbus({{1, &lumentree_}});
  v1::ScanDevicesRequest request = Ports({modbus_->path()});
  request.add_types("jk-bms");
  EXPECT_TRUE(Scan(desk_, request).found.empty());
  EXPECT_EQ(modbus_->exchange_count(), 0u);
}

TEST_F(ScanTest, LineInOtherHandsIsNotTouched) {
  Modbus({{1, &lumentree_}});
  const auto owner = OpenSerialPort({.port = modbus_->path()});
  ASSERT_TRUE(owner.ok());
  const Result result = Scan(desk_, Ports({modbus_->path()}));
  EXPECT_EQ(result.ports.at(modbus_->path()).result(), v1::ScannedPort::RESULT_IN_USE);
  EXPECT_EQ(modbus_->exchange_count(), 0u);
}

TEST_F(ScanTest, MissingPortIsNamedAndTheRestGoesOn) {
  Modbus({{1, &lumentree_}});
  const Result result = Scan(desk_, Ports({"/dev/no-such-port", modbus_->path()}));
  EXPECT_EQ(result.ports.at("/dev/no-such-port").result(), v1::ScannedPort::RESULT_CANNOT_OPEN);
  EXPECT_EQ(result.found.size(), 1u);
}

class CanScanTest : public ScanTest {
 protected:
  void OnCan(const std::vector<sim::MeanwellOptions>& devices) {
    auto line = sim::CanLine::Open({.link = Path("can")});
    ASSERT_TRUE(line.ok()) << line.status();
    can_ = *std::move(line);
    for (const sim::MeanwellOptions& options : devices) {
      auto made = sim::MeanwellDevice::Make(options);
      ASSERT_TRUE(made.ok()) << made.status();
      devices_.push_back(*std::move(made));
      devices_.back()->SetBattery(26.4, 0.012);
      can_->Attach(*devices_.back());
    }
    can_->Start();
  }
  ~CanScanTest() override {
    if (can_ != nullptr) can_->Stop();
  }

  std::vector<std::unique_ptr<sim::MeanwellDevice>> devices_;
  std::unique_ptr<sim::CanLine> can_;
};

TEST_F(CanScanTest, FindsBothFamiliesBehindAnAdapterAndOnlyReads) {
  OnCan({{.unit = 0, .curve_config = 0x0084, .on = true}, {.unit = 3}, {.model = "BIC-2200-24", .unit = 2}});
  v1::ScanDevicesRequest request = Ports({can_->path()});
  const Result result = Scan(desk_, request);
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(result.found.size(), 3u);
  std::map<std::string, v1::FoundDevice> by_place;
  for (const v1::FoundDevice& found : result.found) {
    by_place[absl::StrCat(found.location().type(), " ", found.location().address())] = found;
  }
  const v1::FoundDevice& npb = by_place["meanwell-npb 0"];
  EXPECT_EQ(npb.report().details().identity().at("model"), "NPB-1200-24");
  EXPECT_EQ(npb.report().details().identity().at("serial_number"), "241105000042");
  EXPECT_EQ(npb.report().limits().at("charge_current_max_a"), 36);
  EXPECT_EQ(npb.report().details().readings().at("operation_on"), 1);
  EXPECT_NE(npb.report().details().trouble().find("abcdsctl meanwell commission charger"), std::string::npos);
  EXPECT_TRUE(by_place["meanwell-npb 3"].report().details().trouble().empty());
  EXPECT_EQ(by_place["meanwell-bic 2"].report().limits().at("discharge_current_max_a"), 76.5);
  EXPECT_EQ(result.ports.at(can_->path()).text(), "3 devices");
  for (const auto& device : devices_) EXPECT_TRUE(device->writes().empty());
  for (const sim::SeenCanFrame& seen : can_->Frames()) {
    EXPECT_TRUE(seen.sender != sim::SeenCanFrame::Sender::kController || seen.frame.size == 2) << "a write";
    EXPECT_NE(seen.frame.id & 0xFF, 0xFFu) << "a question to all";
  }
}

TEST_F(CanScanTest, ItsLinesMakeAConfigurationThatIsGood) {
  OnCan({{.unit = 1}});
  const Result result = Scan(desk_, Ports({can_->path()}));
  ASSERT_EQ(result.found.size(), 1u);
  const auto site = LoadSiteText(
      absl::StrCat("battery { cells: 8 capacity_ah: 100 }\nmeter { shelly_3em { host: \"192.0.2.1\" } }\n",
                   result.found[0].config_text()),
      "found", KnownDevices());
  ASSERT_TRUE(site.ok()) << site.status() << "\n" << result.found[0].config_text();
  EXPECT_EQ(site->converters.at(0).type, "meanwell-npb");
  EXPECT_EQ(site->can_buses.at(0).slcan_port, can_->path());
}

TEST_F(CanScanTest, AdapterWithoutDevicesIsSilent) {
  OnCan({});
  v1::ScanDevicesRequest request = Ports({can_->path()});
  request.add_types("meanwell-npb");
  EXPECT_EQ(Scan(desk_, request).ports.at(can_->path()).result(), v1::ScannedPort::RESULT_SILENT);
}

TEST_F(CanScanTest, InterfaceThatIsNotThereIsNamed) {
  const Result result = Scan(desk_, Ports({"nocan7"}));
  EXPECT_EQ(result.ports.at("nocan7").result(), v1::ScannedPort::RESULT_CANNOT_OPEN);
}

TEST_F(CanScanTest, ProbeByPlace) {
  OnCan({{.unit = 0}});
  v1::ProbeDeviceRequest probe;
  *probe.mutable_target() = At("meanwell-npb", can_->path());
  const auto found = desk_.Probe(probe, Never);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->report().connection(), absl::StrCat("CAN ", can_->path(), ", address 0"));
  probe.mutable_target()->mutable_location()->clear_address();
  const auto usual = desk_.Probe(probe, Never);
  EXPECT_EQ(usual.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(std::string(usual.status().message()).find("From the factory its unit number is 3"), std::string::npos);
}

// The daemon's own lines, by whatever link somebody names them.
TEST_F(ScanTest, LinesOfTheDaemonAreTold) {
  Modbus({{1, &lumentree_}});
  const auto site = LoadSiteText(absl::StrCat("battery { cells: 8 capacity_ah: 100 }\n"
                                              "meter { shelly_3em { host: \"192.0.2.1\" } }\n"
                                              "bus { name: \"line\" port: \"",
                                              modbus_->path(),
                                              "\" }\nconverter { name: \"inverter\" lumentree { model: MODEL_600 bus: "
                                              "\"line\" } }\n"),
                                 "daemon", KnownDevices());
  ASSERT_TRUE(site.ok()) << site.status();
  DeviceDesk desk(*site);
  const std::string node = std::filesystem::canonical(modbus_->path()).string();
  const Result result = Scan(desk, Ports({node}));
  EXPECT_EQ(result.ports.at(node).result(), v1::ScannedPort::RESULT_IN_USE);
  EXPECT_EQ(result.ports.at(node).text(), "abcdsd uses it: inverter (lumentree)");
  v1::ProbeDeviceRequest probe;
  *probe.mutable_target() = At("lumentree", node);
  EXPECT_EQ(desk.Probe(probe, Never).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(modbus_->exchange_count(), 0u);
  EXPECT_EQ(desk.ConnectionOf("inverter"), absl::StrCat(modbus_->path(), " at 9600 baud, address 1"));
  EXPECT_EQ(desk.ConnectionOf("grid"), "192.0.2.1:80");
}

TEST_F(ScanTest, EndsWhenItIsCancelled) {
  Modbus({});
  std::atomic<int> asked{0};
  v1::ScanDevicesRequest request = Ports({modbus_->path()});
  request.set_address_highest(200);
  const Result result = Scan(desk_, request, [&asked] { return ++asked > 40; });
  EXPECT_EQ(result.status.code(), absl::StatusCode::kCancelled);
  EXPECT_LT(result.took, 20s);
  EXPECT_TRUE(result.ports.empty()) << "nothing is said of a line that was not asked to the end";
}

TEST_F(ScanTest, ListenerThatHasGoneEndsIt) {
  Modbus({{1, &lumentree_}});
  int events = 0;
  static_cast<void>(desk_.ScanPorts(
      Ports({modbus_->path(), modbus_->path()}), [&events](const auto&) { return ++events < 2; }, Never));
  EXPECT_EQ(events, 2);
}

TEST_F(ScanTest, WrongRequestsAreExplained) {
  v1::ScanDevicesRequest request = Ports({"/dev/null"});
  request.add_types("lumentry");
  EXPECT_EQ(Scan(desk_, request).status.code(), absl::StatusCode::kNotFound);
  request.set_types(0, "mqtt");
  EXPECT_EQ(Scan(desk_, request).status.code(), absl::StatusCode::kInvalidArgument);
  request.set_types(0, "house");
  EXPECT_EQ(Scan(desk_, request).status.code(), absl::StatusCode::kNotFound);
  request.set_types(0, "lumentree");
  request.set_address_highest(248);
  EXPECT_EQ(Scan(desk_, request).status.code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace abcds
