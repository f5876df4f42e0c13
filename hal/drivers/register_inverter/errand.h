// Short errands to an inverter behind Modbus registers that no daemon drives: who is there, what does it say, one
// setpoint. With the driver's own map of registers and transport.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_ERRAND_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_ERRAND_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/drivers/register_inverter/register_map.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

class ModbusPort;

}  // namespace abcds

namespace abcds::register_inverter {

struct ErrandTarget {
  std::string port;
  int baud = 9600;
  uint8_t unit = 1;  // 1 to 247
};

// How long each reply is waited for, and how often a request without a good one is repeated.
struct Patience {
  Nanoseconds reply = std::chrono::milliseconds(900);
  int tries = 3;
};

// The line is ours, and locked, while this lives. One ordinary thread; every call blocks, at most `tries` replies and a
// second. Errors, each one sentence: Unavailable where nothing or nothing good comes back; InvalidArgument where what
// comes back says that it is another device.
class Errand {
 public:
  // Errors as OpenSerialPort.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Errand>> Open(const ErrandTarget& target);
  ~Errand();
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  // Raw, `count` at most 32. Only reads.
  [[nodiscard]] absl::StatusOr<std::vector<uint16_t>> ReadRegisters(uint16_t first, uint8_t count,
                                                                    const Patience& patience);
  // One block: its values, all plausible.
  [[nodiscard]] absl::StatusOr<Readings> ReadBlock(const RegisterMap& map, const ReadBlock& block,
                                                   const Patience& patience);
  // All blocks together. What the inverter may refuse is left out where it does. An inverter that shows no voltage at
  // all is none: a device that answers every question with 0.
  [[nodiscard]] absl::StatusOr<Readings> ReadAll(const RegisterMap& map, const Patience& patience);

  // Commands `power` (0 or negative), and returns what the inverter was told after saturation, once it has acknowledged.
  [[nodiscard]] absl::StatusOr<Watts> WriteSetpoint(const RegisterMap& map, Watts power, Watts max_discharge,
                                                    const Patience& patience);

 private:
  Errand(const ErrandTarget& target, std::unique_ptr<ModbusPort> port);

  struct Answer;
  [[nodiscard]] Answer Ask(bool write, uint16_t first, uint8_t count, uint16_t value, const Patience& patience);
  [[nodiscard]] absl::Status Refusal(const Answer& answer, uint16_t first) const;

  const ErrandTarget target_;
  std::unique_ptr<ModbusPort> port_;
};

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_ERRAND_H_
