// TCP connections to RS485-to-Ethernet adapters that pass bytes through.
#ifndef ABCDS_HAL_TRANSPORT_TCP_CONNECT_H_
#define ABCDS_HAL_TRANSPORT_TCP_CONNECT_H_

#include <string>

#include "absl/status/statusor.h"
#include "hal/transport/owned_fd.h"
#include "hal/units/time.h"

namespace abcds {

struct TcpAddress {
  std::string host;
  std::string port;
};

// "tcp://host:port", an IPv6 address in brackets. InvalidArgument with what is expected otherwise.
[[nodiscard]] absl::StatusOr<TcpAddress> ParseTcpAddress(const std::string& text);

// A connected, non-blocking socket without Nagle's delay, which notices a dead peer within about 10 s. Resolving the
// name may block for seconds, so this belongs on an ordinary thread; connecting ends after `patience`. Unavailable with
// a sentence when nobody answers.
[[nodiscard]] absl::StatusOr<OwnedFd> TcpConnect(const TcpAddress& address, Nanoseconds patience);

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_TCP_CONNECT_H_
