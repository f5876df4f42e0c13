// Hours on lines that damage what they carry, with a foreign master talking in between: values may become rare, but
// never wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <utility>
#include <vector>

#include "hal/drivers/jk_bms/wire_bench.h"

namespace abcds::jk_bms {
namespace {

struct LineCase {
  const char* name;
  double byte_errors;  // share of the bytes that are replaced by another
  double bit_errors;   // share of the bytes with one bit flipped
  double bad_frames;   // share of the replies with one byte replaced
  double hours;
  double most_seconds_between_samples;  // 0: no promise, nothing but luck brings a whole frame
};

class BadLineTest : public testing::TestWithParam<LineCase> {};

// A pack that moves: charge, load steps of tens of amperes, temperatures.
class MovingPack {
 public:
  explicit MovingPack(uint64_t seed) : random_(seed) {}

  sim::JkReadings Next() {
    if (random_() % 20 == 0) current_a_ = static_cast<double>(random_() % 12'000) / 100.0 - 60.0;
    soc_ += current_a_ * 1e-5;
    sim::JkReadings readings;
    double millivolts = 0;
    for (int i = 0; i < 16; ++i) {
      const int noise = static_cast<int>(random_() % 3);
      readings.cell_mv.push_back(3280 + static_cast<int>(current_a_) + i % 5 + noise);
      millivolts += readings.cell_mv.back();
    }
    readings.voltage_v = millivolts / 1000.0;
    readings.current_a = current_a_;
    readings.soc_percent = static_cast<int>(std::clamp(50.0 + soc_, 10.0, 90.0));
    readings.battery_c = 18 + static_cast<int>(random_() % 2);
    return readings;
  }

 private:
  std::mt19937_64 random_;
  double current_a_ = 0;
  double soc_ = 0;
};

// What no MovingPack says.
bool Frightens(const BatteryState& state) {
  if (!state.charge_allowed || !state.discharge_allowed) return true;
  if (!state.voltage.valid) return false;
  return state.cell_lowest.value < Volts(3.2) || state.cell_highest.value > Volts(3.36) ||
         state.temperature_lowest.value < Celsius(18) || state.temperature_highest.value > Celsius(20);
}

std::pair<Volts, Volts> LowestAndHighest(const Status& status) {
  const auto [lowest, highest] = std::minmax_element(status.cell_mv.begin(), status.cell_mv.begin() + status.cells);
  return {Volts(*lowest / 1000.0), Volts(*highest / 1000.0)};
}

TEST_P(BadLineTest, NeverAWrongValue) {
  const LineCase& row = GetParam();
  for (const uint64_t seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(testing::Message() << "replay with seed " << seed);
    std::mt19937_64 random(seed);
    const auto chance = [&random](double share) { return static_cast<double>(random() >> 11) * 0x1p-53 < share; };
    const auto other = [&random](uint8_t byte) { return static_cast<uint8_t>(byte + 1 + random() % 255); };
    MovingPack pack(seed);
    sim::JkReadings truth;
    uint64_t passed_the_sum = 0;
    Session session(SessionOptions{.codec = {}, .cells = 16});
    WireBench bench(session, [&](const Bytes& request) {
      truth = pack.Next();
      const Bytes sent = Reply(truth);
      Bytes reply = sent;
      for (uint8_t& byte : reply) {
        if (chance(row.byte_errors)) byte = other(byte);
        if (chance(row.bit_errors)) byte ^= static_cast<uint8_t>(1u << random() % 8);
      }
      if (chance(row.bad_frames)) {
        uint8_t& byte = reply[random() % reply.size()];
        byte = other(byte);
      }
      if (chance(row.byte_errors)) reply.erase(reply.begin() + static_cast<ptrdiff_t>(random() % reply.size()));
      passed_the_sum += reply != sent && CheckFrame(reply) == FrameFault::kNone ? 1 : 0;
      Bytes heard;
      if (random() % 4 == 0) heard = request;
      // Another master's frames, beginnings that look like ours among them.
      if (random() % 3 == 0) {
        const Bytes foreign = {0x05, 0x03, 0x00, 0x4E, 0x57, 0x01, 0x21, static_cast<uint8_t>(random())};
        heard.insert(heard.end(), foreign.begin(), foreign.end());
      }
      heard.insert(heard.end(), reply.begin(), reply.end());
      return heard;
    });
    const auto duration = FromSeconds(3600 * row.hours);
    const MonotonicTime end = bench.now() + duration;
    uint64_t samples = 0;
    MonotonicTime last_sample = bench.now();
    double longest_s = 0;
    int frights = 0;
    while (bench.now() < end) {
      bench.Exchange();
      const bool frightens = Frightens(session.state());
      frights += frightens ? 1 : 0;
      if (session.counters().samples > 0 && !frightens) {
        // Of one moment, as the last proven reply was.
        const auto [lowest, highest] = LowestAndHighest(session.status());
        ASSERT_EQ(session.state().cell_lowest.value, lowest);
        ASSERT_EQ(session.state().cell_highest.value, highest);
      }
      if (session.counters().samples == samples) continue;
      samples = session.counters().samples;
      longest_s = std::max(longest_s, ToSeconds(bench.now() - last_sample));
      last_sample = bench.now();
      const Status& status = session.status();
      ASSERT_EQ(status.cells, truth.cell_mv.size());
      for (size_t i = 0; i < status.cells; ++i) ASSERT_EQ(status.cell_mv[i], truth.cell_mv[i]) << "cell " << i + 1;
      ASSERT_NEAR(status.voltage.value(), truth.voltage_v, 0.0051);
      ASSERT_NEAR(status.current->value(), truth.current_a, 0.0051);
      ASSERT_EQ(status.soc_percent, truth.soc_percent);
      ASSERT_EQ(status.battery_temperature, Celsius(truth.battery_c));
      ASSERT_EQ(status.box_temperature, Celsius(truth.box_c));
      ASSERT_EQ(status.warnings, 0);
      ASSERT_TRUE(session.state().charge_allowed && session.state().discharge_allowed);
      ASSERT_EQ(status.cycles, 41);
      ASSERT_EQ(status.charge_overcurrent_a, 65);
    }
    const Counters counters = session.counters();
    std::printf(
        "%s seed %d: %.0f h, %llu requests, %llu samples, longest gap %.1f s, %llu damaged replies passed the sum, "
        "%d exchanges under unproven bad news\n",
        row.name, static_cast<int>(seed), row.hours, static_cast<unsigned long long>(counters.requests),
        static_cast<unsigned long long>(samples), longest_s, static_cast<unsigned long long>(passed_the_sum), frights);
    if (row.most_seconds_between_samples > 0) {
      // Bad news counts without proof (bad_news.h): damage that reads like it must stay rare, and be over at once.
      EXPECT_LE(frights, 3);
      EXPECT_LE(longest_s, row.most_seconds_between_samples);
      EXPECT_GE(static_cast<double>(samples), 3600 * row.hours / row.most_seconds_between_samples);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Lines, BadLineTest,
                         testing::Values(LineCase{"FivePercentOfTheBytes", 0.05, 0, 0, 8, 0},
                                         LineCase{"OnePercentOfTheBytes", 0.01, 0, 0, 8, 0},
                                         LineCase{"OneInThousandBytes", 0.001, 0, 0, 8, 30},
                                         LineCase{"FivePercentOfTheBytesOneBit", 0, 0.05, 0, 8, 0},
                                         LineCase{"OnePercentOfTheBytesOneBit", 0, 0.01, 0, 8, 0},
                                         LineCase{"FivePercentOfTheReplies", 0, 0, 0.05, 8, 6},
                                         LineCase{"NothingButAForeignMaster", 0, 0, 0, 4, 3}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds::jk_bms
