// What each fault does to the third of six replies, and to the others.
#include "hal/sim/wire/line_faults.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

namespace abcds::sim {
namespace {

using Bytes = std::vector<uint8_t>;

const Bytes kReply = {0x01, 0x03, 0x02, 0x0D, 0x96, 0x3C, 0xBA};

int WrongBits(const Bytes& reply) {
  int wrong = 0;
  for (size_t i = 0; i < reply.size(); ++i) wrong += std::popcount(static_cast<uint8_t>(reply[i] ^ kReply[i]));
  return wrong;
}

struct Row {
  const char* name;
  LineFaults faults;
  size_t others;  // length of the replies
  size_t third;
  int third_wrong_bits;
};

class ReplySpoilerTest : public testing::TestWithParam<Row> {};

TEST_P(ReplySpoilerTest, SpoilsWhatItSays) {
  ReplySpoiler spoiler;
  static_cast<void>(spoiler.Spoil(kReply));
  spoiler.Set(GetParam().faults);  // counts from here
  for (int i = 1; i <= 6; ++i) {
    const Bytes reply = spoiler.Spoil(kReply);
    EXPECT_EQ(reply.size(), i % 3 == 0 ? GetParam().third : GetParam().others) << i;
    if (reply.size() > kReply.size()) continue;
    EXPECT_EQ(WrongBits(reply), i % 3 == 0 ? GetParam().third_wrong_bits : 0) << i;
    EXPECT_TRUE(reply.size() < 3 ||
                Bytes(reply.begin(), reply.begin() + 3) == Bytes(kReply.begin(), kReply.begin() + 3))
        << "the head is left alone";
  }
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Faults, ReplySpoilerTest, testing::Values(
    //  name          faults                     others  third  wrong bits
    Row{"None",       {},                             7,     7,          0},
    Row{"Mute",       {.mute = true},                 0,     0,          0},
    Row{"Corrupt",    {.corrupt_every = 3},           7,     7,          1},
    Row{"Stray",      {.stray_byte_every = 3},        7,     8,          0},
    Row{"Drop",       {.drop_every = 3},              7,     0,          0},
    Row{"Half",       {.half_every = 3},              7,     3,          0}),
    [](const auto& info) { return std::string(info.param.name); });
// clang-format on

TEST(ReplySpoilerShareTest, AboutThatShareOfTheBytesIsWrong) {
  ReplySpoiler spoiler;
  spoiler.Set({.corrupt_share = 0.05});
  int wrong = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Bytes reply = spoiler.Spoil(kReply);
    for (size_t at = 0; at < kReply.size(); ++at) wrong += reply[at] != kReply[at] ? 1 : 0;
  }
  EXPECT_NEAR(wrong / 70'000.0, 0.05, 0.004);
}

TEST(ReplySpoilerShareTest, NothingIsNotSpoilt) {
  ReplySpoiler spoiler;
  spoiler.Set({.corrupt_every = 1, .stray_byte_every = 1});
  EXPECT_TRUE(spoiler.Spoil({}).empty());
}

}  // namespace
}  // namespace abcds::sim
