#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

#include "hal/units/check.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };

TEST(QuantityTest, OnlyLikeMeetsLike) {
  static_assert(Addable<Watts, Watts>);
  static_assert(!Addable<Watts, Volts>);
  static_assert(!Addable<Watts, double>);
  static_assert(!std::is_convertible_v<double, Watts>);
  EXPECT_EQ(Watts(3) - Watts(5), Watts(-2));
  EXPECT_EQ(Magnitude(Watts(-2)), Watts(2));
}

TEST(QuantityTest, ProductsHaveTheRightUnit) {
  EXPECT_EQ(Volts(24) * Amperes(-2), Watts(-48));
  EXPECT_EQ(Watts(48) / Volts(24), Amperes(2));
  EXPECT_EQ(Amperes(10) * Ohms(0.5), Volts(5));
  EXPECT_EQ(Watts(50) / Watts(200), 0.25);
}

struct UsableCase {
  const char* name;
  double value;
  bool valid;
  Nanoseconds age;
  bool want;
};

class SampleTest : public testing::TestWithParam<UsableCase> {};

TEST_P(SampleTest, UsableAt) {
  const UsableCase& c = GetParam();
  const MonotonicTime now{100s};
  const Sample<Watts> sample{Watts(c.value), now - c.age, c.valid};
  EXPECT_EQ(sample.UsableAt(now, 3s), c.want);
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

INSTANTIATE_TEST_SUITE_P(Ages, SampleTest, testing::Values(
    //          name             value      valid  age                     want
    UsableCase{"Fresh",          1,         true,  0s,                     true},
    UsableCase{"JustInTime",     1,         true,  3s,                     true},
    UsableCase{"TooOld",         1,         true,  3s + Nanoseconds(1),    false},
    UsableCase{"NeverValid",     1,         false, 0s,                     false},
    UsableCase{"NotANumber",     kNan,      true,  0s,                     false},
    UsableCase{"Infinite",       kInfinity, true,  0s,                     false}),
    [](const auto& info) { return info.param.name; });

TEST(SampleTest, DefaultIsUnusableWithoutOverflow) {
  EXPECT_FALSE(Sample<Watts>().UsableAt(MonotonicTime(1000s), 3s));
}

TEST(TimeTest, SecondsRoundTrip) {
  EXPECT_EQ(FromSeconds(1.5), Nanoseconds(1'500'000'000));
  EXPECT_DOUBLE_EQ(ToSeconds(FromSeconds(-0.25)), -0.25);
}

TEST(CheckDeathTest, SaysWhatAndWhere) {
  EXPECT_DEATH(ABCDS_CHECK(1 + 1 == 3), "CHECK failed: 1 \\+ 1 == 3 at .*units_test.cc:[0-9]+");
}

}  // namespace
}  // namespace abcds
