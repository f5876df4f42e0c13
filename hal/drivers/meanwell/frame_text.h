// CAN frames as people and programs write them down. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_FRAME_TEXT_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_FRAME_TEXT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/transport/can_client.h"

namespace abcds::meanwell {

// One line of a log, or a frame on its own:
//   000C0002#60007714                                     cansend; dots between bytes and 0x before the number allowed
//   (1436509052.249713) can0 000C0002#60007714 R          candump -L
//   (1436509052.249713)  can0  RX - -  000C0002   [4]  60 00 77 14   '`.w.'       candump, with and without its options
//   000C0002 [4] 60 00 77 14
//   T000C0002460007714, T000C00024600077140A3F            SLCAN, without and with time stamp
//   12:00:01.2 > T000C0002460007714                       the same with notes in front: time, direction, port
//   Timestamp: 1690000000.12  ID: 000c0002  X Rx  DL: 4  60 00 77 14  Channel: can0       python-can's messages, printed
//   can.Message(timestamp=1.5, arbitration_id=0xc0002, dlc=4, data=[0x60, 0x0, 0x77, 0x14])       the same by repr()
//   0.001000 1  C0002x  Rx  d 4 60 00 77 14                 ASC, as Vector's tools and python-can write it
//   1)  1841.1  Rx  000C0002  4  60 00 77 14                TRC, as PEAK's tools write it
//   Extended ID: 0x000C0002  DLC: 4  Data: 0x60 0x00 0x77 0x14       the usual Arduino sketch
// None: a line of such logs that holds no frame (empty, a remark, an adapter's acknowledgement or command).
// InvalidArgument with one sentence for anything else.
[[nodiscard]] absl::StatusOr<std::optional<CanFrame>> ParseFrameText(const std::string& line);

// The lines of a log. They end in \n, in \r, as SLCAN has it on the wire, or in both.
[[nodiscard]] std::vector<std::string> LinesOfText(const std::string& text);
// The same of a command line's arguments, one or more lines each; or a shell has taken candump's apart at the blanks.
[[nodiscard]] std::vector<std::string> LinesOfArguments(const std::vector<std::string>& arguments);

// "000C0002#60007714".
[[nodiscard]] std::string FrameText(const CanFrame& frame);

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_FRAME_TEXT_H_
