// A session on a simulated wire without threads: bytes take their time, and may be spoiled.
#ifndef ABCDS_HAL_DRIVERS_JK_BMS_WIRE_BENCH_H_
#define ABCDS_HAL_DRIVERS_JK_BMS_WIRE_BENCH_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "hal/drivers/jk_bms/session.h"
#include "hal/sim/wire/jk_bms.h"

namespace abcds::jk_bms {

using Bytes = std::vector<uint8_t>;

// Runs exchanges as the bus does, on a clock of its own.
class WireBench {
 public:
  // What the line gives back to a request, from its first byte on; empty: nothing.
  using Line = std::function<Bytes(const Bytes& request)>;

  WireBench(Session& session, Line line) : session_(session), line_(std::move(line)) { session_.OnLink(true, now_); }

  // One exchange, the next that is due. True when the session says that it was answered.
  bool Exchange() {
    now_ = std::max(now_, session_.NextDue(now_));
    const std::optional<ByteRequest> request = session_.NextRequest(now_);
    EXPECT_TRUE(request.has_value());
    if (!request) return false;
    last_request_.assign(request->bytes.begin(), request->bytes.begin() + static_cast<ptrdiff_t>(request->size));
    now_ += std::chrono::milliseconds(2);
    session_.OnSent(now_);
    const Bytes heard = line_(last_request_);
    now_ += latency_;
    for (size_t at = 0; at < heard.size();) {
      if (now_ >= session_.ReplyDeadline()) break;
      // In the odd pieces that adapters give.
      const size_t piece = std::min<size_t>(heard.size() - at, 1 + random_() % 64);
      now_ += std::chrono::microseconds(87) * static_cast<int64_t>(piece);
      if (session_.OnBytes(std::span(heard).subspan(at, piece), now_)) return true;
      at += piece;
    }
    now_ = std::max(now_, session_.ReplyDeadline());
    return session_.OnDeadline(now_);
  }

  // Exchanges until `duration` has passed.
  void Run(Nanoseconds duration) {
    const MonotonicTime end = now_ + duration;
    while (now_ < end) Exchange();
  }

  [[nodiscard]] MonotonicTime now() const { return now_; }
  [[nodiscard]] const Bytes& last_request() const { return last_request_; }
  void set_latency(Nanoseconds latency) { latency_ = latency; }

 private:
  Session& session_;
  const Line line_;
  MonotonicTime now_ = MonotonicTime(std::chrono::hours(1));
  Nanoseconds latency_ = std::chrono::milliseconds(1);
  Bytes last_request_;
  std::mt19937_64 random_{3};
};

inline sim::JkReadings Pack(int cells = 16) {
  sim::JkReadings readings;
  double millivolts = 0;
  for (int i = 0; i < cells; ++i) {
    readings.cell_mv.push_back(3300 + i % 7);
    millivolts += 3300 + i % 7;
  }
  readings.voltage_v = millivolts / 1000.0;
  readings.current_a = -12.5;
  return readings;
}

inline Bytes Reply(const sim::JkReadings& readings) { return sim::JkReply(readings, {}, 0x06); }

}  // namespace abcds::jk_bms

#endif  // ABCDS_HAL_DRIVERS_JK_BMS_WIRE_BENCH_H_
