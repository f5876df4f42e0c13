#include "control/core/power_history.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

MonotonicTime At(double seconds) { return MonotonicTime(1000s) + FromSeconds(seconds); }

// 0 W until 0 s; 100 to 200 W in the first second; -50 to 50 W in the next.
PowerHistory TwoSeconds() {
  PowerHistory history(10s);
  history.Add(At(0), {});
  history.Add(At(1), {Watts(100), Watts(200)});
  history.Add(At(2), {Watts(-50), Watts(50)});
  return history;
}

struct Case {
  const char* name;
  double end_s;
  double width_s;
  double low_w;
  double high_w;
};

class PowerHistoryTest : public testing::TestWithParam<Case> {};

TEST_P(PowerHistoryTest, MeanOfBothBoundsOverTheWindow) {
  const Case& c = GetParam();
  const PowerInterval mean = TwoSeconds().Mean(At(c.end_s), FromSeconds(c.width_s));
  EXPECT_NEAR(mean.low.value(), c.low_w, 1e-6);
  EXPECT_NEAR(mean.high.value(), c.high_w, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Windows, PowerHistoryTest, testing::Values(
    //   name                              end  width  low  high
    Case{"OneEntryWhole",                  2.0,  1.0,  -50,   50},
    Case{"TwoEntriesWhole",                2.0,  2.0,   25,  125},
    Case{"HalfOfEach",                     1.5,  1.0,   25,  125},
    Case{"AQuarterOfOneInsideTheOther",    1.25, 1.0, 62.5, 162.5},
    Case{"AMomentHasTheEntryThatHolds",    1.5,  0.0,  -50,   50},
    Case{"AMomentOnTheEdgeIsTheEntryThatEnds", 1.0, 0.0, 100, 200},
    Case{"AfterTheLastEntryItGoesOn",      4.0,  1.0,  -50,   50},
    Case{"HalfAfterTheLastEntry",          3.0,  2.0,  -50,   50},
    Case{"BeforeTheFirstEntryCountsLikeIt", 0.0, 1.0,    0,    0},
    Case{"HalfBeforeTheFirstEntry",        1.0,  2.0,   50,  100}),
    [](const auto& row) { return row.param.name; });

TEST(PowerHistoryTest, NothingKnownIsNoPower) {
  PowerHistory history(10s);
  EXPECT_EQ(history.Mean(At(0), 1s), PowerInterval{});
}

TEST(PowerHistoryTest, EntriesCloserThanTheResolutionKeepTheMean) {
  PowerHistory history(10s);
  history.Add(At(0), {});
  // Every other millisecond 200 W: 100 W on average, whatever is merged.
  for (int ms = 1; ms <= 2000; ++ms) {
    const Watts p(ms % 2 == 0 ? 200 : 0);
    history.Add(At(ms * 0.001), {p, p + Watts(10)});
  }
  const PowerInterval mean = history.Mean(At(2), 1s);
  // Each edge of the window may lie within a merged entry of 10 ms.
  EXPECT_NEAR(mean.low.value(), 100, 2);
  EXPECT_NEAR(mean.high.value(), 110, 2);
}

TEST(PowerHistoryTest, RemembersItsSpanAtAnyPeriodAndForgetsWhatIsOlderThanItsRoom) {
  // 500 cycles a second for 100 s are more than there is room for, the span of 20 s is not.
  PowerHistory history(20s);
  const Watts before(500);
  const Watts after(-300);
  for (int i = 0; i <= 50'000; ++i) {
    const double t = i * 0.002;
    const Watts p = t <= 90 ? before : after;
    history.Add(At(t), {p, p});
  }
  EXPECT_NEAR(history.Mean(At(100), 10s).low.value(), -300, 1);
  EXPECT_NEAR(history.Mean(At(100), 20s).low.value(), 100, 1);  // ten seconds of 500 W, ten of -300 W
  EXPECT_NEAR(history.Mean(At(90), 10s).high.value(), 500, 1);
}

TEST(PowerHistoryTest, ClearForgets) {
  PowerHistory history = TwoSeconds();
  history.Clear();
  EXPECT_EQ(history.Mean(At(2), 1s), PowerInterval{});
  history.Add(At(5), {Watts(7), Watts(8)});
  EXPECT_NEAR(history.Mean(At(5), 1s).high.value(), 8, 1e-6);
}

}  // namespace
}  // namespace abcds
