// The conversation with a Shelly: what is asked when, and which answers are measurements.
#ifndef ABCDS_HAL_DRIVERS_SHELLY_SESSION_H_
#define ABCDS_HAL_DRIVERS_SHELLY_SESSION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "hal/api/device_details.h"
#include "hal/api/grid_meter.h"
#include "hal/drivers/meter/trust.h"
#include "hal/drivers/shelly/codec.h"
#include "hal/text/refusal.h"
#include "hal/transport/http_exchange.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::shelly {

struct SessionOptions {
  const Model* model = nullptr;                    // never null
  std::string address;                             // for people: "192.168.1.57:80"
  Nanoseconds interval = std::chrono::seconds(1);  // T, between two questions; above 0
  DecodeOptions decode{};
  uint64_t seed = 1;  // of the pauses' jitter
};

// A machine of replies and time; no I/O, no clock.
//
//  * First, and after each loss, the device says what it is; a wrong model is faulty and asked again every minute.
//  * Then its status is asked on a fixed grid of T. A device that has not measured anew repeats itself: the same values
//    with the same clock are one measurement, and the repetition has no effect at all.
//  * A refused document has no effect either, and the device is asked again at the next grid point. A failed exchange:
//    three times likewise, then after 2, 4, 8, 15 s; a refused login at once, then after 10 s, then every minute.
class Session {
 public:
  explicit Session(const SessionOptions& options);

  [[nodiscard]] HttpRequest NextRequest() const noexcept;
  void OnReply(const HttpReply& reply, MonotonicTime now);
  void OnTime(MonotonicTime now) noexcept;
  [[nodiscard]] MonotonicTime NextDue() const noexcept { return trust_.NextDue(); }

  [[nodiscard]] MeterState state() const noexcept;

  // For people, as of `now`: readings, counters, and one sentence of trouble.
  void Describe(MonotonicTime now, DeviceDetails& details) const;

 private:
  void OnFailure(const HttpReply& reply, MonotonicTime now);
  void OnIdentity(std::string_view body, MonotonicTime now);
  void OnStatus(std::string_view body, MonotonicTime now);
  void Refuse(Refusal refusal, size_t clamp, std::string_view body, MonotonicTime now);
  void LoseLinkWhenSilent() noexcept;
  void AskAtNextGridPoint(MonotonicTime now) noexcept;
  [[nodiscard]] Nanoseconds PauseAfter(const HttpReply& reply) noexcept;
  [[nodiscard]] Nanoseconds Jittered(Nanoseconds pause) noexcept;
  [[nodiscard]] std::string Trouble() const;

  const SessionOptions options_;
  std::mt19937_64 random_;
  MeterTrust trust_;
  MonotonicTime ask_at_ = MonotonicTime::min();

  bool identified_ = false;
  bool wrong_model_ = false;
  Identity identity_;
  std::optional<Reading> last_;
  bool repeating_ = false;  // the newest reply was the one before it

  HttpFault last_fault_ = HttpFault::kNone;
  Refusal last_refusal_ = Refusal::kNone;
  size_t last_clamp_ = 0;     // as in DecodedReading
  std::string last_refused_;  // an excerpt, printable
  int failures_ = 0;          // exchanges in a row

  uint64_t repeated_ = 0;
  std::array<uint64_t, static_cast<size_t>(HttpFault::kCount)> faults_{};
  std::array<uint64_t, static_cast<size_t>(Refusal::kCount)> refused_{};
};

}  // namespace abcds::shelly

#endif  // ABCDS_HAL_DRIVERS_SHELLY_SESSION_H_
