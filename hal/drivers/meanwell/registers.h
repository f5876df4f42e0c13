// What a device's settable values are known to be. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_REGISTERS_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_REGISTERS_H_

#include <array>
#include <cstdint>
#include <optional>

#include "hal/drivers/meanwell/command.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// One value. Writes are not acknowledged: after one nothing is known until it was read back, and what is read then is
// the truth, also where the device has made something else of it.
struct Register {
  std::optional<uint16_t> held;     // as last read; none: unknown
  std::optional<uint16_t> written;  // last written by us, since the device is known
  MonotonicTime written_at = MonotonicTime::min();

  // Nothing to do to make it `value`.
  [[nodiscard]] bool Settled(uint16_t value) const noexcept {
    return held.has_value() && (*held == value || written == value);
  }
  // It was written, read back, and is something else.
  [[nodiscard]] bool Altered() const noexcept { return held.has_value() && written.has_value() && *held != *written; }
};

class Registers {
 public:
  // Those that can be kept.
  [[nodiscard]] static bool Has(Command command) noexcept { return IndexOf(command) >= 0; }
  [[nodiscard]] Register& operator[](Command command) noexcept;
  [[nodiscard]] const Register& operator[](Command command) const noexcept;

  void OnWritten(Command command, uint16_t raw, MonotonicTime now) noexcept;
  // What came of reading it.
  enum class Reading : uint8_t {
    kNew,        // not known before
    kUnchanged,  // as it was known
    kChanged,    // not by us: the device has restarted, or somebody else writes to it
  };
  Reading OnRead(Command command, uint16_t raw) noexcept;
  // The value that was written last and not read back since, if there is one.
  [[nodiscard]] std::optional<Command> Unverified() const noexcept { return unverified_; }
  // The device is another one, or as good as.
  void Forget() noexcept { *this = Registers(); }

 private:
  static constexpr std::array<Command, 9> kKept = {
      Command::kOperation,     Command::kVoutSet,        Command::kIoutSet,
      Command::kDirectionCtrl, Command::kReverseVoutSet, Command::kReverseIoutSet,
      Command::kSystemConfig,  Command::kCurveConfig,    Command::kBidirectionalConfig};
  [[nodiscard]] static int IndexOf(Command command) noexcept;

  std::array<Register, kKept.size()> registers_;
  std::optional<Command> unverified_;
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_REGISTERS_H_
