#include "hal/drivers/meanwell/find_units.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/timing.h"
#include "hal/rt/clock.h"
#include "hal/transport/can_port.h"

namespace abcds::meanwell {
namespace {

// An SLCAN adapter that answers nothing is taken for one after about a second.
constexpr Nanoseconds kLineComesUp = std::chrono::seconds(3);
constexpr uint32_t kAnyUnit = CanFrame::kMaxExtendedId & ~0xFFu;

// The units that answer until `until`.
absl::Status Listen(CanPort& port, Family family, MonotonicTime until, std::set<uint8_t>& units) {
  for (;;) {
    const absl::StatusOr<std::optional<CanFrame>> frame = port.Receive(until);
    if (!frame.ok()) return frame.status();
    if (!frame->has_value()) return absl::OkStatus();
    Message message;
    if (Parse(family, **frame, message) == ParseResult::kOk && message.kind == Message::Kind::kReply) {
      units.insert(message.unit);
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> FindUnits(const CanOptions& line, Family family, uint8_t highest,
                                               const std::function<bool()>& cancelled) {
  const CanFilter replies[] = {{.id = ReplyId(family, 0), .mask = kAnyUnit, .extended = true}};
  const absl::StatusOr<std::unique_ptr<CanPort>> port = CanPort::Open(line, replies);
  if (!port.ok()) return port.status();
  std::set<uint8_t> units;
  const int last = std::min(highest, LargestUnit(family));
  for (int unit = 0; unit <= last && !cancelled(); ++unit) {
    const CanFrame question = EncodeRead(family, static_cast<uint8_t>(unit), Command::kMfrModelB0B5);
    const absl::Status sent = (*port)->Send(question, MonotonicNow() + kLineComesUp);
    if (!sent.ok()) return absl::UnavailableError(std::string(sent.message()));
    const absl::Status heard = Listen(**port, family, MonotonicNow() + Timing::kSpacing, units);
    if (!heard.ok()) return heard;
  }
  if (!cancelled()) {
    const absl::Status heard = Listen(**port, family, MonotonicNow() + ReplyWithin(line.slcan_port), units);
    if (!heard.ok()) return heard;
  }
  return std::vector<uint8_t>(units.begin(), units.end());
}

}  // namespace abcds::meanwell
