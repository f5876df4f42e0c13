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
    SiteOptions options;
    options.pty = testing::TempDir() + "/console-line-" + std::to_string(getpid());
    absl::StatusOr<std::unique_ptr<Site>> site = Site::Open(options, MakePoints({{0, 300}}), MakePoints({{0, 0}}));
    ASSERT_TRUE(site.ok()) << site.status();
    site_ = *std::move(site);
    console_ = std::make_unique<Console>(*site_);
  }
  std::string Say(const std::string& line, int at_s = 0) { return console_->Execute(line, seconds(at_s)); }
  std::string Tick(int at_s) { return console_->Tick(seconds(at_s)); }

  std::unique_ptr<Site> site_;
  std::unique_ptr<Console> console_;
};

using Fault = MqttMeterWire::Fault;

TEST_F(ConsoleTest, MeterFaultsComeAndGo) {
  EXPECT_EQ(Say("meter flip"), "meter flip");
  EXPECT_TRUE(site_->meter()->HasFault(Fault::kFlipped));
  EXPECT_EQ(Say("meter kilowatts 5"), "meter kilowatts for 5 s");
  EXPECT_EQ(console_->Active(), "meter flip, meter kilowatts");
  EXPECT_EQ(Tick(4), "");
  EXPECT_EQ(Tick(5), "over: meter kilowatts");
  EXPECT_FALSE(site_->meter()->HasFault(Fault::kKilowatts));
  EXPECT_EQ(Say("meter ok"), "over: meter flip");
  EXPECT_FALSE(site_->meter()->HasFault(Fault::kFlipped));
}

TEST_F(ConsoleTest, BegunAgainAFaultGetsANewEnd) {
  EXPECT_EQ(Say("meter silent 5", 0), "meter silent for 5 s");
  EXPECT_EQ(Say("meter silent 5", 3), "meter silent for 5 s");
  EXPECT_EQ(Tick(6), "");
  EXPECT_TRUE(site_->meter()->HasFault(Fault::kSilent));
  EXPECT_EQ(Tick(8), "over: meter silent");
}

TEST_F(ConsoleTest, LineFaultsKeepEachOther) {
  EXPECT_EQ(Say("lumentree corrupt 3"), "lumentree corrupt");
  EXPECT_EQ(Say("lumentree slow 250 10"), "lumentree slow for 10 s");
  EXPECT_EQ(site_->line().faults().corrupt_every, 3);
  EXPECT_EQ(site_->line().faults().delay, std::chrono::milliseconds(250));
  EXPECT_EQ(Tick(10), "over: lumentree slow");
  EXPECT_EQ(site_->line().faults().delay, Nanoseconds(0));
  EXPECT_EQ(site_->line().faults().corrupt_every, 3);
  EXPECT_EQ(Say("lumentree ok"), "over: lumentree corrupt");
  EXPECT_EQ(site_->line().faults().corrupt_every, 0);
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
    RefusedCommand{"Unknown",        "explode",                "unknown command explode; try help"},
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
    RefusedCommand{"LoadNoNumber",   "load much",              "load WATTS [SECONDS]; try help"},
    RefusedCommand{"NothingToEnd",   "ok",                     "nothing to end"}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST_F(ConsoleTest, HelpNamesEveryCommandThatExecuteKnows) {
  for (const char* word : {"meter silent", "meter replay", "broker stop", "lumentree silent", "mains_off", "unplug",
                           "limit", "load", "quit"}) {
    EXPECT_NE(Console::Help().find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace abcds::sim
