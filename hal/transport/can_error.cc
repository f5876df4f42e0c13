#include "hal/transport/can_error.h"

namespace abcds {

CanBusState StateAfter(const can_frame& frame, CanBusState before) noexcept {
  if ((frame.can_id & CAN_ERR_BUSOFF) != 0) return CanBusState::kOff;
  CanBusState state = before;
  if ((frame.can_id & CAN_ERR_RESTARTED) != 0) state = CanBusState::kActive;
  // A controller that is off the bus has no other news until it was restarted.
  if (state == CanBusState::kOff || (frame.can_id & CAN_ERR_CRTL) == 0) return state;
  const unsigned detail = frame.data[1];
  if ((detail & (CAN_ERR_CRTL_RX_PASSIVE | CAN_ERR_CRTL_TX_PASSIVE)) != 0) return CanBusState::kPassive;
  if ((detail & (CAN_ERR_CRTL_RX_WARNING | CAN_ERR_CRTL_TX_WARNING)) != 0) return CanBusState::kWarning;
  if ((detail & CAN_ERR_CRTL_ACTIVE) != 0) return CanBusState::kActive;
  return state;
}

}  // namespace abcds
