#include "hal/transport/can_open.h"

#include <utility>

#include "hal/transport/can_socket.h"
#include "hal/transport/serial_port.h"
#include "hal/transport/slcan_adapter.h"

namespace abcds {
namespace {

// USB adapters ignore it; those with a real serial line behind them use this one.
constexpr int kSlcanBaud = 115200;

}  // namespace

absl::StatusOr<std::unique_ptr<CanAdapter>> OpenCanAdapter(const CanOptions& options,
                                                           std::span<const CanFilter> filters) {
  if (!options.interface.empty()) {
    return CanSocket::Open(options.interface, options.bitrate, options.bring_up, filters);
  }
  absl::StatusOr<std::unique_ptr<ByteStream>> line = OpenSerialPort({.port = options.slcan_port, .baud = kSlcanBaud});
  if (!line.ok()) return line.status();
  return SlcanAdapter::Create(*std::move(line), options.slcan_port, options.bitrate, filters, options.slcan);
}

const std::string& CanLineName(const CanOptions& options) {
  return options.interface.empty() ? options.slcan_port : options.interface;
}

}  // namespace abcds
