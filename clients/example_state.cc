#include "clients/example_state.h"

#include "google/protobuf/text_format.h"

namespace abcds {

v1::PlantState ExampleState() {
  v1::PlantState state;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(
      R"pb(
        site: "home"
        time { seconds: 1800000000 }
        mode: MODE_AUTOMATIC
        charger_enabled: true
        discharger_enabled: true
        target_w: 0
        meter { name: "grid" lifecycle: LIFECYCLE_ACTIVE power_w: 12.4 age_s: 0.42 samples: 100 }
        estimate { load_w: 402 }
        battery {
          name: "bms"
          lifecycle: LIFECYCLE_ACTIVE
          voltage_v: 26.4
          current_a: -15.2
          soc_ratio: 0.542
          cell_lowest_v: 3.298
          cell_highest_v: 3.305
          temperature_lowest_c: 18
          temperature_highest_c: 21
          charge_limit_w: 1300
          discharge_limit_w: 1290
          charged_wh: 54
          discharged_wh: 1234
        }
        converters {
          name: "inverter"
          device: "lumentree"
          lifecycle: LIFECYCLE_ACTIVE
          setpoint_w: -390
          acknowledged_w: -390
          power_w: -388
          power_age_s: 0.3
          decision {
            setpoint_w: -390
            wanted_w: -402
            reason: "regulating"
            since { seconds: 12 }
          }
        }
        decision {
          setpoint_w: -390
          wanted_w: -402
          reason: "converter_limit"
          limit_w: 390
          since { seconds: 12 }
        }
        cycle {
          sequence: 5000
          missed: 1
          period_s: 0.02
          compute_time_max_s: 45e-6
          lateness_max_s: 0.0012
          real_time: true
        }
        version: "0.1.0"
      )pb",
      &state);
  return parsed ? state : v1::PlantState();
}

}  // namespace abcds
