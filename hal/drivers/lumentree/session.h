// The conversation with one Lumentree: the common one, with this inverter's registers.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_H_

#include <cstdint>

#include "hal/drivers/lumentree/register_map.h"
#include "hal/drivers/register_inverter/session.h"

namespace abcds::lumentree {

class Session final : public register_inverter::Session {
 public:
  Session(const Traits& traits, uint8_t unit) : register_inverter::Session(MakeRegisterMap(traits), unit) {}
};

}  // namespace abcds::lumentree

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_H_
