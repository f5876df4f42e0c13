#include "control/core/allocator.h"

#include <gtest/gtest.h>

#include <vector>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

constexpr double kFree = 1e6;

// A charger of 200 to 1000 W, one that is on with 300 W or off, one of 100 to 500 W.
CoreSettings Three() {
  CoreSettings settings;
  settings.converter_count = 3;
  for (int i = 0; i < 3; ++i) settings.converters[static_cast<size_t>(i)].charges = true;
  settings.converters[1].minimum_on = 60s;
  settings.converters[1].minimum_off = 30s;
  return settings;
}

class Bench {
 public:
  explicit Bench(const CoreSettings& settings = Three()) : allocator(settings) {
    const double least[] = {200, 300, 100};
    const double most[] = {1000, 300, 500};
    for (size_t i = 0; i < 3; ++i) {
      views[i].usable = true;
      views[i].min_charge = Watts(least[i]);
      views[i].max_charge = Watts(most[i]);
    }
  }
  // Shares out, and lets everybody do it.
  void Share(double wanted, double ceiling = kFree) {
    for (int cycle = 0; cycle < 2; ++cycle) {
      allocator.Share(Direction::kCharge, Watts(wanted), Watts(ceiling), views, now, assignments);
      for (size_t i = 0; i < 3; ++i) views[i].setpoint = assignments[i].power;
    }
  }
  void Pass(double seconds) { now += FromSeconds(seconds); }
  std::vector<double> Powers() const {
    return {assignments[0].power.value(), assignments[1].power.value(), assignments[2].power.value()};
  }

  MonotonicTime now{1000s};
  ConverterViews views;
  Assignments assignments{};
  Allocator allocator;
};

using Powers = std::vector<double>;

struct Case {
  const char* name;
  std::vector<double> before;   // wanted, one after the other, 100 s apart
  double wanted;
  double ceiling;
  Powers want;
};

class AllocatorTest : public testing::TestWithParam<Case> {};

TEST_P(AllocatorTest, SharesOut) {
  const Case& c = GetParam();
  Bench bench;
  for (const double wanted : c.before) {
    bench.Share(wanted);
    bench.Pass(100);
  }
  bench.Share(c.wanted, c.ceiling);
  EXPECT_EQ(bench.Powers(), c.want);
}

INSTANTIATE_TEST_SUITE_P(Rules, AllocatorTest, testing::Values(
    //   name                                    before       wanted ceiling     want
    Case{"OneIsEnough",                          {},             600, kFree,  {600, 0, 0}},
    Case{"UpToItsLimit",                         {},            1000, kFree,  {1000, 0, 0}},
    Case{"NextToTooLittleForASecond",            {},            1099, kFree,  {1000, 0, 0}},
    Case{"ThenItIsEnoughForTheThird",            {},            1100, kFree,  {1000, 0, 100}},
    Case{"TheSecondIsOneStep",                   {},            1300, kFree,  {1000, 300, 0}},
    Case{"TheOthersFillUpAroundIt",              {},            1500, kFree,  {1000, 300, 200}},
    Case{"AStepStaysOnDownToItsThreshold",       {1300},        1180, kFree,  {880, 300, 0}},
    Case{"AndGoesOffBelowIt",                    {1300},        1179, kFree,  {1000, 0, 179}},
    Case{"AFurtherOneStaysWhileLittleIsToSpare", {1100},         950, kFree,  {850, 0, 100}},
    Case{"AndStopsWhenItIsMuch",                 {1100},         890, kFree,  {890, 0, 0}},
    Case{"TheFirstIsHeldAtItsMinimum",           {600},          120, kFree,  {200, 0, 0}},
    Case{"ButNotForTooLittle",                   {600},          119, kFree,  {0, 0, 119}},
    Case{"NorAboveWhatIsAllowed",                {600},          150, 150,    {0, 0, 150}},
    Case{"TooLittleForAll",                      {},              99, kFree,  {0, 0, 0}},
    Case{"TwoMinimaUnderACeiling",               {1100},         950, 290,    {290, 0, 0}},
    Case{"Nothing",                              {1500},           0, kFree,  {0, 0, 0}}),
    [](const auto& row) { return row.param.name; });

TEST(AllocatorTest, AStepStaysOnForItsTimeWhateverIsWanted) {
  Bench bench;
  bench.Share(1300);
  ASSERT_EQ(bench.Powers()[1], 300);
  bench.Pass(59);
  bench.Share(0);
  EXPECT_EQ(bench.Powers(), (Powers{0, 300, 0}));
  EXPECT_EQ(bench.assignments[1].reason, Reason::kSwitchTime);
  bench.Pass(1.1);
  bench.Share(0);
  EXPECT_EQ(bench.Powers(), (Powers{0, 0, 0}));
}

TEST(AllocatorTest, ProtectionIgnoresThatTime) {
  Bench bench;
  bench.Share(1300);
  bench.Pass(1);
  bench.Share(0, 0);
  EXPECT_EQ(bench.Powers(), (Powers{0, 0, 0}));
}

TEST(AllocatorTest, AStepStaysOffForItsTime) {
  Bench bench;
  bench.Share(1300);
  bench.Pass(61);
  bench.Share(1000);
  ASSERT_EQ(bench.Powers()[1], 0);
  bench.Pass(29);
  bench.Share(1400);
  EXPECT_EQ(bench.Powers(), (Powers{1000, 0, 400}));
  EXPECT_EQ(bench.assignments[1].reason, Reason::kSwitchTime);
  bench.Pass(1.1);
  bench.Share(1400);
  EXPECT_EQ(bench.Powers(), (Powers{1000, 300, 100}));
}

TEST(AllocatorTest, ThresholdsOfAStepCanBeConfigured) {
  CoreSettings settings = Three();
  settings.converters[1].switch_on = Watts(250);
  settings.converters[1].switch_off = Watts(50);
  settings.converters[1].minimum_on = 0s;
  Bench bench(settings);
  bench.views[0].usable = bench.views[2].usable = false;
  bench.Share(249);
  EXPECT_EQ(bench.Powers()[1], 0);
  bench.Pass(100);
  bench.Share(250);
  EXPECT_EQ(bench.Powers()[1], 300);
  EXPECT_EQ(bench.assignments[1].reason, Reason::kBelowMinimum) << "on, with more than is there";
  bench.Share(50);
  EXPECT_EQ(bench.Powers()[1], 300);
  bench.Share(49);
  EXPECT_EQ(bench.Powers()[1], 0);
}

}  // namespace
}  // namespace abcds
