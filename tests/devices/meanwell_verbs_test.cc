// `abcdsctl meanwell` and its commissioning against simulated devices on a pty.
#include "server/devices/meanwell_verbs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/sim/wire/can_line.h"
#include "hal/sim/wire/meanwell.h"
#include "server/devices/meanwell_target.h"
#include "server/state/state_file.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

class MeanwellVerbsTest : public testing::Test {
 protected:
  void Make(const sim::MeanwellOptions& device) {
    auto made = sim::MeanwellDevice::Make(device);
    ASSERT_TRUE(made.ok()) << made.status();
    device_ = *std::move(made);
    const bool bic = device.model[0] == 'B';
    device_->SetBattery(bic ? 52.0 : 26.4, 0.012);
    const char* folder = std::getenv("TEST_TMPDIR");
    const std::string base = std::string(folder != nullptr ? folder : "/tmp") + "/verbs-" + std::to_string(getpid());
    auto line = sim::CanLine::Open({.link = base});
    ASSERT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(*device_);
    line_->Start();
    config_ = base + ".textproto";
    state_dir_ = base + "-state";
    std::filesystem::remove_all(state_dir_);
    std::ofstream file(config_);
    file << "site: \"cabin\"\n"
         << "can_bus { name: \"can\" slcan_port: \"" << line_->path() << "\" }\n"
         << "meter { mqtt { broker { host: \"127.0.0.1\" } topic: \"power\" } }\n"
         << "converter { name: \"charger\" " << (bic ? "meanwell_bic" : "meanwell_npb")
         << " { bus: \"can\" address: " << int{device.unit} << " } }\n"
         << "battery { cells: " << (bic ? 16 : 8) << " capacity_ah: 100 }\n";
  }

  int Run(std::vector<std::string> words, const std::string& answers = "") {
    words.insert(words.end(), {"--config", config_, "--state_dir", state_dir_});
    return RunAsTyped(words, answers);
  }
  int RunAsTyped(const std::vector<std::string>& words, const std::string& answers = "") {
    std::istringstream in(answers);
    std::ostringstream out, err;
    const int status = RunMeanwell(words, in, out, err);
    out_ = out.str();
    err_ = err.str();
    return status;
  }
  // In the ledger of a site.
  uint64_t Counted(const std::string& site) const {
    const auto state = StateFile(state_dir_, site).Read();
    EXPECT_TRUE(state.ok()) << state.status();
    if (!state.ok() || !state->devices.contains("meanwell 241105000042")) return 0;
    return state->devices.at("meanwell 241105000042").writes;
  }
  bool Says(const std::string& words) const { return out_.find(words) != std::string::npos; }
  bool Complains(const std::string& words) const { return err_.find(words) != std::string::npos; }

  std::unique_ptr<sim::MeanwellDevice> device_;
  std::unique_ptr<sim::CanLine> line_;
  std::string config_, state_dir_, out_, err_;
};

TEST_F(MeanwellVerbsTest, ReadsAndWritesWithUnitsAndRaw) {
  Make({.noise_steps = 0});
  EXPECT_EQ(Run({"vread"}), 0) << err_;
  EXPECT_EQ(out_, "READ_VOUT: 26.4 V\n");
  EXPECT_EQ(Run({"cvset", "27.6V", "charger"}), 0) << err_;
  EXPECT_EQ(device_->Value(0x20), 2760);
  EXPECT_EQ(Run({"ccset", "720"}), 0) << err_;
  EXPECT_EQ(device_->Value(0x30), 720);
  EXPECT_EQ(Run({"typeread"}), 0);
  EXPECT_TRUE(Says("model: NPB-1200-24\nserial_number: 241105000042\n")) << out_;
  EXPECT_EQ(Run({"faultread", "--json"}), 0);
  EXPECT_EQ(
      out_,
      "{\"FAULT_STATUS\":{\"text\":\"0x0040: OP_OFF (output off)\",\"raw\":64,\"bits\":[\"OP_OFF (output off)\"]}}\n");
  EXPECT_EQ(Run({"on"}), 0);
  EXPECT_EQ(device_->Value(0x00), 1);
  EXPECT_EQ(Run({"off"}), 0);
  EXPECT_EQ(device_->Value(0x00), 0);
}

TEST_F(MeanwellVerbsTest, WhatItHoldsIsNotWrittenAgain) {
  Make({.old_firmware = true});
  EXPECT_EQ(Run({"cvset", "26.8V"}), 0) << err_;
  EXPECT_EQ(Run({"on"}), 0) << err_;
  const uint64_t stored = device_->eeprom_writes();
  const std::vector<std::vector<std::string>> again = {{"cvset", "2680"}, {"on"}, {"NPB_chargemode", "0"}};
  for (const std::vector<std::string>& words : again) {
    EXPECT_EQ(Run(words), 0) << err_;
    EXPECT_TRUE(Says("It has that already: nothing was written.")) << out_;
    EXPECT_FALSE(Says("Writes to its memory")) << out_;
  }
  EXPECT_EQ(device_->eeprom_writes(), stored);
}

// As its own help lists them (MacGH23/meanwell-can-lib, mwcancmd.py, version 0.3.0).
constexpr const char* kOriginalReads[] = {"readonoff",  "cvread",    "ccread",      "vread",           "cread",
                                          "acvread",    "tempread",  "typeread",    "serialread",      "firmwareread",
                                          "statusread", "faultread", "readscaling", "systemconfigread"};

TEST_F(MeanwellVerbsTest, AllOfTheOriginalsVerbsForAnNpb) {
  Make({.curve_config = 0x0084, .noise_steps = 0});
  for (const char* const verb : kOriginalReads) EXPECT_EQ(Run({verb}), 0) << verb << ": " << err_;
  EXPECT_EQ(Run({"readonoff"}), 0);
  EXPECT_EQ(out_, "OPERATION: off\n");
  EXPECT_EQ(Run({"statusread"}), 0);
  EXPECT_TRUE(Says("SYSTEM_STATUS: 0x")) << out_;
  EXPECT_EQ(Run({"serialread"}), 0);
  EXPECT_EQ(out_, "serial_number: 241105000042\n");
  EXPECT_EQ(Run({"NPB_readcurve"}), 0);
  EXPECT_TRUE(Says("CURVE_CONFIG: 0x0084: own curve, -3 mV/°C per cell, CUVE (charger mode)")) << out_;
  EXPECT_EQ(Run({"NPB_chargemode", "0"}), 0) << err_;
  EXPECT_EQ(device_->Value(0xB4), 0x0004) << "the other bits stay";
  EXPECT_TRUE(Says("switch its AC off, wait 10 s, and on again")) << out_;
  EXPECT_EQ(Run({"npb_chargemode", "1"}), 0) << err_;
  EXPECT_EQ(device_->Value(0xB4), 0x0084);
  EXPECT_EQ(Run({"systemconfigset", "1024"}), 0) << err_;
  EXPECT_EQ(device_->Value(0xC2), 1024);
}

TEST_F(MeanwellVerbsTest, AllOfTheOriginalsVerbsForABic) {
  Make({.model = "BIC-2200-48", .unit = 0, .system_config = 1});
  for (const char* const verb : kOriginalReads) EXPECT_EQ(Run({verb}), 0) << verb << ": " << err_;
  for (const char* const verb : {"dvread", "dcread", "fan1", "fan2"}) EXPECT_EQ(Run({verb}), 0) << verb << ": " << err_;
  EXPECT_EQ(Run({"dvset", "4800"}), 0) << err_;
  EXPECT_EQ(device_->Value(0x0120), 4800);
  EXPECT_EQ(Run({"dcset", "10A"}), 0) << err_;
  EXPECT_EQ(device_->Value(0x0130), 1000);
  EXPECT_EQ(Run({"dcset", "40A"}), 1);
  EXPECT_EQ(err_, "abcdsctl meanwell: not written: REVERSE_IOUT_SET of a BIC-2200-48 can be 0.45 to 38.3 A, not 40 A\n");
  EXPECT_EQ(Run({"discharge"}), 0) << err_;
  EXPECT_EQ(device_->Value(0x0100), 1);
  EXPECT_EQ(Run({"charge"}), 0) << err_;
  EXPECT_EQ(device_->Value(0x0100), 0);
}

TEST_F(MeanwellVerbsTest, WritesAreCountedForTheSite) {
  Make({});
  const uint64_t before = device_->eeprom_writes();
  EXPECT_EQ(Run({"ccset", "7.2A"}), 0) << err_;
  EXPECT_TRUE(Says("Writes to its memory: 1, by now 1 of meanwell 241105000042, counted in " + state_dir_ +
                   "/cabin.state.json"))
      << out_;
  EXPECT_EQ(Run({"cvset", "27.6V", "--json"}), 0) << err_;
  EXPECT_TRUE(Says("\"memory\":{\"device\":\"meanwell 241105000042\",\"writes\":1,\"all_writes\":2,")) << out_;
  EXPECT_EQ(Run({"ccset", "99A"}), 1) << "not written";
  EXPECT_EQ(Counted("cabin"), 2u);
  EXPECT_EQ(Counted("cabin"), device_->eeprom_writes() - before);
  EXPECT_EQ(Run({"vread"}), 0);
  EXPECT_FALSE(Says("memory")) << out_;
}

TEST_F(MeanwellVerbsTest, WhatIsNotStoredIsNotCounted) {
  Make({.system_config = 0x0400});
  EXPECT_EQ(Run({"ccset", "7.2A"}), 0) << err_;
  EXPECT_TRUE(Says("No write to its memory")) << out_;
  EXPECT_EQ(Run({"systemconfigset", "0x0402"}), 0) << err_;
  EXPECT_EQ(Counted("cabin"), 1u) << "the configuration always is";
}

TEST_F(MeanwellVerbsTest, WithoutAConfigurationTheSiteIsHome) {
  Make({});
  const std::vector<std::string> words = {"on", "--can", line_->path(), "--type", "npb", "--state_dir", state_dir_};
  EXPECT_EQ(RunAsTyped(words), 0) << err_;
  EXPECT_EQ(Counted("home"), 1u) << out_;
  EXPECT_EQ(Run({"off", "--can", line_->path(), "--type", "npb"}), 0) << err_;
  EXPECT_EQ(Counted("cabin"), 1u) << "of --config";
}

TEST_F(MeanwellVerbsTest, ByPlaceTheUsualConfigurationNamesTheSite) {
  Make({});
  const MeanwellChoice choice = {.config = "", .device = "", .can = "can0", .type = "npb", .unit = ""};
  for (const auto& [file, site] : {std::pair<std::string, std::string>{config_, "cabin"}, {"/nowhere", "home"}}) {
    MeanwellChoice usual = choice;
    usual.default_config = file;
    const auto target = FindMeanwell(usual);
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_EQ(target->site, site);
  }
  MeanwellChoice named = choice;
  named.config = "/nowhere";
  EXPECT_FALSE(FindMeanwell(named).ok());
}

TEST_F(MeanwellVerbsTest, SaysWhatIsNotCounted) {
  Make({});
  EXPECT_EQ(RunAsTyped({"on", "--config", config_, "--state_dir", "/proc/none"}), 0) << "the device is on";
  EXPECT_TRUE(Complains("its memory's wear was not counted: cannot make /proc/none")) << err_;
  EXPECT_TRUE(Complains("run this with sudo, or name another --state-dir")) << err_;
  EXPECT_EQ(RunAsTyped({"off", "--config", config_, "--state_dir="}), 0);
  EXPECT_TRUE(Complains("not counted: there is no --state-dir")) << err_;
  device_->Overwrite(0x00, 1);
  device_->SetFaults({.mute = true});
  EXPECT_EQ(Run({"off"}), 1);
  EXPECT_EQ(device_->Value(0x00), 0) << "it may hear us all the same";
  EXPECT_TRUE(Complains("its memory's wear was not counted: no answer from unit 03")) << err_;
}

TEST_F(MeanwellVerbsTest, MistakesAreOneSentence) {
  Make({});
  EXPECT_EQ(Run({"ccset", "99A"}), 1);
  EXPECT_EQ(err_, "abcdsctl meanwell: not written: IOUT_SET of a NPB-1200-24 can be 7.2 to 36 A, not 99 A\n");
  EXPECT_EQ(Run({"cvset", "4300"}), 1);
  EXPECT_EQ(err_, "abcdsctl meanwell: not written: VOUT_SET of a NPB-1200-24 can be 21 to 42 V, not 43 V\n");
  EXPECT_TRUE(device_->writes().empty());
  EXPECT_EQ(Run({"ccset", "7.2"}), 2) << "amperes or raw?";
  EXPECT_EQ(Run({"ccset"}), 2);
  EXPECT_EQ(err_, "abcdsctl meanwell: ccset wants a value: 7.2A, or 720\n");
  EXPECT_EQ(Run({"NPB_chargemode", "psu"}), 2);
  EXPECT_EQ(err_, "abcdsctl meanwell: NPB_chargemode wants 0 (power supply mode) or 1 (charger mode)\n");
  EXPECT_EQ(Run({"discharge"}), 1);
  EXPECT_TRUE(Complains("NPB does not know DIRECTION_CTRL")) << err_;
  EXPECT_EQ(Run({"read", "VIN"}), 2);
  EXPECT_TRUE(Complains("there is no command VIN: read wants one of OPERATION, VOUT_SET,")) << err_;
  EXPECT_EQ(Run({"vread", "heater"}), 1);
  EXPECT_TRUE(Complains("it has charger")) << err_;
  EXPECT_EQ(Run({"levitate"}), 2);
  EXPECT_EQ(err_, "abcdsctl meanwell: there is no verb \"levitate\"; `abcdsctl meanwell help` lists them\n");
  EXPECT_EQ(Run({"vred"}), 2);
  EXPECT_EQ(err_,
            "abcdsctl meanwell: there is no verb \"vred\"; did you mean \"vread\"? `abcdsctl meanwell help` lists them\n");
  EXPECT_EQ(Run({"vread", "--confg", "x"}), 2);
  EXPECT_EQ(err_, "abcdsctl meanwell: there is no option --confg; did you mean \"--config\"?\n");
  device_->SetFaults({.silent = true});
  EXPECT_EQ(Run({"vread"}), 1);
  EXPECT_TRUE(Complains("no answer from unit 03")) << err_;
}

TEST_F(MeanwellVerbsTest, CommissionsANewNpb) {
  Make({.system_config = 0x0002, .curve_config = 0x0084, .on = true});
  EXPECT_EQ(Run({"commission", "charger"}, "y\ny\n"), 0) << err_;
  EXPECT_EQ(device_->Value(0x00), 0) << "off first";
  EXPECT_EQ(device_->Value(0xB4), 0x0004);
  EXPECT_EQ(device_->Value(0xC2), 0x0000);
  EXPECT_TRUE(Says("Switch its AC off, wait 10 s, and switch it on again")) << out_;
  device_->SetMains(false, MonotonicNow());
  device_->SetMains(true, MonotonicNow());
  SleepUntil(MonotonicNow() + 2s);  // the device is deaf in the beginning
  EXPECT_EQ(Run({"commission", "charger"}, "y\ny\n"), 0) << err_;
  EXPECT_EQ(device_->Value(0x20), 2760);
  EXPECT_EQ(device_->Value(0x30), 720);
  EXPECT_EQ(device_->Value(0xC2), 0x0400);
  EXPECT_EQ(Counted("cabin"), device_->eeprom_writes());
  EXPECT_TRUE(Says("Done: it is set up as it should be.")) << out_;
}

TEST_F(MeanwellVerbsTest, CommissionsANewBic) {
  Make({.model = "BIC-2200-48", .unit = 0, .system_config = 0x0002, .bidirectional_config = 0});
  EXPECT_EQ(Run({"commission", "--yes"}), 0) << err_;
  EXPECT_EQ(device_->Value(0x0140), 1);
  EXPECT_EQ(device_->Value(0xC2), 0x0001);
}

// As of a device of before 2024, run until there is nothing left to do, and then once more.
TEST_F(MeanwellVerbsTest, CommissioningOldFirmwareComesToAnEnd) {
  Make({.model = "BIC-2200-48", .unit = 0, .old_firmware = true, .system_config = 0x0001, .bidirectional_config = 1});
  EXPECT_EQ(Run({"commission"}, "y\ny\n"), 0) << err_;
  EXPECT_TRUE(Says("REVERSE_VOUT_SET 48.8 V, REVERSE_IOUT_SET 0.45 A")) << out_;
  EXPECT_TRUE(Says("Its firmware is older")) << out_;
  const uint64_t stored = device_->eeprom_writes();
  EXPECT_EQ(Counted("cabin"), stored);
  EXPECT_EQ(Run({"commission"}, ""), 0) << err_;
  EXPECT_TRUE(Says("cannot be told not to store setpoints")) << out_;
  EXPECT_TRUE(Says("Switch its AC off to connect the battery")) << out_;
  EXPECT_EQ(device_->eeprom_writes(), stored) << "nothing that it holds is written again";
}

TEST_F(MeanwellVerbsTest, NoMeansNothingIsWritten) {
  Make({.curve_config = 0x0084});
  EXPECT_EQ(Run({"commission", "charger"}, "n\n"), 1);
  EXPECT_TRUE(Complains("not written")) << err_;
  EXPECT_TRUE(device_->writes().empty());
}

TEST_F(MeanwellVerbsTest, WrongModelIsNotCommissioned) {
  Make({.model = "NPB-1200-48"});
  EXPECT_EQ(Run({"commission"}, "y\ny\ny\n"), 1);
  EXPECT_TRUE(Complains("can be set to 42 to 80 V")) << err_;
  EXPECT_TRUE(device_->writes().empty());
}

}  // namespace
}  // namespace abcds
