// Measurements that say nothing about now.
#ifndef ABCDS_CONTROL_CORE_VOID_SAMPLES_H_
#define ABCDS_CONTROL_CORE_VOID_SAMPLES_H_

#include "control/core/types.h"
#include "hal/units/time.h"

namespace abcds {

// Makes every sample invalid that was taken by `until`: the machine slept then, and it is older than its time says.
void VoidSamplesUntil(MonotonicTime until, Inputs& inputs) noexcept;

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_VOID_SAMPLES_H_
