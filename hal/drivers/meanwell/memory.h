// The wear of a device's memory: which writes count, how many there were, and how many are left.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_MEMORY_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_MEMORY_H_

#include <cstdint>
#include <string>

#include "hal/api/write_ledger.h"
#include "hal/drivers/meanwell/command.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// A device's memory takes about 4,000,000 writes: the number is the Python original's, which refuses to start beyond
// it; the manual only says that they are limited. Newer firmware can be told not to store setpoints (EEPROM off). For
// OPERATION the manuals say nothing: counted like setpoints, as the original does.
class Memory {
 public:
  static constexpr uint64_t kLife = 4'000'000;
  // The last ones are for stopping only.
  static constexpr uint64_t kReserve = 1'000;

  // `ledger` may be null: then writes are counted since the start only.
  explicit Memory(WriteLedger* ledger) noexcept : ledger_(ledger) {}

  // What was counted before the device was known is added to its account.
  void SetDevice(const std::string& serial_number);
  void SetEepromOff(bool off) noexcept { eeprom_off_ = off; }
  [[nodiscard]] bool eeprom_off() const noexcept { return eeprom_off_; }
  // Whether this device was once told EEPROM off and did not take it: old firmware does not have it. One that took it
  // and has it no more (a factory reset) is told again.
  [[nodiscard]] bool LacksEepromOff() const;
  void SetLacksEepromOff();

  void OnWrite(Command command, MonotonicTime now);

  // Whether the device has an account, so that its count is known.
  [[nodiscard]] bool known() const noexcept { return !device_.empty(); }
  // Over its whole life, as far as it is known.
  [[nodiscard]] uint64_t Writes() const;
  // Not in anybody's account yet.
  [[nodiscard]] uint64_t unassigned() const noexcept { return unassigned_; }
  [[nodiscard]] uint64_t counted_here() const noexcept { return counted_here_; }
  // Nothing but stopping is allowed any more.
  [[nodiscard]] bool OnlyStopping() const { return !eeprom_off_ && Writes() + kReserve >= kLife; }
  // Years until nothing is left, at the pace since the start; negative while it is too early to tell, or none counts.
  [[nodiscard]] double LifetimeYears(MonotonicTime now) const;

 private:
  WriteLedger* const ledger_;
  std::string device_;
  bool eeprom_off_ = false;
  uint64_t unassigned_ = 0;
  uint64_t counted_here_ = 0;
  MonotonicTime first_at_ = MonotonicTime::min();
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_MEMORY_H_
