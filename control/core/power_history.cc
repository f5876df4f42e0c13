#include "control/core/power_history.h"

#include <algorithm>

namespace abcds {
namespace {

// Finer than any meter can tell; coarser where a long span would not fit.
constexpr Nanoseconds kFinest = std::chrono::milliseconds(10);

}  // namespace

PowerHistory::PowerHistory(Nanoseconds span) noexcept : resolution_(std::max(kFinest, span / (kCapacity - 8))) {}

void PowerHistory::Add(MonotonicTime now, PowerInterval power) noexcept {
  if (count_ == 0) {
    entries_[0] = {now, 0.0, 0.0, power};
    first_ = 0;
    count_ = 1;
    return;
  }
  Entry& last = entries_[(first_ + count_ - 1) % kCapacity];
  const double seconds = ToSeconds(now - last.time);
  const Entry next{now, last.low_joules + power.low.value() * seconds,
                   last.high_joules + power.high.value() * seconds, power};
  // Entries closer together than the resolution are merged into the last one; its integrals stay exact.
  if (count_ >= 2 && now - At(count_ - 2).time < resolution_) {
    last = next;
    return;
  }
  if (count_ == kCapacity) {
    first_ = (first_ + 1) % kCapacity;
    --count_;
  }
  entries_[(first_ + count_) % kCapacity] = next;
  ++count_;
}

int PowerHistory::IndexAt(MonotonicTime when) const noexcept {
  int low = 0;
  int high = count_;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (At(middle).time < when) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

PowerHistory::Integral PowerHistory::IntegralAt(MonotonicTime when) const noexcept {
  // Outside of the entries the nearest one's power goes on.
  const Entry& entry = At(std::min(IndexAt(when), count_ - 1));
  const double seconds = ToSeconds(when - entry.time);
  return {entry.low_joules + entry.power.low.value() * seconds, entry.high_joules + entry.power.high.value() * seconds};
}

PowerInterval PowerHistory::Mean(MonotonicTime end, Nanoseconds width) const noexcept {
  if (count_ == 0) return {};
  // A momentary value: the entry that holds at `end`.
  width = std::max(width, std::chrono::nanoseconds(std::chrono::milliseconds(1)));
  const Integral to = IntegralAt(end);
  const Integral from = IntegralAt(end - width);
  const double seconds = ToSeconds(width);
  return {Watts((to.low_joules - from.low_joules) / seconds), Watts((to.high_joules - from.high_joules) / seconds)};
}

PowerInterval PowerHistory::Extremes(MonotonicTime from, MonotonicTime to) const noexcept {
  if (count_ == 0) return {};
  const int last = std::min(IndexAt(to), count_ - 1);
  PowerInterval all = At(last).power;
  for (int i = IndexAt(from); i < last; ++i) all = Hull(all, At(i).power);
  return all;
}

}  // namespace abcds
