// What tells one inverter behind Modbus registers from another: its map of registers, and its pace.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_REGISTER_MAP_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_REGISTER_MAP_H_

#include <cstdint>
#include <optional>
#include <span>

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::register_inverter {

// Registers that are read with one request.
struct ReadBlock {
  // What it means that the inverter refuses the block (answers with an exception).
  enum class Refused : uint8_t {
    kFaulty,  // it cannot be used without
    kTold,    // it can, but people should know
    kNormal,  // some versions do not have these registers; no answer at all means the same
  };

  uint16_t address = 0;  // as on the wire, zero-based
  uint8_t count = 1;
  Nanoseconds period{0};
  bool power = false;   // holds the AC power
  bool awaited = true;  // must have been read (or refused, where that is no fault) before the inverter is used
  Refused refused = Refused::kFaulty;
};

// One block's values; what it does not hold, or holds as nonsense, is missing.
struct Readings {
  std::optional<Watts> power;  // ours: discharging is negative
  std::optional<Volts> dc_voltage;
  std::optional<Volts> ac_voltage;
  std::optional<Celsius> temperature;
  std::optional<uint16_t> setpoint;  // the setpoint register read back, raw
  // A fingerprint of readings that never stand still for long while the setpoint changes.
  std::optional<uint64_t> restless;
  // One sentence: why the inverter must not be used now. A literal; only of the block with the power.
  const char* obstacle = nullptr;
  bool plausible = true;  // false: something in the block is no value
};

struct Pace {
  // How long a reply is waited for; one that took longer than `slow_from` makes it `slow_reply` for a minute.
  Nanoseconds reply{0};
  Nanoseconds slow_reply{0};
  Nanoseconds slow_from{0};
  Nanoseconds power_period_at_rest{0};
  Nanoseconds poll_duration{0};  // on the wire, with the inverter's thinking
  Nanoseconds readback_age{0};   // how old a power reading can be
  // An output that is off for this long is written again; for that long, told to people.
  Nanoseconds rewrite_after{0};
  Nanoseconds tell_after{0};
  // One sentence for readings that stand still; null where that is not judged.
  const char* frozen = nullptr;
};

// Immutable. All noexcept and without allocation.
class RegisterMap {
 public:
  virtual ~RegisterMap() = default;

  [[nodiscard]] virtual const Pace& pace() const noexcept = 0;
  // At most kMostBlocks, in the order they are first read.
  static constexpr size_t kMostBlocks = 4;
  [[nodiscard]] virtual std::span<const ReadBlock> blocks() const noexcept = 0;
  [[nodiscard]] virtual uint16_t setpoint_register() const noexcept = 0;

  // The most it delivers (a magnitude), derated; without a temperature: all of it.
  [[nodiscard]] virtual Watts AvailablePower(std::optional<Celsius> temperature) const noexcept = 0;
  // The setpoint register for a wanted AC power (+ charges): saturated to [-max_discharge, 0]. NaN is 0 W.
  [[nodiscard]] virtual uint16_t EncodeSetpoint(Watts power, Watts max_discharge) const noexcept = 0;
  // The power that such a register means, 0 or negative.
  [[nodiscard]] virtual Watts DecodeSetpoint(uint16_t raw) const noexcept = 0;
  // `raw` has block.count values.
  [[nodiscard]] virtual Readings Decode(const ReadBlock& block, std::span<const uint16_t> raw) const noexcept = 0;
};

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_REGISTER_MAP_H_
