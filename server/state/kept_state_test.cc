#include "server/state/kept_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace abcds {
namespace {

KeptState Full() {
  KeptState state;
  state.devices["meanwell EC1234567890"] = {3'999'000, {"lacks_eeprom_off"}};
  state.devices["meanwell \"odd\\ name"] = {0, {}};
  state.learned_w = {{"charger", 430}};
  state.savings = {{"charger", {-3, 3'999'000}}};
  state.charging_disabled_since = WallTime(std::chrono::seconds(1'795'000'000));
  state.latches = {{"meter_disagrees", ""}, {"converter_faulty", "inverter"}};
  return state;
}

TEST(KeptStateTest, ReadsWhatItPrints) {
  for (const KeptState& state : {KeptState{}, Full()}) {
    const absl::StatusOr<KeptState> read = ParseKeptState(PrintKeptState(state));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, state);
  }
}

TEST(KeptStateTest, AFileOfABuildThatLearnedNothingAndKeptNoTimesIsRead) {
  const absl::StatusOr<KeptState> read = ParseKeptState(
      R"({"version": 1, "checksum": "9ae9d34a", "content": {"configuration": "", "devices": {}, "latches": [],
          "operator": {"charging_disabled": true, "discharging_disabled": false}}})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_NE(read->charging_disabled_since, std::nullopt);
  EXPECT_EQ(read->discharging_disabled_since, std::nullopt);
}

TEST(KeptStateTest, AnythingShorterIsRefused) {
  const std::string text = PrintKeptState(Full());
  // The line break at the end is no content.
  for (size_t size = 0; size + 1 < text.size(); ++size) EXPECT_FALSE(ParseKeptState(text.substr(0, size)).ok()) << size;
}

TEST(KeptStateTest, NoChangedByteChangesAValue) {
  const std::string text = PrintKeptState(Full());
  for (size_t at = 0; at < text.size(); ++at) {
    for (const char flip : {'\x01', '\x10', '\x40'}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const absl::StatusOr<KeptState> read = ParseKeptState(changed);
      EXPECT_TRUE(!read.ok() || *read == Full()) << at;
    }
  }
}

struct Refused {
  const char* name;
  const char* text;
  const char* sentence;
};

class RefusedTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedTest, SaysWhy) {
  const absl::StatusOr<KeptState> read = ParseKeptState(GetParam().text);
  ASSERT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(read.status().message()), testing::HasSubstr(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(KeptState, RefusedTest, testing::Values(
    Refused{"Empty", "", "no state of this program"},
    Refused{"Zeros", "\0\0\0\0", "no state of this program"},
    Refused{"Prose", "hello", "no state of this program"},
    Refused{"AnotherDocument", R"({"a": 1})", "no state of this program"},
    Refused{"AList", "[]", "no state of this program"},
    Refused{"NewerVersion", R"({"version": 2, "checksum": "0", "content": {}})", "it has version 2"},
    Refused{"WrongChecksum", R"({"version": 1, "checksum": "00000000", "content": {}})", "its checksum does not fit"},
    Refused{"DisabledSinceNoTime",
            R"({"version": 1, "checksum": "887153fe", "content":)"
            R"({"devices": {}, "latches": [], "operator": {"charging_disabled_since": "noon"}}})",
            "no state of this program"},
    Refused{"ChecksumOfAnotherKind", R"({"version": 1, "checksum": 5, "content": {}})", "no state of this program"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds
