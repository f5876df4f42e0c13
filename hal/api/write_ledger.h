// The contract of whoever keeps, for the life of a device, what its memory has gone through.
#ifndef ABCDS_HAL_API_WRITE_LEDGER_H_
#define ABCDS_HAL_API_WRITE_LEDGER_H_

#include <cstdint>
#include <string>

namespace abcds {

// Devices are named by what they say of themselves ("meanwell EC1234567890"), so that one that changes its bus, its
// address or its name in the configuration keeps its count. All functions are thread-safe and never wait for a disk; what
// is added survives a crash, a power loss and a restart at the price of a count that may then be some writes too high.
class WriteLedger {
 public:
  virtual ~WriteLedger() = default;

  // Writes to the memory of `device` so far; 0 for one that was never heard of. Only ever grows.
  [[nodiscard]] virtual uint64_t Writes(const std::string& device) const = 0;
  virtual void AddWrites(const std::string& device, uint64_t count) = 0;

  // A fact that was found out about the device once and for all ("lacks_eeprom_off").
  [[nodiscard]] virtual bool Knows(const std::string& device, const std::string& fact) const = 0;
  virtual void Remember(const std::string& device, const std::string& fact) = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_API_WRITE_LEDGER_H_
