#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "clients/fake_daemon.h"
#include "clients/verbs.h"

namespace abcds {
namespace {

using testing::HasSubstr;

v1::ListedDevice Charger(const std::string& name) {
  v1::ListedDevice device;
  device.set_name(name);
  device.set_kind("converter");
  device.set_type("meanwell-npb");
  device.set_lifecycle(v1::LIFECYCLE_ACTIVE);
  (*device.mutable_details()->mutable_identity())["model"] = "NPB-1200-24";
  (*device.mutable_details()->mutable_identity())["serial_number"] = "241105000042";
  auto& readings = *device.mutable_details()->mutable_readings();
  readings["dc_voltage_v"] = 26.61;
  readings["current_setpoint_a"] = 7.2;
  readings["operation_on"] = 1;
  device.mutable_details()->set_trouble("its output is hot");
  return device;
}

struct Case {
  const char* name;
  std::vector<std::string> arguments;
  int code;
  const char* said;  // a part of either output
};
class MeanwellAnswersTest : public testing::TestWithParam<Case> {
 protected:
  // Not the daemon's binary: handed over, each verb fails with its path.
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--abcdsd", "/nowhere/abcdsd", "meanwell"});
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunCommand(arguments, {.address = daemon_.address(), .out = out, .err = err});
    said_ = out.str() + err.str();
    return code;
  }

  FakeDaemon daemon_;
  std::string said_;
};

TEST_P(MeanwellAnswersTest, AsTheDaemonHasIt) {
  daemon_.AddDevice(Charger("charger"));
  EXPECT_EQ(Run(GetParam().arguments), GetParam().code) << said_;
  EXPECT_THAT(said_, HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    Verbs, MeanwellAnswersTest,
    testing::Values(
        Case{"Voltage", {"vread"}, 0, "READ_VOUT: 26.61 V\n(as the running daemon has it)\n"},
        Case{"ByItsName", {"ccread", "charger"}, 0, "IOUT_SET: 7.2 A\n"},
        Case{"WithAConfiguration", {"vread", "--config", "house.textproto"}, 0, "READ_VOUT: 26.61 V\n"},
        Case{"ByTheManualsName", {"read", "read_vout", "charger"}, 0, "READ_VOUT: 26.61 V\n"},
        Case{"Switch", {"readonoff"}, 0, "OPERATION: on\n"},
        Case{"Faults", {"faultread"}, 0, "trouble: its output is hot\n"},
        Case{"Type", {"typeread"}, 0, "model: NPB-1200-24\nserial_number: 241105000042\n"},
        Case{"Dump", {"dump"}, 0, "OPERATION: on\nIOUT_SET: 7.2 A\nREAD_VOUT: 26.61 V\ntrouble: its output is hot\n"},
        Case{"NoSuchValue", {"npb_readcurve"}, 1, "has no value for NPB_readcurve: stop it"},
        Case{"NoSuchCommand", {"read", "CURVE_CC"}, 1, "has no value for read CURVE_CC: stop it"},
        Case{"Serial", {"serialread"}, 0, "serial_number: 241105000042\n"},
        Case{"ChargerMode", {"NPB_chargemode", "0"}, 1, "not written: the daemon drives charger"},
        Case{"SystemStatus", {"statusread"}, 1, "has no value for statusread: stop it"},
        Case{"ValueThatIsNotThereNow", {"tempread"}, 1, "has no value for tempread: stop it"},
        Case{"OfNoDeviceOfOurs", {"vread", "heater"}, 1, "/nowhere/abcdsd"},
        Case{"ByPlace", {"vread", "--can", "can0", "--type", "npb"}, 1, "/nowhere/abcdsd"},
        Case{"Nonsense", {"levitate"}, 1, "/nowhere/abcdsd"}, Case{"Help", {"help"}, 1, "/nowhere/abcdsd"},
        Case{"Off", {"off"}, 1, "not written: the daemon drives charger"},
        Case{"Setpoint", {"ccset", "7.2A", "charger"}, 1, "not written: the daemon drives charger"},
        Case{"WriteByTheManualsName", {"write", "IOUT_SET", "720"}, 1, "abcdsctl mode forced --power 500W"},
        Case{"Commission", {"commission", "charger", "--yes"}, 1, "the daemon drives charger: stop it (systemctl stop"}),
    [](const auto& info) { return info.param.name; });

TEST_F(MeanwellAnswersTest, WhatEveryVerbTakesMayStandBehindIt) {
  daemon_.AddDevice(Charger("charger"));
  for (const bool one_word : {false, true}) {
    std::vector<std::string> arguments = {"meanwell", "--abcdsd=/nowhere/abcdsd", "vread", "--timeout", "20s"};
    if (one_word) {
      arguments.push_back("--address=" + daemon_.address());
    } else {
      arguments.insert(arguments.end(), {"--address", daemon_.address()});
    }
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(RunCommand(arguments, {.address = "127.0.0.1:1", .out = out, .err = err}), 0) << err.str();
    EXPECT_THAT(out.str(), HasSubstr("as the running daemon has it"));
    arguments.push_back("--json");
    EXPECT_EQ(RunCommand(arguments, {.address = "127.0.0.1:1", .out = out, .err = err}), 0) << err.str();
    EXPECT_THAT(out.str(), HasSubstr("\"source\""));
  }
}

TEST_F(MeanwellAnswersTest, WhichOfTwo) {
  daemon_.AddDevice(Charger("left"));
  daemon_.AddDevice(Charger("right"));
  EXPECT_EQ(Run({"vread"}), 2);
  EXPECT_THAT(said_, HasSubstr("which one: left, right?"));
  EXPECT_EQ(Run({"vread", "right"}), 0) << said_;
}

TEST_F(MeanwellAnswersTest, OneThatDoesNotAnswer) {
  v1::ListedDevice charger = Charger("charger");
  charger.set_lifecycle(v1::LIFECYCLE_CONNECTING);
  daemon_.AddDevice(charger);
  EXPECT_EQ(Run({"vread"}), 1);
  EXPECT_THAT(said_, HasSubstr("charger does not answer the daemon: its output is hot"));
}

TEST_F(MeanwellAnswersTest, ADaemonThatRefusesMayDriveIt) {
  daemon_.RefuseWith({grpc::StatusCode::INTERNAL, "out of order"});
  EXPECT_NE(Run({"off"}), 0);
  EXPECT_THAT(said_, HasSubstr("out of order"));
}

TEST_F(MeanwellAnswersTest, WithoutMeanwellTheToolIsAsked) {
  EXPECT_EQ(Run({"off"}), 1);
  EXPECT_THAT(said_, HasSubstr("/nowhere/abcdsd"));
}

}  // namespace
}  // namespace abcds
