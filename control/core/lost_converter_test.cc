// An inverter falls silent, obeys its driver's 0 W unheard, and comes back: what the house draws is not taken for more than
// it is, whenever the meter's values fall.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <string>

#include "control/core/small_site.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr double kLoad = 390;

struct Case {
  const char* what;
  std::function<void(MeterSettings&)> told = [](MeterSettings&) {};
  double runs_on_s = 0;     // it goes on as it was before it obeys
  double last_word_s = -1;  // so long after the loss a reading comes through that is as old as the loss; -1: none
};

class LostConverterTest : public testing::TestWithParam<Case> {
 protected:
  // Whether the inverter's power shows in the battery's current, as it does in a real one.
  static void Step(Site& site) {
    site.amperes = (site.Grid() - site.load) / 0.92 / site.volts;
    site.Step();
  }

  // The most that is told from the loss until all has settled.
  static double Largest(const Case& c, int phase, double outage_s) {
    CoreSettings settings = TwoDevices();
    c.told(settings.meter);
    Site site(settings);
    site.load = kLoad;
    for (int i = 0; i < 500 + phase; ++i) Step(site);
    const Watts before(site.Power());
    EXPECT_NEAR(before.value(), -kLoad, 10);

    ConverterInput& inverter = site.in.converters[kInverter];
    inverter.ready = false;
    const MonotonicTime lost_at = site.now;
    const MonotonicTime ends_at = lost_at + FromSeconds(outage_s);
    double largest = 0;
    while (site.now < ends_at + 4s) {
      site.stuck_at = site.now < lost_at + FromSeconds(c.runs_on_s) ? before.value() : 0;
      if (c.last_word_s >= 0 && site.now - lost_at == FromSeconds(c.last_word_s)) inverter.power = {before, site.now, true};
      if (site.now >= ends_at && !inverter.ready) {
        inverter.ready = true;
        inverter.acknowledged = {Watts(0), site.now, true};
      }
      Step(site);
      largest = std::max(largest, -site.Power());
    }
    EXPECT_NEAR(-site.Power(), kLoad, 0.1 * kLoad) << "it must be back";
    return largest;
  }
};

TEST_P(LostConverterTest, ItsZeroIsNotTakenForTheHousesLoad) {
  for (int phase = 0; phase < 50; phase += 3) {
    for (const double outage_s : {0.1, 0.6, 1.0, 2.0, 5.0, 8.0, 9.5}) {
      if (outage_s < GetParam().runs_on_s) continue;
      SCOPED_TRACE(testing::Message() << "lost " << phase * 20 << " ms after a value, for " << outage_s << " s");
      EXPECT_LE(Largest(GetParam(), phase, outage_s), 1.1 * kLoad);
    }
  }
}

const Case kCases[] = {
    {.what = "obeys at once"},
    {.what = "its last reading is of the time before it obeyed", .last_word_s = 0.1},
    {.what = "the battery's current still says that it runs", .runs_on_s = 7},
    {.what = "values are a third as old as told", .told = [](MeterSettings& meter) { meter.latency = 1500ms; }},
    {.what = "values are told as means and are none", .told = [](MeterSettings& meter) { meter.averaging = 1s; }},
};

INSTANTIATE_TEST_SUITE_P(Ways, LostConverterTest, testing::ValuesIn(kCases), [](const auto& info) {
  std::string name(info.param.what);
  std::replace_if(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace abcds
