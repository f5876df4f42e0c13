#include "control/core/other_on_battery.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// A BMS speaks each second or two; older values are not the present.
constexpr Nanoseconds kFresh = 5s;

}  // namespace

void OtherOnBattery::Update(const BatteryInput& battery, PowerInterval own, MonotonicTime now) noexcept {
  own_.Add(own);
  const bool usable = battery.present && battery.current.UsableAt(now, kFresh) && battery.voltage.UsableAt(now, kFresh);
  if (!usable || battery.current.taken_at == heard_at_) return;
  heard_at_ = battery.current.taken_at;
  const PowerInterval moved = own_.Close(own);
  const Watts into_battery = battery.voltage.value * battery.current.value;
  const PowerInterval other{into_battery - moved.high - kExplained, into_battery - moved.low + kExplained};
  power_ = other.Nearest(power_);
}

}  // namespace abcds
