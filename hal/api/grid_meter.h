// The contract of the meter at the grid connection.
#ifndef ABCDS_HAL_API_GRID_METER_H_
#define ABCDS_HAL_API_GRID_METER_H_

#include <cstdint>

#include "hal/api/device_details.h"
#include "hal/api/lifecycle.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"

namespace abcds {

// Trivially copyable: crosses the real-time border through a Mailbox.
struct MeterState {
  // Grid power, + import; `taken_at` is the moment of arrival at this machine. A value that a driver refuses (not a
  // number, implausible, retained, replayed) never gets here: the sample just grows old.
  Sample<Watts> power;
  // Grows by one with each new measurement. The same value polled twice from a device that has not measured anew is one
  // measurement.
  uint64_t sequence = 0;
  // Active only while the values are live and trusted: control may then use them.
  Lifecycle lifecycle = Lifecycle::kConnecting;
};

class GridMeter {
 public:
  virtual ~GridMeter() = default;

  // Ordinary threads. Start() returns at once and retries for ever; Stop() is idempotent.
  virtual void Start() = 0;
  virtual void Stop() = 0;
  [[nodiscard]] virtual DeviceDetails Details() const = 0;

  // Real-time thread: wait-free, no allocation.
  [[nodiscard]] virtual MeterState Latest() noexcept = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_API_GRID_METER_H_
