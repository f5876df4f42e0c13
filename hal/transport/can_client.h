// CAN frames as a transport: clients send frames and get those that match their filters.
#ifndef ABCDS_HAL_TRANSPORT_CAN_CLIENT_H_
#define ABCDS_HAL_TRANSPORT_CAN_CLIENT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "hal/units/time.h"

namespace abcds {

// One frame of classic CAN (2.0A with 11 bit identifiers, 2.0B with 29).
struct CanFrame {
  static constexpr uint8_t kMaxBytes = 8;
  static constexpr uint32_t kMaxStandardId = 0x7FF;
  static constexpr uint32_t kMaxExtendedId = 0x1FFFFFFF;

  uint32_t id = 0;        // 0 to kMaxStandardId, or to kMaxExtendedId where extended
  bool extended = false;  // 29 bit identifier; the same number as a standard identifier is another one
  bool remote = false;    // asks for data and carries none: `size` is then the size asked for
  uint8_t size = 0;       // 0 to kMaxBytes
  std::array<uint8_t, kMaxBytes> data{};

  // The bytes it carries. Only of a frame whose size is valid.
  [[nodiscard]] std::span<const uint8_t> payload() const noexcept { return {data.data(), remote ? size_t{0} : size}; }

  // Bytes behind the payload do not count.
  friend bool operator==(const CanFrame& a, const CanFrame& b) noexcept {
    return a.id == b.id && a.extended == b.extended && a.remote == b.remote && a.size == b.size &&
           std::ranges::equal(a.payload(), b.payload());
  }
};

// Lets through frames of one kind (standard or extended, never remote ones) whose identifier agrees with `id` in every
// bit of `mask`. The default mask wants all of them: exactly one identifier.
struct CanFilter {
  uint32_t id = 0;
  uint32_t mask = CanFrame::kMaxExtendedId;
  bool extended = false;

  [[nodiscard]] constexpr bool Passes(const CanFrame& frame) const noexcept {
    return frame.extended == extended && !frame.remote && (frame.id & mask) == (id & mask);
  }
};

// A device's session as the bus sees it. All calls come from the bus's one thread; none may block. The time between two
// frames to a device, and how long to wait for its answer, are the session's business.
class CanClient {
 public:
  virtual ~CanClient() = default;

  // Which frames it wants. The same from Attach() to the end of the bus.
  [[nodiscard]] virtual std::span<const CanFilter> Filters() const noexcept = 0;

  // The frame that is due at `now`, if any. The bus may serve another client first and ask again later: nothing counts
  // as sent until OnSent. Asked only while the link is up. One frame is handed over at a time: the next call comes
  // after OnSent, or because the line did not take the frame.
  virtual std::optional<CanFrame> NextFrame(MonotonicTime now) noexcept = 0;
  // When something is to be done if nothing else happens: a frame falls due, or a deadline passes. The bus then asks
  // NextFrame, which is where a session notices its deadlines; it sleeps until then or until it is woken.
  virtual MonotonicTime NextDue(MonotonicTime now) noexcept = 0;

  // The frame is with the kernel, or with the adapter. That is not yet on the wire: only an answer proves that.
  virtual void OnSent(const CanFrame& frame, MonotonicTime now) noexcept = 0;
  // A frame that passes one of the filters; never one of our own.
  virtual void OnFrame(const CanFrame& frame, MonotonicTime now) noexcept = 0;

  // The line can carry frames, or no longer (adapter out, interface down, bus off). What was sent before a loss may
  // never have reached the wire.
  virtual void OnLink(bool up, MonotonicTime now) noexcept = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_CLIENT_H_
