#include "control/core/plant_wish.h"

#include <algorithm>

namespace abcds {
namespace {

// More than a reading may be wrong by, and every stop, is protection, which no budget of writes holds up. 25 W are an
// ampere of a battery of 24 V.
constexpr double kReadingErrorShare = 0.02;
constexpr Watts kReadingError{25};

Reason ReasonOf(FaultId fault) {
  switch (fault) {
    case FaultId::kMeterSilent: return Reason::kMeterSilent;
    case FaultId::kMeterFrozen: return Reason::kMeterFrozen;
    case FaultId::kMeterDisagrees: return Reason::kMeterDisagrees;
    case FaultId::kBatterySilent: return Reason::kBatterySilent;
    case FaultId::kBatteryVoltageUnknown: return Reason::kBatteryVoltageUnknown;
    case FaultId::kTemperatureOutside: return Reason::kTemperatureLimit;
    default: return Reason::kFaultLatched;
  }
}

void Forbid(Wish& wish, Reason reason) {
  wish.power = Watts(0);
  wish.reason = reason;
  wish.limit = Watts(0);
  wish.limited = true;
  wish.must_reduce = true;
}

void ForbidBoth(Wish& wish, Reason reason) {
  Forbid(wish, reason);
  wish.charge_ceiling = wish.discharge_ceiling = Watts(0);
}

void LimitByBattery(const PlantLimits& limits, Wish& wish) {
  const bool charges = wish.power > Watts(0);
  const Watts limit = charges ? limits.battery.charge : limits.battery.discharge;
  if (Magnitude(wish.power) <= limit) return;
  wish.power = charges ? limit : -limit;
  wish.reason = charges ? limits.battery.charge_reason : limits.battery.discharge_reason;
  wish.limit = limit;
  wish.limited = true;
  const Watts beyond = Magnitude(limits.standing) - limit;
  wish.must_reduce = limit == Watts(0) || beyond > std::max(limit * kReadingErrorShare, kReadingError);
}

}  // namespace

void LimitWish(const PlantLimits& limits, Wish& wish) noexcept {
  wish.charge_ceiling = limits.battery.charge;
  wish.discharge_ceiling = limits.battery.discharge;
  const auto close = [&wish](bool closed, bool charge, Reason reason) {
    if (!closed) return;
    (charge ? wish.charge_ceiling : wish.discharge_ceiling) = Watts(0);
    if (charge ? wish.power > Watts(0) : wish.power < Watts(0)) Forbid(wish, reason);
  };
  close(!limits.intent.charger_enabled, true, Reason::kDisabled);
  close(!limits.intent.discharger_enabled, false, Reason::kDisabled);
  close(limits.mode == Mode::kDischargeOnly, true, Reason::kModeForbids);
  close(limits.mode == Mode::kChargeOnly, false, Reason::kModeForbids);

  LimitByBattery(limits, wish);
  const double authority = limits.meter_authority;
  if (authority < 1.0 && !limits.waiting_for_meter) {
    wish.power = wish.power * authority;
    wish.reason = Reason::kMeterFading;
    // What is held at a minimum fades with the rest.
    wish.charge_ceiling = std::min(wish.charge_ceiling, std::max(wish.power, Watts(0)));
    wish.discharge_ceiling = std::min(wish.discharge_ceiling, std::max(-wish.power, Watts(0)));
  }
  // From here on: 0 W for everybody.
  if (authority <= 0.0) ForbidBoth(wish, limits.waiting_for_meter ? Reason::kWaitingForMeter : Reason::kMeterSilent);
  if (limits.stop != FaultId::kCount) ForbidBoth(wish, ReasonOf(limits.stop));
  if (limits.mode == Mode::kIdle) ForbidBoth(wish, Reason::kIdle);
}

}  // namespace abcds
