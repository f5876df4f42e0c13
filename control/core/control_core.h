// The control core as one function with memory: inputs in, commands with their reasons out.
#ifndef ABCDS_CONTROL_CORE_CONTROL_CORE_H_
#define ABCDS_CONTROL_CORE_CONTROL_CORE_H_

#include "control/core/settings.h"
#include "control/core/types.h"

namespace abcds {

// Pure: owns no clock, no thread, no heap. One step per control cycle.
class ControlCore {
 public:
  explicit ControlCore(const CoreSettings& settings) noexcept;

  // Real-time. `outputs` is overwritten completely.
  void Step(const Inputs& inputs, Outputs& outputs) noexcept;

 private:
  CoreSettings settings_;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_CONTROL_CORE_H_
