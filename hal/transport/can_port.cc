#include "hal/transport/can_port.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/transport/wait_readable.h"

namespace abcds {
namespace {

// More than this unread is a flood; the oldest go.
constexpr size_t kMostUnread = 64;

}  // namespace

absl::StatusOr<std::unique_ptr<CanPort>> CanPort::Open(const CanOptions& options, std::span<const CanFilter> filters) {
  absl::StatusOr<std::unique_ptr<CanAdapter>> adapter = OpenCanAdapter(options, filters);
  if (!adapter.ok()) return adapter.status();
  return std::unique_ptr<CanPort>(new CanPort(*std::move(adapter)));
}

absl::Status CanPort::Send(const CanFrame& frame, MonotonicTime deadline) {
  for (;;) {
    const MonotonicTime now = MonotonicNow();
    if (const absl::Status drained = Drain(now); !drained.ok()) return drained;
    if (adapter_->ready()) {
      const absl::Status sent = adapter_->Send(frame, now);
      if (!absl::IsResourceExhausted(sent)) return sent;
    }
    if (now >= deadline) {
      const std::string trouble = adapter_->trouble();
      return absl::DeadlineExceededError(trouble.empty() ? "the CAN line did not take the frame in time" : trouble);
    }
    Wait(deadline);
  }
}

absl::StatusOr<std::optional<CanFrame>> CanPort::Receive(MonotonicTime deadline) {
  for (;;) {
    const MonotonicTime now = MonotonicNow();
    if (const absl::Status drained = Drain(now); !drained.ok()) return drained;
    if (!received_.empty()) {
      const CanFrame frame = received_.front();
      received_.pop_front();
      return frame;
    }
    if (now >= deadline) return std::nullopt;
    Wait(deadline);
  }
}

absl::Status CanPort::Drain(MonotonicTime now) {
  for (size_t i = 0; i < kMostUnread; ++i) {
    const absl::StatusOr<std::optional<CanFrame>> got = adapter_->Receive(now);
    if (!got.ok()) return got.status();
    if (!got->has_value()) break;
    received_.push_back(**got);
    if (received_.size() > kMostUnread) received_.pop_front();
  }
  return absl::OkStatus();
}

void CanPort::Wait(MonotonicTime deadline) {
  [[maybe_unused]] const bool readable = WaitReadable(adapter_->fd(), std::min(deadline, adapter_->NextDue()));
}

}  // namespace abcds
