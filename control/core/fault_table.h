// Faults: one row per kind in one table, one slot per occurrence place.
#ifndef ABCDS_CONTROL_CORE_FAULT_TABLE_H_
#define ABCDS_CONTROL_CORE_FAULT_TABLE_H_

#include <array>

#include "control/core/types.h"
#include "hal/units/time.h"

namespace abcds {

// What a kind of fault means. The rows are in fault_table.cc.
struct FaultRow {
  FaultId id;
  Nanoseconds debounce;  // the condition must hold this long
  Severity severity;     // kStop: 0 W for whom it concerns
  bool latches;          // stays until a person clears it; otherwise it goes with its condition
};

class FaultTable {
 public:
  FaultTable() noexcept;

  // Each cycle, for each fault: whether its condition holds. `converter` only for faults that concern one.
  void Report(FaultId id, bool condition, MonotonicTime now, int converter = -1) noexcept;
  // Before the first report: a fault that an earlier run of the program left latched. Ignored for kinds that do not latch.
  void Restore(FaultId id, MonotonicTime now, int converter = -1) noexcept;
  // Clears latched faults whose condition does not hold any more; kCount and -1 stand for all.
  void Clear(FaultId id, int converter) noexcept;

  // A plant-wide stop, and which; kCount: none.
  [[nodiscard]] FaultId StopCause() const noexcept;
  // One that stops the plant waits for a person.
  [[nodiscard]] bool Latched() const noexcept;
  [[nodiscard]] const std::array<FaultStatus, kFaultSlots>& slots() const noexcept { return slots_; }
  [[nodiscard]] static const FaultRow& Row(FaultId id) noexcept;
  [[nodiscard]] static bool ConcernsConverter(FaultId id) noexcept;

 private:
  [[nodiscard]] static int SlotOf(FaultId id, int converter) noexcept;

  std::array<FaultStatus, kFaultSlots> slots_{};
  std::array<MonotonicTime, kFaultSlots> holding_since_{};  // of the condition; max(): it does not hold
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_FAULT_TABLE_H_
