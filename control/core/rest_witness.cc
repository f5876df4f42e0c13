#include "control/core/rest_witness.h"

#include <algorithm>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// A BMS speaks each second or two; older values are not the present.
constexpr Nanoseconds kFresh = 5s;
// So long all samples must agree: longer than a BMS averages its current over.
constexpr Nanoseconds kAgreeFor = 3s;
// What else hangs on the battery is learned while converters move less than this, by this share per sample.
constexpr Watts kAllRest{20};
constexpr double kLearning = 0.1;
// As many windows of the known power are older than the silence.
constexpr int kWindows = 2;

}  // namespace

void RestWitness::Trial::Hear(Verdict says, MonotonicTime now) noexcept {
  if (says != leaning) {
    leaning = says;
    since = now;
  }
  // A sample that says nothing takes no proof back; only the contrary does.
  if (says != Verdict::kNone && now - since >= kAgreeFor) verdict = says;
}

void RestWitness::Forget() noexcept {
  charging_ = Trial{};
  discharging_ = Trial{};
  windows_ = 0;
}

void RestWitness::Update(const BatteryInput& battery, PowerInterval known, const Silent& silent,
                         MonotonicTime now) noexcept {
  known_.Add(known);
  if (silent.who != silent_) {
    silent_ = silent.who;
    Forget();
  }
  const bool usable = battery.present && battery.current.UsableAt(now, kFresh) && battery.voltage.UsableAt(now, kFresh);
  if (!usable) {
    Forget();
    return;
  }
  if (battery.current.taken_at == heard_at_) return;
  heard_at_ = battery.current.taken_at;
  const PowerInterval moved = known_.Close(known);
  const Watts into_battery = battery.voltage.value * battery.current.value;
  if (silent_ == 0) {
    const bool all_rest = moved.low > -kAllRest && moved.high < kAllRest;
    if (all_rest) other_ += (into_battery - other_) * kLearning;
    return;
  }
  if (++windows_ <= kWindows) return;
  // Power into the battery that nobody who answers explains.
  const PowerInterval unexplained{into_battery - moved.high - other_, into_battery - moved.low - other_};
  // Two that may cancel each other prove nothing by a sum of zero.
  const bool sums_tell = silent.count == 1 || !(silent.can_charge && silent.can_discharge);
  const auto judge = [&](Watts least, Watts most) {
    if (least > kRunsFrom) return Verdict::kRuns;
    return most < kExplained && sums_tell ? Verdict::kAtRest : Verdict::kNone;
  };
  charging_.Hear(judge(unexplained.low, unexplained.high), now);
  discharging_.Hear(judge(-unexplained.high, -unexplained.low), now);
}

}  // namespace abcds
