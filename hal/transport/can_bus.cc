#include "hal/transport/can_bus.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/transport/wait_readable.h"
#include "hal/units/check.h"

namespace abcds {
namespace {

// Frames taken in before it is our turn to send again: neither a flood nor a talkative device keeps a command back.
constexpr int kMostReceivedAtOnce = 32;
// A client that is due and yet asks for nothing must not keep the processor busy.
constexpr Nanoseconds kIdleStep = std::chrono::milliseconds(1);

CanCounters Sum(const CanCounters& a, const CanCounters& b) {
  return {.sent = a.sent + b.sent,
          .received = a.received + b.received,
          .unconfirmed = a.unconfirmed + b.unconfirmed,
          .refused = a.refused + b.refused,
          .foreign_senders = a.foreign_senders + b.foreign_senders,
          .error_frames = a.error_frames + b.error_frames,
          .bus_offs = a.bus_offs + b.bus_offs,
          .garbled = a.garbled + b.garbled};
}

bool IsValid(const CanFrame& frame) {
  return frame.size <= CanFrame::kMaxBytes &&
         frame.id <= (frame.extended ? CanFrame::kMaxExtendedId : CanFrame::kMaxStandardId);
}

}  // namespace

CanBus::CanBus(const CanOptions& options, const LineTiming& timing)
    : options_(options), keeper_(*this, CanLineName(options), timing) {}

CanBus::~CanBus() { Stop(); }

void CanBus::Attach(CanClient& client) {
  ABCDS_CHECK(!running());
  clients_.push_back(&client);
  const std::span<const CanFilter> filters = client.Filters();
  filters_.insert(filters_.end(), filters.begin(), filters.end());
}

CanBusCounters CanBus::counters() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counters_;
}

absl::Status CanBus::Open() {
  absl::StatusOr<std::unique_ptr<CanAdapter>> adapter = OpenCanAdapter(options_, filters_);
  if (!adapter.ok()) return adapter.status();
  adapter_ = *std::move(adapter);
  return absl::OkStatus();
}

void CanBus::CloseLine(const std::string& why) {
  keeper_.OnClosing();
  past_.frames = Sum(past_.frames, adapter_->counters());
  adapter_.reset();
  Report(false, why);
}

// The clients last: who reads counters and trouble after one of them was told finds what it was told.
void CanBus::Report(bool up, const std::string& trouble) {
  const bool news = up != up_;
  up_ = up;
  if (news) ++(up ? past_.links_opened : past_.links_lost);
  CanBusCounters counters = past_;
  if (adapter_ != nullptr) counters.frames = Sum(past_.frames, adapter_->counters());
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    counters_ = counters;
  }
  keeper_.SetTrouble(trouble);
  if (!news) return;
  const MonotonicTime now = MonotonicNow();
  for (CanClient* client : clients_) client->OnLink(up, now);
}

void CanBus::Serve() {
  keeper_.OnOpened(MonotonicNow());
  while (keeper_.GoesOn() && ReceiveAll()) {
    const bool sent = SendOne();
    if (adapter_ == nullptr) return;
    // Also a frame that was not taken is news of the link.
    Report(adapter_->up(), adapter_->trouble());
    if (!sent) Wait();
  }
}

bool CanBus::ReceiveAll() {
  for (int i = 0; i < kMostReceivedAtOnce; ++i) {
    const MonotonicTime now = MonotonicNow();
    const absl::StatusOr<std::optional<CanFrame>> got = adapter_->Receive(now);
    if (!got.ok()) {
      CloseLine(std::string(got.status().message()));
      return false;
    }
    Report(adapter_->up(), adapter_->trouble());
    if (!got->has_value()) break;
    keeper_.OnAnswer(now);
    for (CanClient* client : clients_) {
      const std::span<const CanFilter> filters = client->Filters();
      const bool wanted = std::ranges::any_of(filters, [&](const CanFilter& filter) { return filter.Passes(**got); });
      if (wanted) client->OnFrame(**got, now);
    }
  }
  return true;
}

// True when a frame was sent.
bool CanBus::SendOne() {
  if (!adapter_->ready()) return false;
  for (size_t i = 0; i < clients_.size(); ++i) {
    const size_t index = (next_client_ + i) % clients_.size();
    const MonotonicTime now = MonotonicNow();
    const std::optional<CanFrame> frame = clients_[index]->NextFrame(now);
    if (!frame.has_value()) continue;
    ABCDS_CHECK(IsValid(*frame));
    next_client_ = (index + 1) % clients_.size();
    const absl::Status sent = adapter_->Send(*frame, now);
    if (sent.ok()) {
      clients_[index]->OnSent(*frame, now);
    } else if (!absl::IsResourceExhausted(sent)) {
      CloseLine(std::string(sent.message()));
    }
    return sent.ok();
  }
  return false;
}

void CanBus::Wait() {
  const MonotonicTime now = MonotonicNow();
  MonotonicTime until = std::min(adapter_->NextDue(), now + LineKeeper::kLongestIdle);
  // What a client wants to send must wait for the adapter, which knows until when.
  if (adapter_->ready()) {
    for (CanClient* client : clients_) until = std::min(until, client->NextDue(now));
  }
  [[maybe_unused]] const bool readable =
      WaitReadable(keeper_.waker(), adapter_->fd(), std::max(until, now + kIdleStep));
}

}  // namespace abcds
