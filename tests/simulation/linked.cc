#include "tests/simulation/linked.h"

#include <algorithm>

namespace abcds::simulation {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr Nanoseconds kLostAfter = 2s;
constexpr Nanoseconds kAgain = 300ms;
constexpr Nanoseconds kRefresh = 5s;
constexpr Nanoseconds kReadEvery = 400ms;
constexpr Watts kOff{60};
constexpr Nanoseconds kOffFor = 2s;

}  // namespace

void Linked::Tell(MonotonicTime now) {
  const bool connected = heard_at_ != MonotonicTime::min() && now - heard_at_ <= kLostAfter;
  const bool expired = now >= command_.expires_at;
  Watts wanted = connected && !expired ? command_.power : Watts(0);
  wanted = std::clamp(wanted, model_.options().lowest, model_.options().highest);
  const bool anew = wanted != told_ || (!confirmed_ && now - told_at_ >= kAgain) || now - told_at_ >= kRefresh ||
                    (off_since_ != MonotonicTime::max() && now - off_since_ >= kOffFor);
  if (!anew) return;
  if (wanted != told_) confirmed_ = false;
  told_ = wanted;
  told_at_ = now;
  off_since_ = MonotonicTime::max();
  if (silent || (lossy && random_.OneIn(2))) return;
  on_the_way_.push_back({now + delay, wanted});
}

void Linked::Arrive(MonotonicTime now) {
  while (!on_the_way_.empty() && on_the_way_.front().arrives_at <= now) {
    const Watts power = on_the_way_.front().power;
    on_the_way_.pop_front();
    if (silent) continue;
    if (!latched && !(keeps_on && power == Watts(0))) model_.Set(power);
    if (lossy && random_.OneIn(2)) continue;
    heard_at_ = now;
    if (power != told_) continue;
    confirmed_ = true;
    state_.acknowledged = {power, now, true};
  }
}

void Linked::Read(MonotonicTime now) {
  if (silent || now - read_at_ < kReadEvery + delay) return;
  read_at_ = now;
  heard_at_ = now;
  if (!stuck) reading_ = model_.readback();
  state_.power = {reading_, now, true};
  const bool off = Magnitude(reading_ - told_) > kOff;
  if (!off) off_since_ = MonotonicTime::max();
  else if (off_since_ == MonotonicTime::max()) off_since_ = now;
}

void Linked::Step(MonotonicTime now) {
  Tell(now);
  Arrive(now);
  Read(now);
  const bool connected = heard_at_ != MonotonicTime::min() && now - heard_at_ <= kLostAfter;
  if (!connected) {
    if (state_.lifecycle == Lifecycle::kActive) told_ = Watts(1e9);  // 0 W is told before anything else
    state_.lifecycle = Lifecycle::kConnecting;
    return;
  }
  // Back: only once 0 W is confirmed.
  if (state_.lifecycle != Lifecycle::kActive && !(confirmed_ && told_ == Watts(0))) return;
  state_.lifecycle = Lifecycle::kActive;
  state_.max_charge = model_.options().highest;
  state_.max_discharge = -model_.options().lowest;
}

}  // namespace abcds::simulation
