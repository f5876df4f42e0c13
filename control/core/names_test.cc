#include "control/core/names.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace abcds {
namespace {

// Names are keys in protos, metrics and logs: lower case with underscores; modes are words of commands, with hyphens.
void ExpectIsName(const std::string& name, std::set<std::string>& seen) {
  EXPECT_NE(name, "unknown");
  EXPECT_FALSE(name.empty());
  for (const char c : name) EXPECT_TRUE(std::islower(c) || c == '_' || c == '-') << name;
  EXPECT_TRUE(seen.insert(name).second) << name << " twice";
}

TEST(NamesTest, EveryReasonHasItsOwnName) {
  std::set<std::string> seen;
  for (int i = 0; i < static_cast<int>(Reason::kCount); ++i) ExpectIsName(ReasonName(static_cast<Reason>(i)), seen);
}

TEST(NamesTest, EveryFaultHasItsOwnNameAndASentenceThatSaysWhatToDo) {
  std::set<std::string> seen;
  std::set<std::string> texts;
  for (int i = 0; i < static_cast<int>(FaultId::kCount); ++i) {
    const auto id = static_cast<FaultId>(i);
    ExpectIsName(FaultName(id), seen);
    const std::string text = FaultText(id);
    EXPECT_GT(text.size(), 40u) << FaultName(id);
    EXPECT_TRUE(text.ends_with(".")) << text;
    EXPECT_TRUE(texts.insert(text).second) << text << " twice";
  }
}

TEST(NamesTest, EveryModeHasItsOwnName) {
  std::set<std::string> seen;
  for (int i = 0; i <= static_cast<int>(Mode::kForced); ++i) ExpectIsName(ModeName(static_cast<Mode>(i)), seen);
}

// Part of the promise to the outside: renaming one breaks dashboards and scripts.
TEST(NamesTest, NamesThatOthersRelyOn) {
  EXPECT_STREQ(ReasonName(Reason::kMeterSilent), "meter_silent");
  EXPECT_STREQ(ReasonName(Reason::kBatteryFull), "battery_full");
  EXPECT_STREQ(ReasonName(Reason::kRegulating), "regulating");
  EXPECT_STREQ(FaultName(FaultId::kMeterDisagrees), "meter_disagrees");
  EXPECT_STREQ(FaultName(FaultId::kConverterNotFollowing), "converter_not_following");
  EXPECT_STREQ(ModeName(Mode::kObserve), "observe");
  EXPECT_STREQ(ReasonName(Reason::kCount), "unknown");
  EXPECT_STREQ(FaultName(FaultId::kCount), "unknown");
}

}  // namespace
}  // namespace abcds
