// Who a device says it is, and whether it is set up so that it may be driven. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_IDENTITY_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/model.h"
#include "hal/drivers/meanwell/registers.h"
#include "hal/drivers/meanwell/values.h"

namespace abcds::meanwell {

// Why a device must not be used, as it is set up. In the order in which they are told.
enum class Obstacle : uint8_t {
  kNone,
  kUnknownModel,
  kOtherFamily,
  kScaling,
  kVoltageRange,    // a configured voltage is outside what the model can be set to
  kNotCanControl,   // BIC
  kFindsDirection,  // BIC: not in battery mode
  kChargerMode,     // NPB: not in power supply mode
  kStartsByItself,  // its output is on after AC on
  kPowerCycle,      // set up now, and only its next start makes it so
};

struct SetUp {
  Family family = Family::kNpb;
  Volts charge_voltage;     // to be set, correction included
  Volts discharge_voltage;  // BIC: the floor, likewise
};

class Identity {
 public:
  void Forget() { *this = Identity(); }
  // Of one of the identifying commands. False: not a value.
  [[nodiscard]] bool OnAnswer(const Message& message);

  [[nodiscard]] const Model* model() const noexcept { return model_; }
  [[nodiscard]] const std::string& model_text() const noexcept { return model_text_; }
  [[nodiscard]] const std::string& serial_number() const noexcept { return serial_text_; }
  [[nodiscard]] const std::string& revision() const noexcept { return revision_; }
  // None: not said yet, or in a way that the manuals do not explain.
  [[nodiscard]] const std::optional<Scaling>& scaling() const noexcept { return scaling_; }

  // From what is known by now; only meaningful once all that identifies was read.
  [[nodiscard]] Obstacle Check(const SetUp& set_up, const Registers& registers) const noexcept;

 private:
  std::string model_first_, model_second_, model_text_;
  std::string serial_first_, serial_second_, serial_text_;
  std::string revision_;
  const Model* model_ = nullptr;
  std::optional<Scaling> scaling_;
};

// One sentence, with what to do; `name`: what the configuration calls the device.
[[nodiscard]] std::string ObstacleText(Obstacle obstacle, const Identity& identity, const SetUp& set_up,
                                       const std::string& name);

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_IDENTITY_H_
