#include "hal/drivers/jk_bms/bad_news.h"

namespace abcds::jk_bms {
namespace {

// What moves by less is no news, but what a load's step or a sensor's noise does: it would only mix two moments of the
// pack in one state. Its proof is a tenth of a second away; so is a limit that it crosses.
constexpr Volts kCellMoves{0.2};
constexpr Celsius kTemperatureMoves{5};

// What was never known, or has gone, is already the worst: control takes nothing for granted then.
template <class Q>
void Lower(const Sample<Q>& said, Q moves, Sample<Q>& known) {
  if (said.valid && known.valid && said.value < known.value - moves) known.value = said.value;
}

template <class Q>
void Raise(const Sample<Q>& said, Q moves, Sample<Q>& known) {
  if (said.valid && known.valid && said.value > known.value + moves) known.value = said.value;
}

// A limit where none was is a lower one. It is a setting, and does not move.
void LowerLimit(const Sample<Amperes>& said, Sample<Amperes>& known) {
  if (said.valid && !known.valid) known = said;
  Lower(said, Amperes(0), known);
}

}  // namespace

void HeedWorse(const BatteryState& said, BatteryState& known) noexcept {
  HeedPermissions(said.charge_allowed, said.discharge_allowed, known);
  Lower(said.cell_lowest, kCellMoves, known.cell_lowest);
  Raise(said.cell_highest, kCellMoves, known.cell_highest);
  Lower(said.temperature_lowest, kTemperatureMoves, known.temperature_lowest);
  Raise(said.temperature_highest, kTemperatureMoves, known.temperature_highest);
  LowerLimit(said.charge_current_limit, known.charge_current_limit);
  LowerLimit(said.discharge_current_limit, known.discharge_current_limit);
}

}  // namespace abcds::jk_bms
