// The battery's current limits, whose defaults depend on its capacity.
#ifndef ABCDS_SERVER_CONFIG_BATTERY_CURRENTS_H_
#define ABCDS_SERVER_CONFIG_BATTERY_CURRENTS_H_

#include <algorithm>

#include "abcds/v1/config.pb.h"
#include "server/config/field_rules.h"

namespace abcds {

struct BatteryCurrents {
  double charge = 0;  // in amperes
  double discharge = 0;
};

// Half the capacity per hour where the file says nothing, within the field's range.
[[nodiscard]] inline BatteryCurrents CurrentsOf(const v1::Battery& battery) {
  using v1::Battery;
  const auto in_force = [&](int number) {
    if (IsGiven(battery, number)) return NumberInForce(battery, number);
    const FieldRule& rule = RuleOf(*Battery::descriptor()->FindFieldByNumber(number));
    return std::clamp(battery.capacity_ah() / 2, rule.low, rule.high);
  };
  return {in_force(Battery::kMaxChargeCurrentAFieldNumber), in_force(Battery::kMaxDischargeCurrentAFieldNumber)};
}

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_BATTERY_CURRENTS_H_
