// Control laws on one simulated plant: ours and those it is compared with.
#ifndef ABCDS_TESTS_PLANT_LAW_H_
#define ABCDS_TESTS_PLANT_LAW_H_

#include <memory>
#include <optional>
#include <string>

#include "control/core/settings.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds::plant {

// What a law may see in one cycle.
struct View {
  MonotonicTime now;
  Nanoseconds dt{0};
  std::optional<Watts> meter;   // a message that has just arrived
  Watts exact_load;             // for the oracle: noise-free mean net load over that message's window
  Sample<Watts> readback;       // the converter's newest reading
  Volts battery;
};

// Works one converter that goes both ways or one way, as its settings say.
class Law {
 public:
  virtual ~Law() = default;
  // Each cycle: the setpoint, + charges.
  virtual Watts Step(const View& view) = 0;
};

// The control core itself.
std::unique_ptr<Law> MakeOurs(const CoreSettings& settings);
// setpoint -= meter, at each message: as fast as one sample allows, blind for its own dead time.
std::unique_ptr<Law> MakeDeadBeat(const ConverterSettings& device);
// The Python original's discharger path as its documentation describes it: mean of four values of (meter + own
// read-back), minimum, 15 W deadband on the change, writes under 8 W suppressed.
std::unique_ptr<Law> MakeOriginal(const ConverterSettings& device);
// Knows the device's gain exactly and the mean net load over each message's window.
std::unique_ptr<Law> MakeOracle(const ConverterSettings& device, double gain);

}  // namespace abcds::plant

#endif  // ABCDS_TESTS_PLANT_LAW_H_
