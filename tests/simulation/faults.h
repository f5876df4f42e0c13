// What goes wrong in the simulated site, and when: drawn from a seed, replayed exactly.
#ifndef ABCDS_TESTS_SIMULATION_FAULTS_H_
#define ABCDS_TESTS_SIMULATION_FAULTS_H_

#include "hal/sim/house/random.h"
#include "hal/units/time.h"

namespace abcds::simulation {

// One kind of trouble: begins with a given probability per second, lasts for a drawn time.
class Trouble {
 public:
  Trouble(uint64_t one_in_seconds, double longest_seconds) : rate_(one_in_seconds), longest_(longest_seconds) {}

  // Once per simulated second.
  void Draw(sim::Random& random, MonotonicTime now) {
    if (!Active(now) && random.OneIn(rate_)) until_ = now + FromSeconds(random.Uniform(0.5, longest_));
  }
  [[nodiscard]] bool Active(MonotonicTime now) const { return now < until_; }
  void Heal() { until_ = MonotonicTime::min(); }

 private:
  uint64_t rate_;
  double longest_;
  MonotonicTime until_ = MonotonicTime::min();
};

struct Faults {
  // The meter and its broker.
  Trouble meter_silent{400, 40};
  Trouble meter_garbage{200, 8};
  Trouble meter_frozen{900, 60};
  Trouble meter_flipped{1500, 120};
  Trouble broker_down{600, 30};
  // The inverter and its line.
  Trouble inverter_silent{400, 20};
  Trouble inverter_refuses{900, 10};
  Trouble replies_lost{300, 20};   // one in four exchanges
  Trouble line_down{700, 30};
  Trouble inverter_weak{2000, 60};  // answers, and delivers next to nothing
  // The charger does not hear, and goes on with what it does.
  Trouble charger_silent{800, 60};
  // The battery's monitor.
  Trouble bms_silent{500, 90};
  Trouble bms_forbids_charge{500, 30};
  Trouble bms_forbids_discharge{500, 30};
  Trouble cells_cold{900, 60};
  Trouble cell_drifts{1200, 40};   // one cell far too high or too low
  // Ourselves.
  Trouble cycle_hangs{800, 5};

  template <class Each>
  void ForEach(Each each) {
    for (Trouble* one : {&meter_silent, &meter_garbage, &meter_frozen, &meter_flipped, &broker_down, &inverter_silent,
                         &inverter_refuses, &replies_lost, &line_down, &inverter_weak, &charger_silent, &bms_silent,
                         &bms_forbids_charge, &bms_forbids_discharge, &cells_cold, &cell_drifts, &cycle_hangs}) {
      each(*one);
    }
  }
};

}  // namespace abcds::simulation

#endif  // ABCDS_TESTS_SIMULATION_FAULTS_H_
