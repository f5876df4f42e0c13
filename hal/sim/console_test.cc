// Each command does to the site what its name says, and undoes it.
#include "hal/sim/console.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "hal/sim/house/profile.h"
#include "hal/sim/site.h"

namespace abcds::sim {
namespace {

using std::chrono::seconds;

class ConsoleTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.pty = testing::TempDir() + "/console-line-" + std::to_string(getpid());
    absl::StatusOr<std::unique_ptr<Site>> site = Site::Open(options_, MakePoints({{0, 300}}), MakePoints({{0, 0}}));
    ASSERT_TRUE(site.ok()) << site.status();
    site_ = *std::move(site);
    console_ = std::make_unique<Console>(*site_);
  }
  std::string Say(const std::string& line, int at_s = 0) { return console_->Execute(line, seconds(at_s)); }
  std::string Tick(int at_s) { return console_->Tick(seconds(at_s)); }

  SiteOptions options_;
  std::unique_ptr<Site> site_;
  std::unique_ptr<Console> console_;
};

using Fault = MqttMeterWire::Fault;

TEST_F(ConsoleTest, MeterFaultsComeAndGo) {
  EXPECT_EQ(Say("meter flip"), "meter flip");
  EXPECT_TRUE(site_->mqtt_meter()->wire().HasFault(Fault::kFlipped));
  EXPECT_EQ(Say("meter kilowatts 5"), "meter kilowatts for 5 s");
  EXPECT_EQ(console_->Active(), "meter flip, meter kilowatts");
  EXPECT_EQ(Tick(4), "");
  EXPECT_EQ(Tick(5), "over: meter kilowatts");
  EXPECT_FALSE(site_->mqtt_meter()->wire().HasFault(Fault::kKilowatts));
  EXPECT_EQ(Say("meter ok"), "over: meter flip");
  EXPECT_FALSE(site_->mqtt_meter()->wire().HasFault(Fault::kFlipped));
}

TEST_F(ConsoleTest, BegunAgainAFaultGetsANewEnd) {
  EXPECT_EQ(Say("meter silent 5", 0), "meter silent for 5 s");
  EXPECT_EQ(Say("meter silent 5", 3), "meter silent for 5 s");
  EXPECT_EQ(Tick(6), "");
  EXPECT_TRUE(site_->mqtt_meter()->wire().HasFault(Fault::kSilent));
  EXPECT_EQ(Tick(8), "over: meter silent");
}

TEST_F(ConsoleTest, LineFaultsKeepEachOther) {
  EXPECT_EQ(Say("lumentree corrupt 3"), "lumentree corrupt");
  EXPECT_EQ(Say("lumentree slow 250 10"), "lumentree slow for 10 s");
  EXPECT_EQ(site_->line().faults(1).corrupt_every, 3);
  EXPECT_EQ(site_->line().faults(1).delay, std::chrono::milliseconds(250));
  EXPECT_EQ(Tick(10), "over: lumentree slow");
  EXPECT_EQ(site_->line().faults(1).delay, Nanoseconds(0));
  EXPECT_EQ(site_->line().faults(1).corrupt_every, 3);
  EXPECT_EQ(Say("lumentree ok"), "over: lumentree corrupt");
  EXPECT_EQ(site_->line().faults(1).corrupt_every, 0);
}

TEST_F(ConsoleTest, UnpluggedThePathIsGoneUntilPlugged) {
  const std::string path = site_->line().path();
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  EXPECT_EQ(Say("lumentree unplug"), "lumentree unplug");
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  EXPECT_EQ(Say("lumentree plug"), "over: lumentree unplug");
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
}

TEST_F(ConsoleTest, LoadReplacesTheProfiles) {
  site_->Step(std::chrono::milliseconds(10));
  EXPECT_EQ(site_->View().load, Watts(300));
  EXPECT_EQ(Say("load 1500"), "load");
  site_->Step(std::chrono::milliseconds(10));
  EXPECT_EQ(site_->View().load, Watts(1500));
  EXPECT_EQ(Say("load ok"), "over: load");
  site_->Step(std::chrono::milliseconds(10));
  EXPECT_EQ(site_->View().load, Watts(300));
}

TEST_F(ConsoleTest, MainsOffStopsTheInverterAndOnStartsItAtFullPower) {
  const auto run = [&](int steps) {
    for (int i = 0; i < steps; ++i) site_->Step(std::chrono::milliseconds(10));
  };
  run(300);
  EXPECT_LT(site_->View().inverter, Watts(-500)) << "a Lumentree starts at full power by itself";
  EXPECT_EQ(Say("lumentree mains_off"), "lumentree mains_off");
  run(100);
  EXPECT_EQ(site_->View().inverter, Watts(0));
  EXPECT_EQ(Say("lumentree ok"), "over: lumentree mains_off");
  run(300);
  EXPECT_LT(site_->View().inverter, Watts(-500));
}

TEST_F(ConsoleTest, QuitIsAskedForNotDone) {
  EXPECT_FALSE(console_->quit());
  EXPECT_EQ(Say("quit"), "");
  EXPECT_TRUE(console_->quit());
}

// Two inverters of two kinds on one line, and a BMS on its own.
class SharedLineConsoleTest : public ConsoleTest {
 protected:
  SharedLineConsoleTest() {
    const auto inverters = ParseInverters("lumentree:1000,trucki");
    EXPECT_TRUE(inverters.ok()) << inverters.status();
    options_.inverters = *inverters;
    options_.bms_pty = testing::TempDir() + "/console-bms-" + std::to_string(getpid());
  }
};

TEST_F(SharedLineConsoleTest, EachDeviceHasItsOwnFaults) {
  EXPECT_EQ(Say("trucki silent"), "trucki silent");
  EXPECT_TRUE(site_->line().faults(2).silent);
  EXPECT_FALSE(site_->line().faults(1).silent);
  EXPECT_EQ(Say("lumentree wrong_address"), "lumentree wrong_address");
  EXPECT_EQ(Say("trucki ok"), "over: trucki silent");
  EXPECT_FALSE(site_->line().faults(2).silent);
  EXPECT_TRUE(site_->line().faults(1).wrong_address);
}

TEST_F(SharedLineConsoleTest, OneAdapterIsUnpluggedForBothAndPluggedByEither) {
  EXPECT_EQ(Say("lumentree unplug"), "lumentree unplug");
  EXPECT_EQ(Say("trucki unplug 5"), "trucki unplug for 5 s");
  EXPECT_EQ(console_->Active(), "trucki unplug") << "one adapter, one fault";
  EXPECT_EQ(Say("lumentree plug"), "over: trucki unplug");
  EXPECT_EQ(access(site_->line().path().c_str(), F_OK), 0);
}

TEST_F(SharedLineConsoleTest, MainsOfOneAreNotTheOthers) {
  for (int i = 0; i < 300; ++i) site_->Step(std::chrono::milliseconds(10));
  EXPECT_LT(site_->View().converters[0].power, Watts(-900));
  EXPECT_EQ(site_->View().converters[1].power, Watts(0)) << "a board starts with 0 W";
  EXPECT_EQ(Say("trucki mains_off"), "trucki mains_off");
  for (int i = 0; i < 100; ++i) site_->Step(std::chrono::milliseconds(10));
  EXPECT_LT(site_->View().converters[0].power, Watts(-900));
  EXPECT_EQ(Say("lumentree mains_off"), "lumentree mains_off");
  for (int i = 0; i < 100; ++i) site_->Step(std::chrono::milliseconds(10));
  EXPECT_EQ(site_->View().converters[0].power, Watts(0));
}

TEST_F(SharedLineConsoleTest, TheBmsHasThemAsWellButWhatItsProtocolLacks) {
  for (const char* fault : {"silent", "mute", "echo", "foreign", "corrupt 5", "half 1", "drop 2", "stray 2",
                            "garbled 5", "pieces 7", "slow 300", "zero_cell", "unplug"}) {
    EXPECT_EQ(Say(std::string("bms ") + fault + " 10").rfind(" for 10 s"), Say(std::string("bms ") + fault).size())
        << fault;
  }
  EXPECT_EQ(Say("bms wrong_address"), "the bms has no \"wrong_address\"; try help");
  EXPECT_EQ(Say("bms exception 2"), "the bms has no \"exception\"; try help");
  EXPECT_EQ(Say("trucki display_cut 3"), "trucki display_cut for 3 s");
  EXPECT_EQ(Say("trucki calibrate 3"), "done");
  EXPECT_EQ(Say("trucki calibrate"), "trucki calibrate READINGS; try help");
  EXPECT_EQ(Say("lumentree display_cut"), "the lumentree has no \"display_cut\"; try help");
}

struct RefusedCommand {
  const char* name;
  const char* line;
  const char* answer;
};

class ConsoleRefusesTest : public ConsoleTest, public testing::WithParamInterface<RefusedCommand> {};

TEST_P(ConsoleRefusesTest, WithASentence) {
  EXPECT_EQ(Say(GetParam().line), GetParam().answer);
  EXPECT_EQ(console_->Active(), "");
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Lines, ConsoleRefusesTest, testing::Values(
    RefusedCommand{"Nothing",        "",                       ""},
    RefusedCommand{"Unknown",        "explode",                "unknown command explode: this site has meter, broker, lumentree, load; try help"},
    RefusedCommand{"MeterUnknown",   "meter explode",          "the meter has no \"explode\"; try help"},
    RefusedCommand{"MeterAlone",     "meter",                  "the meter has no \"\"; try help"},
    RefusedCommand{"NoSeconds",      "meter silent soon",      "\"soon\" is no number of seconds; try help"},
    RefusedCommand{"NegativeTime",   "meter silent -5",        "\"-5\" is no number of seconds; try help"},
    RefusedCommand{"NanTime",        "meter silent nan",       "\"nan\" is no number of seconds; try help"},
    RefusedCommand{"TooManyWords",   "meter silent 5 6",       "too many words; try help"},
    RefusedCommand{"ReplayNoCount",  "meter replay",           "meter replay COUNT; try help"},
    RefusedCommand{"EveryMissing",   "lumentree corrupt",      "lumentree corrupt EVERY [SECONDS]; try help"},
    RefusedCommand{"EveryZero",      "lumentree drop 0",       "lumentree drop EVERY [SECONDS]; try help"},
    RefusedCommand{"BrokerUnknown",  "broker explode",         "the broker has no \"explode\"; try help"},
    RefusedCommand{"EveryHalf",      "lumentree drop 2.5",     "lumentree drop EVERY [SECONDS]; try help"},
    RefusedCommand{"ShareTooLarge",  "lumentree garbled 101",  "lumentree garbled PERCENT [SECONDS]; try help"},
    RefusedCommand{"NoOtherDevice",  "trucki silent",
                   "unknown command trucki: this site has meter, broker, lumentree, load; try help"},
    RefusedCommand{"LoadNoNumber",   "load much",              "load WATTS [SECONDS]; try help"},
    RefusedCommand{"NothingToEnd",   "ok",                     "nothing to end"}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST_F(ConsoleTest, HelpNamesEveryCommandThatExecuteKnows) {
  for (const char* word :
       {"meter silent|", "meter replay COUNT", "broker stop|freeze", "lumentree silent|", "mains_off", "|unplug",
        "lumentree plug", "lumentree limit WATTS", "lumentree corrupt EVERY", "load WATTS", "quit"}) {
    EXPECT_NE(console_->Help().find(word), std::string::npos) << word << " is not in\n" << console_->Help();
  }
}

}  // namespace
}  // namespace abcds::sim
