// What goes wrong between a device on a serial line and whoever asks it. One set for all protocols.
#ifndef ABCDS_HAL_SIM_WIRE_LINE_FAULTS_H_
#define ABCDS_HAL_SIM_WIRE_LINE_FAULTS_H_

#include <cstdint>
#include <random>
#include <vector>

#include "hal/units/time.h"

namespace abcds::sim {

// "Every n-th" counts replies from the moment it is set; 0 means never.
struct LineFaults {
  bool silent = false;         // hears and obeys nothing
  bool mute = false;           // hears and obeys, but does not answer
  bool echo = false;           // an adapter that gives back what is sent
  bool foreign = false;        // another master asks another device in between
  bool wrong_address = false;  // answers in another device's name
  uint8_t exception = 0;       // refuses everything with this code (Modbus)
  int corrupt_every = 0;       // one wrong bit, behind the head that says how long the reply is
  int stray_byte_every = 0;    // one byte more, behind the reply
  int drop_every = 0;          // no reply
  int half_every = 0;          // the first half of the reply only
  double corrupt_share = 0;    // of all bytes that are sent, 0 to 1
  int chunk = 0;               // bytes sent at once; 0: all
  Nanoseconds delay{0};        // before each reply, on top of the turnaround
};

// Does it to the replies of one device.
class ReplySpoiler {
 public:
  void Set(const LineFaults& faults);
  [[nodiscard]] const LineFaults& faults() const { return faults_; }
  // What is sent in place of `reply`; empty: nothing.
  [[nodiscard]] std::vector<uint8_t> Spoil(std::vector<uint8_t> reply);

 private:
  [[nodiscard]] bool Turn(int every) const;

  LineFaults faults_;
  uint64_t turns_ = 0;  // replies since the faults were set
  std::mt19937_64 random_{1};
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_LINE_FAULTS_H_
