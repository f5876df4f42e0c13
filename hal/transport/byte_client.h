// Serial protocols with frames of their own as a transport: one exchange is a request and the bytes that follow it.
#ifndef ABCDS_HAL_TRANSPORT_BYTE_CLIENT_H_
#define ABCDS_HAL_TRANSPORT_BYTE_CLIENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "hal/units/time.h"

namespace abcds {

struct ByteRequest {
  static constexpr size_t kMaxBytes = 64;

  std::array<uint8_t, kMaxBytes> bytes{};
  size_t size = 0;
  // The line must have been silent for so long before the request goes out: what is still arriving belongs to somebody
  // else's conversation, and would be spoiled by ours.
  Nanoseconds quiet = std::chrono::milliseconds(50);
};

// A device's session as the bus sees it. All calls come from the bus's one thread; none may block. What a byte means is
// the session's business, also which of them are its own echo or somebody else's.
class ByteClient {
 public:
  virtual ~ByteClient() = default;

  // The request that is due at `now`, if any. The bus may serve another client first and ask again later: nothing
  // counts as sent until OnSent.
  virtual std::optional<ByteRequest> NextRequest(MonotonicTime now) noexcept = 0;
  // When NextRequest will have something if nothing else happens; the bus sleeps until then or until it is woken.
  virtual MonotonicTime NextDue(MonotonicTime now) noexcept = 0;

  // The request is with the kernel; from now on every byte on the line goes to OnBytes until the exchange ends.
  virtual void OnSent(MonotonicTime now) noexcept = 0;
  // In whatever pieces they arrive. True: the exchange is over, the answer is there.
  virtual bool OnBytes(std::span<const uint8_t> bytes, MonotonicTime now) noexcept = 0;
  // Asked after OnSent and after each OnBytes: how long to wait for more.
  virtual MonotonicTime ReplyDeadline() const noexcept = 0;
  // The deadline has passed: the exchange is over without an answer. True: an answer was in what had arrived.
  virtual bool OnDeadline(MonotonicTime now) noexcept = 0;

  // The port was opened, or was lost (then an exchange under way is over without further calls).
  virtual void OnLink(bool up, MonotonicTime now) noexcept = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_BYTE_CLIENT_H_
