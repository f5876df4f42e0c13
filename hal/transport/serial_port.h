// Opens serial lines: kernel serial ports, ptys, and serial lines behind TCP.
#ifndef ABCDS_HAL_TRANSPORT_SERIAL_PORT_H_
#define ABCDS_HAL_TRANSPORT_SERIAL_PORT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/transport/bytes.h"

namespace abcds {

struct SerialOptions {
  // "/dev/serial/by-id/…" or another device node or link to one, a pty, or "tcp://host:port".
  std::string port;
  // 8 data bits, no parity, 1 stop bit, no flow control. Without meaning for tcp:// (the adapter has its own setting).
  int baud = 9600;
};

// An open line with us as its only owner. Ordinary thread: a tcp:// port may take 2 s to connect, and longer to
// resolve. Errors, each one sentence that names the port:
//   LineOwnedError()    somebody else uses it
//   InvalidArgument     it is no serial port, or the baud rate does not exist: retrying cannot help
//   NotFound, Unavailable, PermissionDenied   not there now; worth retrying
[[nodiscard]] absl::StatusOr<std::unique_ptr<ByteStream>> OpenSerialPort(const SerialOptions& options);

[[nodiscard]] bool IsTcpPort(const std::string& port);

// For tcp:// ports: whether another process owns the address, without connecting to it. Errors as above.
[[nodiscard]] absl::Status CheckTcpPortIsFree(const std::string& port);

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_SERIAL_PORT_H_
