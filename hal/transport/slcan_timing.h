// How patient we are with an SLCAN adapter.
#ifndef ABCDS_HAL_TRANSPORT_SLCAN_TIMING_H_
#define ABCDS_HAL_TRANSPORT_SLCAN_TIMING_H_

#include <chrono>

#include "hal/units/time.h"

namespace abcds {

struct SlcanTiming {
  // After the adapter was told to be quiet: what still arrives then belongs to its former user. Doubled at each
  // attempt.
  Nanoseconds settling = std::chrono::milliseconds(100);
  // An adapter behind a network may need that long to answer a command. Cheap ones answer nothing at all.
  Nanoseconds answer = std::chrono::milliseconds(300);
  // A frame that was not acknowledged by then counts as under way: not every adapter acknowledges.
  Nanoseconds acknowledgement = std::chrono::milliseconds(100);
  // Pause before a frame that found no free buffer is offered again, and how often it is. Then nobody on the bus takes
  // frames: the frame is given up, and the adapter is set up anew after `recovery`, which also empties its buffers.
  Nanoseconds refused_pause = std::chrono::milliseconds(10);
  int refused_most = 20;
  Nanoseconds recovery = std::chrono::seconds(1);
  // Two frames or more without one byte from the adapter in this time: it hangs.
  Nanoseconds hang = std::chrono::seconds(3);
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_SLCAN_TIMING_H_
