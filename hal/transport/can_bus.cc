#include "hal/transport/can_bus.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/transport/serial_port.h"
#include "hal/transport/wait_readable.h"
#include "hal/units/check.h"

namespace abcds {
namespace {

// Frames taken in before it is our turn to send again: neither a flood nor a talkative device keeps a command back.
constexpr int kMostReceivedAtOnce = 32;
// A client that is due and yet asks for nothing must not keep the processor busy.
constexpr Nanoseconds kIdleStep = std::chrono::milliseconds(1);

CanBusTiming TimingFor(const CanOptions& options, CanBusTiming timing) {
  if (IsTcpPort(options.slcan_port)) timing.reopen.longest = timing.reopen_longest_tcp;
  return timing;
}

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

CanBus::CanBus(const CanOptions& options, const CanBusTiming& timing)
    : CanBus(
          CanLineName(options), [options](std::span<const CanFilter> filters) { return OpenCanAdapter(options, filters); },
          TimingFor(options, timing)) {
  if (IsTcpPort(options.slcan_port)) tcp_port_ = options.slcan_port;
}

CanBus::CanBus(std::string name, Open open, const CanBusTiming& timing)
    : name_(std::move(name)),
      open_(std::move(open)),
      pause_(timing.reopen, static_cast<uint64_t>(MonotonicNow().time_since_epoch().count())) {}

CanBus::~CanBus() { Stop(); }

void CanBus::Attach(CanClient& client) {
  ABCDS_CHECK(!running());
  clients_.push_back(&client);
  const std::span<const CanFilter> filters = client.Filters();
  filters_.insert(filters_.end(), filters.begin(), filters.end());
}

absl::Status CanBus::Start() {
  ABCDS_CHECK(!thread_.joinable() && !stopping_);
  const absl::Status opened = tcp_port_.empty() ? OpenLine() : CheckTcpPortIsFree(tcp_port_);
  if (absl::IsFailedPrecondition(opened) || absl::IsInvalidArgument(opened)) return opened;
  if (!opened.ok()) Publish(std::string(opened.message()));
  running_ = true;
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void CanBus::Stop() {
  stopping_ = true;
  waker_.Wake();
  if (thread_.joinable()) thread_.join();
  running_ = false;
}

CanBusCounters CanBus::counters() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counters_;
}

std::string CanBus::trouble() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return trouble_;
}

void CanBus::Publish(const std::string& trouble) {
  CanBusCounters counters = past_;
  if (adapter_ != nullptr) counters.frames = Sum(past_.frames, adapter_->counters());
  const std::lock_guard<std::mutex> lock(mutex_);
  counters_ = counters;
  if (trouble_ != trouble) trouble_ = trouble;
}

absl::Status CanBus::OpenLine() {
  absl::StatusOr<std::unique_ptr<CanAdapter>> adapter = open_(filters_);
  if (!adapter.ok()) return adapter.status();
  adapter_ = *std::move(adapter);
  return absl::OkStatus();
}

void CanBus::CloseLine(const std::string& why) {
  past_.frames = Sum(past_.frames, adapter_->counters());
  adapter_.reset();
  TellLink(false);
  Publish(why);
}

void CanBus::TellLink(bool up) {
  if (up == up_) return;
  up_ = up;
  ++(up ? past_.links_opened : past_.links_lost);
  const MonotonicTime now = MonotonicNow();
  for (CanClient* client : clients_) client->OnLink(up, now);
}

void CanBus::Run() {
  // Signals are for the main thread. SIGPIPE above all: a socket's peer may have gone.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);

  while (!stopping_) {
    const absl::Status opened = adapter_ == nullptr ? OpenLine() : absl::OkStatus();
    if (opened.ok()) {
      RunLine();
    } else {
      Publish(std::string(opened.message()));
    }
    const MonotonicTime until = MonotonicNow() + pause_.Next();
    while (!stopping_ && MonotonicNow() < until) waker_.WaitUntil(until);
  }
  adapter_.reset();
}

// Serves the clients over the open line until it is lost or the bus stops.
void CanBus::RunLine() {
  while (!stopping_ && ReceiveAll()) {
    const bool sent = SendOne();
    if (adapter_ == nullptr) return;
    // Also a frame that was not taken is news of the link.
    TellLink(adapter_->up());
    Publish(adapter_->trouble());
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
    TellLink(adapter_->up());
    if (!got->has_value()) break;
    pause_.Reset();
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
  MonotonicTime until = adapter_->NextDue();
  // What a client wants to send must wait for the adapter, which knows until when.
  if (adapter_->ready()) {
    for (CanClient* client : clients_) until = std::min(until, client->NextDue(now));
  }
  [[maybe_unused]] const bool readable = WaitReadable(waker_, adapter_->fd(), std::max(until, now + kIdleStep));
}

}  // namespace abcds
