// What a CAN controller says about errors on the wire, in the kernel's error frames.
// Source: linux/can/error.h.
#ifndef ABCDS_HAL_TRANSPORT_CAN_ERROR_H_
#define ABCDS_HAL_TRANSPORT_CAN_ERROR_H_

#include <linux/can.h>
#include <linux/can/error.h>

#include <cstdint>

namespace abcds {

// A controller's own view of how well it gets on with the bus: ISO 11898's fault confinement.
enum class CanBusState : uint8_t {
  kActive,   // few errors
  kWarning,  // more than 96 counted
  kPassive,  // more than 127: it may no longer disturb others
  kOff,      // more than 255: it has left the bus
};

// The classes that are worth a wake-up. Lost arbitration is not: it is how CAN shares the wire.
constexpr can_err_mask_t kCanErrorClasses = CAN_ERR_TX_TIMEOUT | CAN_ERR_CRTL | CAN_ERR_TRX | CAN_ERR_ACK |
                                            CAN_ERR_BUSOFF | CAN_ERR_BUSERROR | CAN_ERR_RESTARTED;

// The state after `frame`, an error frame, when it was `before`.
[[nodiscard]] CanBusState StateAfter(const can_frame& frame, CanBusState before) noexcept;

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_ERROR_H_
