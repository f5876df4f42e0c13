#include "hal/drivers/jk_bms/sample_judge.h"

#include <cstdlib>

namespace abcds::jk_bms {
namespace {

// How far two replies a second or less apart may differ and still confirm each other. Larger steps are real as well (a
// load switched on): then the next reply, a tenth of a second later, agrees with this one.
constexpr int kCellStepMv = 20;
constexpr Volts kVoltageStep{0.5};
constexpr Amperes kCurrentStep{3};
constexpr int kSocStep = 1;
constexpr Celsius kTemperatureStep{3};

// What two replies of one board do not do from one second to the next, whatever the load: a cell block does not warm up
// so fast (single wrong readings near 0 °C have been seen), nor is it charged so fast, and the pack is what its cells
// sum up to (in every recording within 10 mV). On a line in good order two errors that hide each other look like this.
constexpr Celsius kTemperatureJump{8};
constexpr int kSocJump = 2;
constexpr Volts kPackJump{0.1};

bool Near(const std::optional<Celsius>& a, const std::optional<Celsius>& b, Celsius step) {
  if (a.has_value() != b.has_value()) return false;
  return !a.has_value() || Magnitude(*a - *b) <= step;
}

bool TemperaturesNear(const Status& a, const Status& b, Celsius step) {
  return Near(a.fet_temperature, b.fet_temperature, step) && Near(a.box_temperature, b.box_temperature, step) &&
         Near(a.battery_temperature, b.battery_temperature, step);
}

// Counters go up, slowly.
template <class T>
bool Follows(const std::optional<T>& later, const std::optional<T>& earlier, T most) {
  if (later.has_value() != earlier.has_value()) return false;
  return !later.has_value() || (*later >= *earlier && *later - *earlier <= most);
}

bool CountersFollow(const Status& later, const Status& earlier) {
  return Follows<uint16_t>(later.cycles, earlier.cycles, 1) &&
         Follows<uint32_t>(later.charged_total_ah, earlier.charged_total_ah, 1) &&
         Follows<uint32_t>(later.running_minutes, earlier.running_minutes, 1) &&
         later.real_capacity_ah == earlier.real_capacity_ah;
}

// What stands behind the cells' sum is no part of it: a load moves both alike.
Volts PackWithoutCells(const Status& status) { return status.voltage - status.SumOfCells(); }

// A permission that goes is no jump; one that comes back is.
bool Jumps(const Status& later, const Status& earlier) {
  return !TemperaturesNear(later, earlier, kTemperatureJump) ||
         std::abs(later.soc_percent - earlier.soc_percent) > kSocJump ||
         Magnitude(PackWithoutCells(later) - PackWithoutCells(earlier)) > kPackJump ||
         !CountersFollow(later, earlier) || (ChargeAllowed(later) && !ChargeAllowed(earlier)) ||
         (DischargeAllowed(later) && !DischargeAllowed(earlier));
}

}  // namespace

bool SampleJudge::Agree(const Status& later, const Status& earlier) noexcept {
  if (later.fixed_part != earlier.fixed_part || later.cells != earlier.cells) return false;
  for (size_t i = 0; i < later.cells; ++i) {
    if (std::abs(later.cell_mv[i] - earlier.cell_mv[i]) > kCellStepMv) return false;
  }
  if (later.current.has_value() != earlier.current.has_value()) return false;
  if (later.current.has_value() && Magnitude(*later.current - *earlier.current) > kCurrentStep) return false;
  return Magnitude(later.voltage - earlier.voltage) <= kVoltageStep &&
         std::abs(later.soc_percent - earlier.soc_percent) <= kSocStep &&
         TemperaturesNear(later, earlier, kTemperatureStep) && later.warnings == earlier.warnings &&
         later.switches == earlier.switches && later.charge_wanted == earlier.charge_wanted &&
         later.discharge_wanted == earlier.discharge_wanted && CountersFollow(later, earlier);
}

bool SampleJudge::Believe(const Status& status, MonotonicTime now) noexcept {
  const bool confirmed = previous_.has_value() && now - previous_at_ <= kMemory && Agree(status, *previous_);
  const bool unsuspicious = believed_.has_value() && status.fixed_part == believed_->fixed_part &&
                            now >= doubted_until_ && !Jumps(status, *believed_);
  previous_ = status;
  previous_at_ = now;
  if ((!confirmed && !unsuspicious) || damage_ > kMostDamage) return false;
  believed_ = status;
  return true;
}

}  // namespace abcds::jk_bms
