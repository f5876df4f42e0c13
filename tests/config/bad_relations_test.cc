// Fields that are good alone and make no sense together.
#include "tests/config/bad_config.h"

namespace abcds {
namespace {

TEST_P(BadConfigTest, IsRefusedWithTheReason) {
  EXPECT_EQ(ProblemsOf(Changed(GetParam().from, GetParam().to)), GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    Devices, BadConfigTest,
    testing::Values(
        Case{"MoreThanTheModelCan",
             "lumentree {",
             "max_discharge_w: 700 lumentree {",
             {"f:3: converter[0].max_discharge_w = 700 is more than this device can do (600)"}},
        Case{"AnInverterCannotCharge",
             "lumentree {",
             "max_charge_w: 300 min_charge_w: 50 lumentree {",
             {"f:3: converter[0].max_charge_w = 300: a lumentree of this kind cannot charge",
              "f:3: converter[0].min_charge_w = 50: a lumentree of this kind cannot charge"}},
        Case{"MinimumAboveMaximum",
             "lumentree {",
             "min_discharge_w: 400 max_discharge_w: 300 lumentree {",
             {"f:3: converter[0].min_discharge_w leaves no power between the minimum of 400 W and the maximum of 300 W "
              "to discharge with"}},
        Case{
            "MaximumBelowTheDevicesMinimum",
            "lumentree {",
            "max_discharge_w: 20 lumentree {",
            {"f:3: converter[0].max_discharge_w leaves no power between the minimum of 28 W and the maximum of 20 W to "
             "discharge with"}},
        Case{"JumpsOfOldTruckiFirmware",
             "lumentree { model: MODEL_600 bus: \"line\" }",
             "min_discharge_w: 50 trucki { model: MODEL_1000 bus: \"line\" }",
             {"f:3: converter[0].min_discharge_w = 50: boards with firmware up to 1.08 may jump to full power below 76 "
              "W; "
              "give at least 76, or trucki.newer_firmware: true"}},
        Case{"NewerTruckiFirmwareDoesNotJump",
             "lumentree { model: MODEL_600 bus: \"line\" }",
             "min_discharge_w: 50 trucki { model: MODEL_1000 bus: \"line\" newer_firmware: true }",
             {}},
        Case{"MoreThanTheBoardsMakerRecommends",
             "lumentree { model: MODEL_600 bus: \"line\" }",
             "max_discharge_w: 1000 trucki { model: MODEL_1000 bus: \"line\" }",
             {"f:3: converter[0].max_discharge_w = 1000 is more than this device can do (850)"}},
        Case{"NothingAllowed",
             "lumentree {",
             "max_discharge_w: 0 lumentree {",
             {"f:3: converter[0] may neither charge nor discharge: both of its maxima are 0"}},
        Case{"SimulatedMeterWithARealInverter",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "house {}",
             {"f: meter is simulated and converter[0] is real hardware: a simulated house must not steer a real "
              "battery, "
              "nor be steered with one"}},
        Case{"ASecondSimulatedCharger",
             kGood,
             "meter { house {} }\nconverter { name: \"a\" house_charger {} }\nconverter { name: \"b\" house_charger {} "
             "}\n"
             "battery { cells: 8 capacity_ah: 100 }",
             {"f:3: converter[1] is a second house_charger; the simulated house has one, converter[0]"}},
        Case{"SimulatedMeterIsNotInverted",
             kGood,
             "meter { house {} invert: true }\nconverter { name: \"a\" house_charger {} }\n"
             "battery { cells: 8 capacity_ah: 100 }",
             {"f:1: meter.invert = true: the simulated house's meter counts import as positive"}},
        Case{"Wildcard",
             "\"power\"",
             "\"house/+/power\"",
             {"f:2: meter.mqtt.topic = \"house/+/power\" has a wildcard (# or +): name the one topic of the grid "
              "power"}},
        Case{"EmptyPath",
             "topic:",
             "json_path: \"\" topic:",
             {"f:2: meter.mqtt.json_path is empty: leave it out for a plain number"}},
        Case{"HostWithScheme",
             "host: \"broker\"",
             "host: \"mqtt://broker\"",
             {"f:2: meter.mqtt.broker.host = \"mqtt://broker\" must be a plain host name or address; the port has its "
              "own field"}},
        Case{"PasswordWithoutUser",
             "host: \"broker\"",
             "host: \"broker\" password: \"hunter2\"",
             {"f:2: meter.mqtt.broker.user is missing: MQTT knows no password without a user"}},
        Case{"TwoPasswords",
             "host: \"broker\"",
             "host: \"broker\" user: \"u\" password: \"hunter2\" password_file: \"/p\"",
             {"f:2: meter.mqtt.broker.password_file and password are both given; only one can be"}},
        Case{"RelativePasswordFile",
             "host: \"broker\"",
             "host: \"broker\" user: \"u\" password_file: \"p\"",
             {"f:2: meter.mqtt.broker.password_file must be a full path"}},
        Case{"CertificateWithoutKey",
             "host: \"broker\"",
             "host: \"broker\" tls { certificate_file: \"/c\" }",
             {"f:2: meter.mqtt.broker.tls.key_file is missing: a client's certificate and its key come together"}},
        Case{"RelativeCertificate",
             "host: \"broker\"",
             "host: \"broker\" tls { ca_file: \"ca.pem\" }",
             {"f:2: meter.mqtt.broker.tls.ca_file must be a full path"}},
        Case{"AuthorityThatIsNotUsed",
             "host: \"broker\"",
             "host: \"broker\" tls { ca_file: \"/c\" insecure: true }",
             {"f:2: meter.mqtt.broker.tls.insecure = true makes ca_file pointless: give one of them"}}),
    NameOf);

constexpr char kInverter[] = "lumentree { model: MODEL_600 bus: \"line\" }";

// A Mean Well in the place of the inverter, at the end of the CAN bus that follows it.
std::string Meanwell(const std::string& options) {
  return Changed(std::string("name: \"inverter\" ") + kInverter + " }",
                 "name: \"c\" " + options + " }\ncan_bus { name: \"can\" interface: \"can0\" }");
}

struct VoltageCase {
  const char* name;
  const char* options;
  std::vector<std::string> problems;
};

class MeanwellVoltageTest : public testing::TestWithParam<VoltageCase> {};

TEST_P(MeanwellVoltageTest, MustFitTheCells) {
  EXPECT_EQ(ProblemsOf(Meanwell(GetParam().options)), GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    EightCells, MeanwellVoltageTest,
    testing::Values(
        VoltageCase{"Full", "meanwell_npb { bus: \"can\" charge_voltage_v: 29.2 }", {}},
        VoltageCase{"OfTwiceTheCells",
                    "meanwell_npb { bus: \"can\" charge_voltage_v: 56 }",
                    {"f:3: converter[0].meanwell_npb.charge_voltage_v = 56 is more than 3.65 V for each of the 8 cells, "
                     "29.2 V together"}},
        VoltageCase{"ALittleTooMuchIsTooMuch",
                    "meanwell_npb { bus: \"can\" charge_voltage_v: 29.7 }",
                    {"f:3: converter[0].meanwell_npb.charge_voltage_v = 29.7 is more than 3.65 V for each of the 8 "
                     "cells, 29.2 V together"}},
        VoltageCase{"OfAnEmptyBattery",
                    "meanwell_npb { bus: \"can\" charge_voltage_v: 13.8 }",
                    {"f:3: converter[0].meanwell_npb.charge_voltage_v = 13.8 is not above 24.4 V, where the 8 cells are "
                     "empty"}},
        VoltageCase{"CorrectionHasRoomAboveFull",
                    "meanwell_npb { bus: \"can\" charge_voltage_v: 29.2 voltage_correction_v: 0.5 }",
                    {}},
        VoltageCase{"CorrectionIsNoWayAroundIt",
                    "meanwell_npb { bus: \"can\" charge_voltage_v: 29.2 voltage_correction_v: 0.7 }",
                    {"f:3: converter[0].meanwell_npb.voltage_correction_v = 0.7 sets the device to 29.9 V: more than 2 % "
                     "above 3.65 V for each of the 8 cells"}},
        VoltageCase{"BicLikewise",
                    "meanwell_bic { bus: \"can\" charge_voltage_v: 30 }",
                    {"f:3: converter[0].meanwell_bic.charge_voltage_v = 30 is more than 3.65 V for each of the 8 cells, "
                     "29.2 V together"}},
        VoltageCase{"DischargeAboveCharge",
                    "meanwell_bic { bus: \"can\" charge_voltage_v: 27 discharge_voltage_v: 27 }",
                    {"f:3: converter[0].meanwell_bic.discharge_voltage_v = 27 is not below 27 V, up to which it "
                     "charges"}},
        VoltageCase{"DischargeOfHalfTheCells",
                    "meanwell_bic { bus: \"can\" discharge_voltage_v: 12 }",
                    {"f:3: converter[0].meanwell_bic.discharge_voltage_v = 12 is less than 2.5 V for each of the 8 "
                     "cells, 20 V together"}}),
    [](const auto& info) { return info.param.name; });

class SwitchedChargerTest : public testing::TestWithParam<Case> {};

// With an inverter beside it that measures the battery, where no BMS does.
TEST_P(SwitchedChargerTest, IsRefusedWithTheReason) {
  const std::string plug = GetParam().to;
  const bool has_bms = plug.find("bms {") != std::string::npos;
  const std::string inverter = has_bms ? "" : std::string(" } converter { name: \"i\" ") + kInverter;
  EXPECT_EQ(ProblemsOf(Changed(GetParam().from, plug + inverter)), GetParam().problems);
}

TEST(SwitchedChargerAlone, HasNobodyWhoMeasuresTheBattery) {
  EXPECT_EQ(ProblemsOf(Changed(kInverter, "switched_charger { kind: KIND_TASMOTA host: \"plug\" power_w: 600 }")),
            std::vector<std::string>{"f: nothing here measures the battery's voltage, and without it nothing is charged: add "
                                     "a bms, or a converter that measures it"});
}

INSTANTIATE_TEST_SUITE_P(
    Relations, SwitchedChargerTest,
    testing::Values(
        Case{"IsComplete", kInverter, "switched_charger { kind: KIND_TASMOTA host: \"plug\" power_w: 600 }", {}},
        Case{"LacksWhatMustBeGiven",
             kInverter,
             "switched_charger {}",
             {"f:3: converter[0].switched_charger.kind is missing: one of KIND_TASMOTA, KIND_SHELLY_GEN1, "
              "KIND_SHELLY_GEN2",
              "f:3: converter[0].switched_charger.host is missing: text in quotes",
              "f:3: converter[0].switched_charger.power_w is missing: without a bms nothing shows what the charger "
              "draws: write what a meter at its plug shows while it is on"}},
        Case{"PowerIsLearnedWithABms",
             kInverter,
             "switched_charger { kind: KIND_TASMOTA host: \"plug\" } } bms { jk_bms { bus: \"line\" }",
             {}},
        Case{"NeitherLearnedNorWritten",
             kInverter,
             "switched_charger { kind: KIND_TASMOTA host: \"plug\" learn_power: false }",
             {"f:3: converter[0].switched_charger.power_w is missing: what is not learned must be written here"}},
        Case{"NothingToLearnFrom",
             kInverter,
             "switched_charger { kind: KIND_TASMOTA host: \"plug\" power_w: 600 learn_power: true }",
             {"f:3: converter[0].switched_charger.learn_power = true: without a bms nothing shows what the charger "
              "draws: write what a meter at its plug shows while it is on into power_w, and leave this out"}},
        Case{"LimitOfWhatMayBeLearned",
             kInverter,
             "max_charge_w: 1000 switched_charger { kind: KIND_TASMOTA host: \"plug\" power_w: 600 learn_power: true } } "
             "bms { jk_bms { bus: \"line\" }",
             {"f:3: converter[0].max_charge_w cannot limit a charger that is only ever on or off: leave it out"}},
        Case{"TwoOnOnePlugHoweverItIsWritten",
             kInverter,
             "switched_charger { kind: KIND_TASMOTA host: \"Plug.lan.\" power_w: 600 } } converter { name: \"b\" "
             "switched_charger { kind: KIND_SHELLY_GEN2 host: \"plug.LAN\" port: 80 relay: 1 power_w: 300 }",
             {"f:3: converter[1] acts on the plug at plug.lan:80, relay 1, as converter[0] does: one of them is too much"}},
        Case{"TwoRelaysOfOnePlug",
             kInverter,
             "switched_charger { kind: KIND_TASMOTA host: \"plug\" power_w: 600 } } converter { name: \"b\" "
             "switched_charger { kind: KIND_TASMOTA host: \"plug\" relay: 2 power_w: 300 }",
             {}},
        Case{"TimerThatOneSlowAnswerWouldLetRunOut",
             kInverter,
             "switched_charger { kind: KIND_TASMOTA host: \"plug\" power_w: 600 auto_off_s: 5 }",
             {"f:3: converter[0].switched_charger.auto_off_s = 5 is too short: 0, or at least 30"}},
        Case{"OffAboveOn",
             kInverter,
             "switched_charger { kind: KIND_TASMOTA host: \"plug\" power_w: 600 switch_on_w: 300 }",
             {"f:3: converter[0].switched_charger.switch_off_w = 360 is not below switch_on_w = 300"}},
        Case{"AnotherUserThanTheDeviceKnows",
             kInverter,
             "switched_charger { kind: KIND_SHELLY_GEN2 host: \"plug\" power_w: 600 user: \"bob\" password: \"p\" }",
             {"f:3: converter[0].switched_charger.user = \"bob\": these devices know admin only"}},
        Case{"LimitOfWhatIsOnOrOff",
             kInverter,
             "max_charge_w: 300 switched_charger { kind: KIND_TASMOTA host: \"plug\" power_w: 600 }",
             {"f:3: converter[0].max_charge_w cannot limit a charger that is only ever on or off: leave it out"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Shelly, BadConfigTest,
    testing::Values(
        Case{"HostWithAPath",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "shelly_3em { host: \"http://meter/status\" }",
             {"f:2: meter.shelly_3em.host = \"http://meter/status\" must be a plain host name or address; port, user "
              "and "
              "password have their own fields"}},
        Case{"NoHost",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "shelly_3em { port: 80 }",
             {"f:2: meter.shelly_3em.host is missing: text in quotes"}},
        Case{"TwoPasswords",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "shelly_3em { host: \"m\" user: \"u\" password: \"p\" password_file: \"/p\" }",
             {"f:2: meter.shelly_3em.password_file and password are both given; only one can be"}},
        Case{"PasswordWithoutUser",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "shelly_3em { host: \"m\" password: \"p\" }",
             {"f:2: meter.shelly_3em.user is missing: the login needs both (the device's default is admin)"}},
        Case{"RelativePasswordFile",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "shelly_3em { host: \"m\" user: \"u\" password_file: \"p\" }",
             {"f:2: meter.shelly_3em.password_file must be a full path"}},
        Case{"TooOften",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "interval_s: 0.2 shelly_3em { host: \"m\" }",
             {"f:2: meter.interval_s = 0.2 is too often for a Shelly: at least 0.5, and it measures once a second"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Battery, BadConfigTest,
    testing::Values(
        Case{"RestartBelowEmpty",
             "cells: 8",
             "cells: 8 cell_voltage_min: 3.2 cell_voltage_min_restart: 3.1",
             {"f:4: battery.cell_voltage_min = 3.2 must be below cell_voltage_min_restart = 3.1"}},
        Case{"EmptyAboveTheDefaultRestart",
             "cells: 8",
             "cells: 8 cell_voltage_min: 3.25",
             {"f:4: battery.cell_voltage_min = 3.25 must be below cell_voltage_min_restart = 3.2 (default)"}},
        Case{"RestartAtEmpty",
             "cells: 8",
             "cells: 8 cell_voltage_min: 3.2",
             {"f:4: battery.cell_voltage_min = 3.2 must be below cell_voltage_min_restart = 3.2 (default)"}},
        Case{"FullAtItsRestartIsFine", "cells: 8", "cells: 8 cell_voltage_max: 3.34", {}},
        Case{"RestartsCross",
             "cells: 8",
             "cells: 8 cell_voltage_min_restart: 3.4",
             {"f:4: battery.cell_voltage_min_restart = 3.4 must be below cell_voltage_max_restart = 3.34 (default)"}},
        Case{"FullBelowItsRestart",
             "cells: 8",
             "cells: 8 cell_voltage_max: 3.3",
             {"f:4: battery.cell_voltage_max = 3.3 must be at or above cell_voltage_max_restart = 3.34 (default)"}},
        Case{"VoltageOfAPackInsteadOfACell",
             "cells: 8",
             "cells: 8 cell_voltage_max: 27.6",
             {"f:4: battery.cell_voltage_max = 27.6 is outside [2.5, 3.65]"}},
        Case{"SocWithoutABms",
             "cells: 8",
             "cells: 8 soc_min: 0.1 soc_restart: 0.2",
             {"f:4: battery.soc_min needs a bms to be measured by; the file has none",
              "f:4: battery.soc_restart needs a bms to be measured by; the file has none"}},
        Case{"SocRestartBelow",
             "battery { cells: 8",
             "bms { house {} }\nbattery { cells: 8 soc_min: 0.2",
             {"f:5: battery.soc_min = 0.2 must be below soc_restart = 0.05 (default)",
              "f: bms is simulated and converter[0] is real hardware: a simulated house must not steer a real battery, "
              "nor be steered with one"}},
        Case{"NarrowTemperatures",
             "battery { cells: 8",
             "bms { house {} }\nbattery { cells: 8 charge_temperature_min_c: 40",
             {"f:5: battery.charge_temperature_min_c = 40 leaves less than 11 °C to charge_temperature_max_c = 45 "
              "(default); power is derated over the last 5 °C at each end",
              "f: bms is simulated and converter[0] is real hardware: a simulated house must not steer a real battery, "
              "nor be steered with one"}},
        Case{"CurrentOfASlippedPoint",
             "cells: 8",
             "cells: 8 max_discharge_current_a: 500",
             {"f:4: battery.max_discharge_current_a = 500 is more than 3 times capacity_ah = 100 per hour"}},
        Case{
            "FullWhileCharging",
            "cells: 8",
            "cells: 8 full_current_a: 60",
            {"f:4: battery.full_current_a makes full_current_a = 60 reach max_charge_current_a = 50: the battery would "
             "count as full while charging normally"}},
        Case{"Resistance",
             "cells: 8",
             "cells: 8 resistance_mohm: 100",
             {"f:4: battery.resistance_mohm = 100 drops 5 V at the largest current, more than a tenth of 25.6 V"}},
        Case{"CurrentThatStartsNoInverter",
             "cells: 8",
             "cells: 8 max_discharge_current_a: 0.5",
             {"f:3: converter[0] could never discharge: it needs at least 28 W, and battery.max_discharge_current_a = "
              "0.5 "
              "allows 13.8 W"}},
        Case{"PlausibleBelowTheConverters",
             "mqtt {",
             "plausible_w: 500 mqtt {",
             {"f:2: meter.plausible_w = 500 is less than the converters' 600 W: the meter's own values would be "
              "refused"}},
        Case{"TargetBeyondPlausible", "battery {", "regulation { target_w: -1500 }\nbattery {", {}},
        Case{
            "TargetBeyondASmallPlausible",
            "meter {",
            "regulation { target_w: -1500 }\nmeter { plausible_w: 1000",
            {"f:2: regulation.target_w = -1500 is beyond meter.plausible_w = ± 1000: the meter's values there would be "
             "refused"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Services, BadConfigTest,
    testing::Values(
        Case{"BeyondLoopback",
             "battery {",
             "services { grpc_listen: \"0.0.0.0:50051\" }\nbattery {",
             {"f:4: services.grpc_listen = \"0.0.0.0:50051\" is reachable by others, and this version protects nothing "
              "beyond loopback: only 127.0.0.0/8, localhost and [::1]; from elsewhere use an SSH tunnel"}},
        Case{"AnAddressOfTheLan",
             "battery {",
             "services { metrics_listen: \"192.168.1.5:9105\" }\nbattery {",
             {"f:4: services.metrics_listen = \"192.168.1.5:9105\" is reachable by others, and this version protects "
              "nothing beyond loopback: only 127.0.0.0/8, localhost and [::1]; from elsewhere use an SSH tunnel"}},
        Case{
            "NoPort",
            "battery {",
            "services { metrics_listen: \"127.0.0.1\" }\nbattery {",
            {"f:4: services.metrics_listen = \"127.0.0.1\" must be \"address:port\" with a port in [1, 65535], or \"\" "
             "for off"}},
        Case{"PortZero",
             "battery {",
             "services { metrics_listen: \"127.0.0.1:0\" }\nbattery {",
             {"f:4: services.metrics_listen = \"127.0.0.1:0\" must be \"address:port\" with a port in [1, 65535], or "
              "\"\" for off"}},
        Case{"OnePortForTwo",
             "battery {",
             "services { metrics_listen: \"[::1]:50051\" }\nbattery {",
             {"f:4: services.metrics_listen uses port 50051, which the other service has"}},
        Case{"BareIpv6",
             "battery {",
             "services { grpc_listen: \"::1:50051\" }\nbattery {",
             {"f:4: services.grpc_listen = \"::1:50051\" must be \"address:port\" with a port in [1, 65535], or \"\" "
              "for "
              "off"}},
        Case{"OtherLoopbacksAreFine",
             "battery {",
             "services { grpc_listen: \"[::1]:1\" metrics_listen: \"127.1.2.3:2\" }\nbattery {",
             {}},
        Case{"OffIsFine", "battery {", "services { grpc_listen: \"\" metrics_listen: \"\" }\nbattery {", {}}),
    NameOf);

}  // namespace
}  // namespace abcds
