// What an USBtin does with the bytes it is told: its states, its answers, its buffers. Pure.
// Source: USBtin's documentation and the CAN232 manual; written apart from the transport that speaks to it.
#ifndef ABCDS_HAL_SIM_WIRE_USBTIN_H_
#define ABCDS_HAL_SIM_WIRE_USBTIN_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "hal/transport/can_client.h"

namespace abcds::sim {

class Usbtin {
 public:
  // What it answers; empty where it goes on listening.
  [[nodiscard]] std::string Hear(char byte);
  // Refuses every n-th frame as if all its buffers were full; 0: none.
  void SetRefusals(int every) {
    refuse_every_ = every;
    frames_heard_ = 0;
  }
  // Says the time behind each frame, whatever Z0 said.
  void SetTimestamps(bool always) { always_timestamps_ = always; }

  // The oldest frame that waits for the bus.
  [[nodiscard]] std::optional<CanFrame> TakeFrame();
  // The line for a frame from the bus; empty while it is closed.
  [[nodiscard]] std::string Line(const CanFrame& frame, int milliseconds) const;

  [[nodiscard]] bool open() const { return open_; }
  // In bit/s; 0 until it was set.
  [[nodiscard]] int bitrate() const { return bitrate_; }

 private:
  [[nodiscard]] std::string Obey(std::string_view command);
  [[nodiscard]] std::string SendFrame(std::string_view command);

  std::string command_;
  std::deque<CanFrame> buffers_;
  bool open_ = false;
  bool listen_only_ = false;
  bool timestamps_ = false;
  bool always_timestamps_ = false;
  int refuse_every_ = 0;
  int frames_heard_ = 0;  // since refuse_every_ was set
  int bitrate_ = 0;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_USBTIN_H_
