// Ports for servers on loopback.
#ifndef ABCDS_HAL_SIM_WIRE_LOOPBACK_PORT_H_
#define ABCDS_HAL_SIM_WIRE_LOOPBACK_PORT_H_

namespace abcds::sim {

// A loopback TCP port that nobody uses at the moment, and that the kernel gives to nobody by itself: other ones are
// taken by somebody's connection now and then, before their server listens or while it is being restarted.
[[nodiscard]] int FreeLoopbackPort();

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_LOOPBACK_PORT_H_
