// The states that every device goes through.
#ifndef ABCDS_HAL_API_LIFECYCLE_H_
#define ABCDS_HAL_API_LIFECYCLE_H_

#include <cstdint>

namespace abcds {

// connecting → inactive ⇄ active, and faulty from anywhere; a lost link leads back to connecting.
enum class Lifecycle : uint8_t {
  kConnecting,  // no answer yet, or the link is lost; retried for ever with capped, jittered pauses
  kInactive,    // it answers, and is not (or not yet) allowed to move power; a meter that is not trusted yet
  kActive,      // in use
  kFaulty,      // it answers, but reports a fault, refuses commands or is the wrong model
};

}  // namespace abcds

#endif  // ABCDS_HAL_API_LIFECYCLE_H_
