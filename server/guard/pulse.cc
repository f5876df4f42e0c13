#include "server/guard/pulse.h"

namespace abcds {

std::optional<Beat> Pulse::At(const Vitals& vitals, MonotonicTime now) noexcept {
  if (vitals.phase != phase_) {
    phase_ = vitals.phase;
    phase_since_ = now;
    cycles_since_ = now;
  }
  if (vitals.cycles != cycles_) {
    cycles_ = vitals.cycles;
    cycles_since_ = now;
  }
  bool well = false;
  switch (phase_) {
    case Beat::kStarting:
      well = now - phase_since_ <= kLongestStart;
      break;
    case Beat::kRunning:
      well = now - cycles_since_ <= kCycleStalled && now - vitals.main_alive_at <= kMainStalled;
      break;
    case Beat::kEnding:
      well = now - phase_since_ <= kLongestEnd;
      break;
  }
  return well ? std::optional(phase_) : std::nullopt;
}

}  // namespace abcds
