#include "hal/drivers/jk_bms/bad_news.h"

#include <algorithm>

namespace abcds::jk_bms {
namespace {

// What was never known, or has gone, is already the worst: control takes nothing for granted then.
template <class Q>
void Lower(const Sample<Q>& said, Sample<Q>& known) {
  if (said.valid && known.valid) known.value = std::min(known.value, said.value);
}

template <class Q>
void Raise(const Sample<Q>& said, Sample<Q>& known) {
  if (said.valid && known.valid) known.value = std::max(known.value, said.value);
}

// A limit where none was is a lower one.
void LowerLimit(const Sample<Amperes>& said, Sample<Amperes>& known) {
  if (said.valid && !known.valid) known = said;
  Lower(said, known);
}

}  // namespace

void HeedWorse(const BatteryState& said, BatteryState& known) noexcept {
  HeedPermissions(said.charge_allowed, said.discharge_allowed, known);
  Lower(said.cell_lowest, known.cell_lowest);
  Raise(said.cell_highest, known.cell_highest);
  Lower(said.temperature_lowest, known.temperature_lowest);
  Raise(said.temperature_highest, known.temperature_highest);
  LowerLimit(said.charge_current_limit, known.charge_current_limit);
  LowerLimit(said.discharge_current_limit, known.discharge_current_limit);
}

}  // namespace abcds::jk_bms
