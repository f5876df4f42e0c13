// Who answers, and what is said where nobody does.
#include <gmock/gmock.h>

#include <fstream>

#include "hal/sim/wire/plug.h"
#include "hal/sim/wire/shelly.h"
#include "hal/transport/serial_port.h"
#include "tests/devices/bench.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

class ProbeTest : public DeviceBench {
 protected:
  absl::StatusOr<v1::DeviceReport> Probe(const v1::DeviceTarget& target, int limit_s = 0) {
    v1::ProbeDeviceRequest request;
    *request.mutable_target() = target;
    if (limit_s > 0) request.mutable_limit()->set_seconds(limit_s);
    const auto response = desk_.Probe(request, Never);
    if (!response.ok()) return response.status();
    return response->report();
  }
};

TEST_F(ProbeTest, LumentreeWithItsModelsLimits) {
  Modbus({{2, &lumentree_}});
  v1::DeviceTarget target = At("lumentree", modbus_->path(), 2);
  (*target.mutable_location()->mutable_settings())["model"] = "600";
  const auto report = Probe(target);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->details().identity().at("model"), "Lumentree 600");
  EXPECT_EQ(report->details().readings().at("dc_voltage_v"), 26.4);
  EXPECT_EQ(report->details().readings().at("ac_voltage_v"), 231.7);
  EXPECT_EQ(report->details().readings().at("temperature_c"), 31.9);
  EXPECT_EQ(report->limits().at("discharge_power_max_w"), 600);
  EXPECT_EQ(report->connection(), modbus_->path() + " at 9600 baud, address 2");
  ExpectOnlyReads();
}

TEST_F(ProbeTest, TruckiWithItsSetpoint) {
  Modbus({{3, &trucki_}});
  const auto report = Probe(At("trucki", modbus_->path(), 3));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->details().readings().count("setpoint_w"), 1u);
  EXPECT_EQ(report->details().readings().at("dc_voltage_v"), 26.4);
  ExpectOnlyReads();
}

TEST_F(ProbeTest, JkWithItsCells) {
  Jk();
  const auto report = Probe(At("jk-bms", jk_->path()));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->details().readings().at("cell_08_voltage_v"), 3.312);
}

TEST_F(ProbeTest, JkThatIsSilentIsExplained) {
  Jk().SetFaults({.silent = true});
  const auto report = Probe(At("jk-bms", jk_->path()));
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("4E57"));
}

TEST_F(ProbeTest, ShellyOverHttp) {
  sim::ShellyMeterWire wire({});
  ASSERT_TRUE(wire.Start().ok());
  wire.Measure(Watts(412));
  v1::DeviceTarget target;
  target.mutable_location()->set_type("shelly-3em");
  target.mutable_location()->set_host("127.0.0.1");
  target.mutable_location()->set_network_port(static_cast<uint32_t>(wire.port()));
  const auto report = Probe(target, 5);  // it waits for a second measurement, which does not come
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_NEAR(report->details().readings().at("power_w"), 412, 1);
}

struct PlugCase {
  const char* name;
  sim::Plug::Options plug;
  std::string kind;
  std::string configured;
};
class ProbePlugTest : public ProbeTest, public testing::WithParamInterface<PlugCase> {
 protected:
  absl::StatusOr<v1::DeviceReport> ProbeAt(int port, const std::string& password_file) {
    v1::DeviceTarget target;
    target.mutable_location()->set_type("switched-charger");
    target.mutable_location()->set_host("127.0.0.1");
    target.mutable_location()->set_network_port(static_cast<uint32_t>(port));
    auto& settings = *target.mutable_location()->mutable_settings();
    if (!password_file.empty()) settings["password_file"] = password_file;
    if (GetParam().plug.relay != 1) settings["relay"] = std::to_string(GetParam().plug.relay);
    return Probe(target);
  }
};

TEST_P(ProbePlugTest, SaysWhatItIsAndWhatToWrite) {
  const PlugCase& row = GetParam();
  sim::Plug plug(row.plug);
  ASSERT_TRUE(plug.Start().ok());
  const std::string file = testing::TempDir() + "/plug_password_" + row.name;
  std::ofstream(file) << row.plug.password << "\n";
  const bool locked = !row.plug.password.empty();
  const auto report = ProbeAt(plug.port(), locked ? file : "");
  ASSERT_TRUE(report.ok()) << report.status();
  const auto& identity = report->details().identity();
  EXPECT_EQ(identity.at("kind"), row.kind);
  EXPECT_EQ(identity.at("login"), locked ? "as given" : "none");
  EXPECT_EQ(report->details().readings().at("relays"), row.plug.relay);
  EXPECT_EQ(report->details().readings().at("has_meter"), row.plug.meter ? 1 : 0);
  EXPECT_EQ(report->details().readings().at("relay_on"), 1);
  EXPECT_THAT(identity.at("configuration"), HasSubstr(row.configured));
  EXPECT_THAT(identity.at("configuration"), HasSubstr("port: " + std::to_string(plug.port())));
  EXPECT_TRUE(plug.Told().empty()) << "it was only looked at";
  if (!locked) return;
  EXPECT_THAT(identity.at("configuration"), HasSubstr("password_file: \"" + file + "\""));
  const auto unknown = ProbeAt(plug.port(), "");
  ASSERT_TRUE(unknown.ok()) << unknown.status();
  EXPECT_EQ(unknown->details().identity().at("kind"), row.kind);
  EXPECT_EQ(unknown->details().identity().at("login"), "set: give it with password_file");
  EXPECT_EQ(unknown->details().readings().count("relay_on"), 0u);
  std::ofstream(file) << "hunter2\n";
  const auto wrong = ProbeAt(plug.port(), file);
  ASSERT_TRUE(wrong.ok()) << wrong.status();
  EXPECT_EQ(wrong->details().identity().at("login"), "set, and refuses the given user or password");
}

INSTANTIATE_TEST_SUITE_P(
    Plugs, ProbePlugTest,
    testing::Values(
        PlugCase{"Tasmota", {.password = {}, .on = true}, "Tasmota", "kind: KIND_TASMOTA"},
        PlugCase{"LockedTasmota", {.password = "geheim#12 &+%", .on = true}, "Tasmota", "kind: KIND_TASMOTA"},
        PlugCase{"OldLockedTasmota",
                 {.password = "geheim", .old_firmware = true, .on = true},
                 "Tasmota",
                 "kind: KIND_TASMOTA"},
        PlugCase{"TasmotaWithoutAMeter", {.password = {}, .meter = false, .on = true}, "Tasmota", "kind: KIND_TASMOTA"},
        PlugCase{"Shelly1",
                 {.kind = sim::Plug::Kind::kShellyGen1, .password = {}, .on = true},
                 "Shelly generation 1",
                 "kind: KIND_SHELLY_GEN1"},
        PlugCase{"SecondRelayOfALockedShelly1",
                 {.kind = sim::Plug::Kind::kShellyGen1, .relay = 2, .password = "p", .on = true},
                 "Shelly generation 1",
                 "relay: 2"},
        PlugCase{"Shelly2",
                 {.kind = sim::Plug::Kind::kShellyGen2, .password = {}, .meter = false, .on = true},
                 "Shelly generation 2 or later",
                 "kind: KIND_SHELLY_GEN2"},
        PlugCase{"LockedShelly2",
                 {.kind = sim::Plug::Kind::kShellyGen2, .password = "p", .on = true},
                 "Shelly generation 2 or later",
                 "kind: KIND_SHELLY_GEN2"}),
    [](const auto& info) { return info.param.name; });

TEST_F(ProbeTest, AnotherWebServerIsNoPlug) {
  sim::ShellyMeterWire wire({});
  ASSERT_TRUE(wire.Start().ok());
  v1::DeviceTarget target;
  target.mutable_location()->set_type("switched-charger");
  target.mutable_location()->set_host("127.0.0.1");
  target.mutable_location()->set_network_port(static_cast<uint32_t>(wire.port()));
  const auto report = Probe(target);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->details().identity().at("model"), "SHEM-3") << "what it is can be told all the same";
}

TEST_F(ProbeTest, DeviceIsWaitedForAsLongAsIsWanted) {
  v1::ProbeDeviceRequest request;
  request.mutable_target()->mutable_location()->set_type("shelly-3em");
  request.mutable_target()->mutable_location()->set_host("127.0.0.1");
  request.mutable_target()->mutable_location()->set_network_port(1);
  request.mutable_limit()->set_nanos(300'000'000);
  const MonotonicTime begin = MonotonicNow();
  EXPECT_EQ(desk_.Probe(request, Never).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(MonotonicNow() - begin, 10s) << "without a wish it has 20 s";
  request.mutable_limit()->set_seconds(60);
  const absl::Status refused = desk_.Probe(request, Never).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.message(), "a device is waited for 0.1 s to 60 s, not 60.3 s");
}

// One row per way of not being the device that was asked for.
struct SilenceCase {
  const char* name;
  sim::LineFaults faults;
  absl::StatusCode code;
  const char* sentence;
};

class SilenceTest : public ProbeTest, public testing::WithParamInterface<SilenceCase> {};

TEST_P(SilenceTest, IsToldInWords) {
  Modbus({{1, &lumentree_}}).SetFaults(GetParam().faults);
  const MonotonicTime begin = MonotonicNow();
  const auto report = Probe(At("lumentree", modbus_->path()));
  EXPECT_EQ(report.status().code(), GetParam().code) << report.status();
  EXPECT_THAT(std::string(report.status().message()), HasSubstr(GetParam().sentence));
  EXPECT_LT(MonotonicNow() - begin, 15s);
}

INSTANTIATE_TEST_SUITE_P(
    Lumentree, SilenceTest,
    testing::Values(
        SilenceCase{"Silent", {.silent = true}, absl::StatusCode::kUnavailable, "no answer from unit 1 on"},
        SilenceCase{"SilentSaysWhatToCheck", {.silent = true}, absl::StatusCode::kUnavailable, "swapped"},
        SilenceCase{"Garbage", {.corrupt_every = 1}, absl::StatusCode::kUnavailable, "wrong baud rate"},
        SilenceCase{"HalfFrames", {.half_every = 1}, absl::StatusCode::kUnavailable, "answer"},
        SilenceCase{"AnotherUnitAnswers", {.wrong_address = true}, absl::StatusCode::kUnavailable, "unit 1"},
        SilenceCase{"Refusal", {.exception = 2}, absl::StatusCode::kInvalidArgument, "refuses register 107"}),
    [](const auto& info) { return info.param.name; });

// Every register 0: a device that is no inverter.
class Zeros final : public sim::ModbusUnit {
 public:
  uint8_t Read(uint16_t, uint16_t count, std::vector<uint16_t>& values) override {
    values.assign(count, 0);
    return 0;
  }
  uint8_t Write(uint16_t, const std::vector<uint16_t>&) override { return 0; }
};

TEST_F(ProbeTest, DeviceThatOnlyHasZerosIsNoInverter) {
  Zeros zeros;
  Modbus({{1, &zeros}});
  EXPECT_THAT(std::string(Probe(At("lumentree", modbus_->path())).status().message()),
              HasSubstr("neither battery nor mains"));
  modbus_->Stop();
}

TEST_F(ProbeTest, OwnedLineIsNamed) {
  Modbus({{1, &lumentree_}});
  const auto owner = OpenSerialPort({.port = modbus_->path()});
  ASSERT_TRUE(owner.ok());
  EXPECT_EQ(Probe(At("lumentree", modbus_->path())).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Probe(At("jk-bms", modbus_->path())).status().code(), absl::StatusCode::kFailedPrecondition);
}

// What makes no sense never reaches a wire.
TEST_F(ProbeTest, WrongTargetsAreExplained) {
  struct Row {
    v1::DeviceTarget target;
    const char* sentence;
  };
  v1::DeviceTarget name;
  name.set_name("lumentree");
  v1::DeviceTarget unknown;
  unknown.set_name("inverter");
  v1::DeviceTarget setting = At("lumentree", "/dev/x");
  (*setting.mutable_location()->mutable_settings())["modell"] = "600";
  v1::DeviceTarget model = At("lumentree", "/dev/x");
  (*model.mutable_location()->mutable_settings())["model"] = "700";
  v1::DeviceTarget baud = At("lumentree", "/dev/x");
  baud.mutable_location()->set_baud(4'000'000'000u);
  const Row rows[] = {{name, "say where it is: --port"},
                      {unknown, "no device of the configuration is called \"inverter\""},
                      {v1::DeviceTarget(), "target is missing"},
                      {At("lumentry", "/dev/x"), "there is no type of device \"lumentry\"; known: jk-bms, lumentree, "},
                      {At("house", "/dev/x"), "part of the daemon itself"},
                      {At("lumentree", ""), "give its port"},
                      {At("lumentree", "/dev/x", 248), "address 248 is outside [1, 247]"},
                      {At("trucki", "/dev/x", 16), "address 16 is outside [1, 15]"},
                      {At("jk-bms", "/dev/x", 1), "has no address"},
                      {At("mqtt", "/dev/x"), "give its host"},
                      {setting, "no setting \"modell\": model"},
                      {model, "\"700\" is none of 600, 1000, 2000"},
                      {baud, "baud is outside"}};
  for (const Row& row : rows) {
    const auto report = Probe(row.target);
    EXPECT_FALSE(report.ok()) << row.sentence;
    EXPECT_THAT(std::string(report.status().message()), HasSubstr(row.sentence));
  }
}

TEST_F(ProbeTest, RawRegisters) {
  Modbus({{1, &lumentree_}});
  v1::ReadDeviceRequest request;
  *request.mutable_target() = At("lumentree", modbus_->path());
  request.mutable_registers()->set_first(109);
  request.mutable_registers()->set_count(1);
  const auto response = desk_.Read(request, Never);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->registers_size(), 1);
  EXPECT_EQ(response->registers(0).address(), 109u);
  EXPECT_EQ(response->registers(0).value(), 264u);
  ExpectOnlyReads();
}

TEST_F(ProbeTest, RegistersOutsideTheMapAreRefused) {
  v1::ReadDeviceRequest request;
  *request.mutable_target() = At("lumentree", "/dev/x");
  for (const auto& [first, count] : {std::pair(0u, 0u), {0u, 33u}, {65535u, 2u}, {65536u, 1u}, {4'000'000'000u, 1u}}) {
    request.mutable_registers()->set_first(first);
    request.mutable_registers()->set_count(count);
    EXPECT_EQ(desk_.Read(request, Never).status().code(), absl::StatusCode::kInvalidArgument) << first << " " << count;
  }
  *request.mutable_target() = At("jk-bms", "/dev/x");
  request.mutable_registers()->set_first(0);
  request.mutable_registers()->set_count(1);
  EXPECT_THAT(std::string(desk_.Read(request, Never).status().message()), HasSubstr("has no registers"));
}

TEST_F(ProbeTest, TypesAreListedOnceWithTheirKinds) {
  const v1::ListDeviceTypesResponse types = desk_.Types();
  int houses = 0;
  for (const v1::DeviceTypeInfo& type : types.types()) {
    if (type.name() == "lumentree") {
      EXPECT_EQ(type.reached_by(), "serial");
      EXPECT_EQ(type.writable(0).lowest(), -600);
      EXPECT_EQ(type.address_highest(), 247u);
    }
    if (type.name() != "house") continue;
    ++houses;
    EXPECT_THAT(type.kinds(), ElementsAre("meter", "converter", "battery"));
    EXPECT_EQ(type.reached_by(), "");
  }
  EXPECT_EQ(houses, 1);
}

}  // namespace
}  // namespace abcds
