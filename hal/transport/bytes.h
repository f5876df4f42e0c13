// Serial bytes as a transport: an ordered stream without frame borders.
#ifndef ABCDS_HAL_TRANSPORT_BYTES_H_
#define ABCDS_HAL_TRANSPORT_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/units/time.h"

namespace abcds {

// One open line to a device. Used by one ordinary thread; every wait has a deadline. An error of code Unavailable means
// that the line is gone (adapter unplugged, peer closed): close it at once and open a new one.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Waits for the first bytes until `deadline` and returns what has arrived by then, at most `buffer.size()`; 0 when
  // nothing came.
  [[nodiscard]] virtual absl::StatusOr<size_t> Read(std::span<uint8_t> buffer, MonotonicTime deadline) = 0;
  // Hands all bytes to the kernel; DeadlineExceeded when the line did not take them in time (what it took may go out).
  [[nodiscard]] virtual absl::Status Write(std::span<const uint8_t> bytes, MonotonicTime deadline) = 0;
  // Throws away what has arrived and was not read: late answers, noise. Returns how many bytes that were.
  [[nodiscard]] virtual absl::StatusOr<size_t> DiscardInput() = 0;
  // Throws away what was written and has not left yet, so that a stuck line takes new bytes.
  virtual void DiscardOutput() = 0;

  // For poll() beside other descriptors, and for libraries that take an open descriptor. -1 once closed.
  [[nodiscard]] virtual int fd() const = 0;
  // Never waits for unsent bytes. Idempotent; the destructor closes as well.
  virtual void Close() = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_BYTES_H_
