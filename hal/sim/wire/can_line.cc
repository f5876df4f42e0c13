#include "hal/sim/wire/can_line.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/sim/wire/can_interface.h"
#include "hal/sim/wire/slcan_front.h"
#include "hal/transport/owned_fd.h"

namespace abcds::sim {
namespace {

constexpr size_t kMostSeen = 100'000;
// A line that is down or unplugged is looked at again after this.
constexpr Nanoseconds kLongestWait = std::chrono::milliseconds(100);

// From the first bit to the last, with the mean number of stuffed bits and the gap behind it.
Nanoseconds WireTime(const CanFrame& frame, int bitrate) {
  const int64_t overhead = frame.extended ? 70 : 50;
  return Nanoseconds(std::chrono::seconds(1)) * (overhead + 9 * static_cast<int64_t>(frame.payload().size())) / bitrate;
}

void WaitFor(Waker& waker, int fd, MonotonicTime until) {
  std::array<pollfd, 2> descriptors = {pollfd{.fd = waker.fd(), .events = POLLIN, .revents = 0},
                                       pollfd{.fd = fd, .events = POLLIN, .revents = 0}};
  const Nanoseconds left = std::clamp(until - MonotonicNow(), Nanoseconds(0), kLongestWait);
  const timespec timeout{.tv_sec = 0, .tv_nsec = static_cast<long>(left.count())};
  if (ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr) <= 0) return;
  if (descriptors[0].revents != 0) waker.Clear();
}

}  // namespace

absl::StatusOr<std::unique_ptr<CanLine>> CanLine::Open(const CanLineOptions& options) {
  std::unique_ptr<CanFront> front;
  if (options.interface.empty()) {
    absl::StatusOr<std::unique_ptr<SlcanFront>> opened = SlcanFront::Open(options.link, options.bitrate);
    if (!opened.ok()) return opened.status();
    front = *std::move(opened);
  } else {
    absl::StatusOr<std::unique_ptr<CanInterface>> opened = CanInterface::Open(options.interface);
    if (!opened.ok()) return opened.status();
    front = *std::move(opened);
  }
  return std::unique_ptr<CanLine>(new CanLine(options, std::move(front)));
}

CanLine::CanLine(const CanLineOptions& options, std::unique_ptr<CanFront> front)
    : options_(options), front_(std::move(front)) {}

CanLine::~CanLine() { Stop(); }

void CanLine::Start() {
  thread_ = std::thread([this] { Run(); });
}

void CanLine::Stop() {
  stopping_ = true;
  waker_.Wake();
  if (thread_.joinable()) thread_.join();
}

std::string CanLine::path() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return front_->path();
}

void CanLine::SetFaults(const CanLineFaults& faults) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_ = faults;
  front_->SetFaults(faults.adapter);
  waker_.Wake();
}

CanLineFaults CanLine::faults() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return faults_;
}

void CanLine::Unplug() {
  const std::lock_guard<std::mutex> lock(mutex_);
  front_->Unplug();
  waker_.Wake();
}

absl::Status CanLine::Plug() {
  const std::lock_guard<std::mutex> lock(mutex_);
  waker_.Wake();
  return front_->Plug();
}

std::vector<SeenCanFrame> CanLine::Frames(uint64_t from) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t skip = std::min<uint64_t>(from > forgotten_ ? from - forgotten_ : 0, seen_.size());
  return {seen_.begin() + static_cast<std::ptrdiff_t>(skip), seen_.end()};
}

uint64_t CanLine::frame_count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return forgotten_ + seen_.size();
}

void CanLine::Run() {
  while (!stopping_) {
    const MonotonicTime now = MonotonicNow();
    TakeFromFront(now);
    MonotonicTime until = MoveWire(now);
    OwnedFd fd;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      until = std::min(until, front_->OnTime(MonotonicNow()));
      // A copy, so that unplugging does not pull the descriptor away from under poll().
      if (front_->fd() >= 0) fd = OwnedFd(fcntl(front_->fd(), F_DUPFD_CLOEXEC, 0));
    }
    WaitFor(waker_, fd.get(), until);
  }
}

void CanLine::TakeFromFront(MonotonicTime now) {
  const bool acknowledged = AnybodyListens();
  for (;;) {
    std::optional<CanFrame> frame;
    bool strangers = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      frame = front_->Hear(acknowledged, now);
      strangers = faults_.foreign_frames;
    }
    if (!frame.has_value()) return;
    Add({.ready_at = now, .frame = *frame, .sender = Sender::kController});
    if (!strangers) continue;
    CanFrame other = *frame;
    other.extended = false;
    other.id &= CanFrame::kMaxStandardId;
    Add({.ready_at = now, .frame = other, .sender = Sender::kStranger});
  }
}

void CanLine::Add(const Pending& pending) {
  const auto after = std::upper_bound(pending_.begin(), pending_.end(), pending,
                                      [](const Pending& a, const Pending& b) { return a.ready_at < b.ready_at; });
  pending_.insert(after, pending);
}

MonotonicTime CanLine::MoveWire(MonotonicTime now) {
  for (;;) {
    if (!on_wire_.has_value()) {
      if (pending_.empty()) return MonotonicTime::max();
      if (pending_.front().ready_at > now) return pending_.front().ready_at;
      const Pending next = pending_.front();
      pending_.pop_front();
      on_wire_ = {.sent = next, .ends_at = now + WireTime(next.frame, options_.bitrate)};
    }
    if (on_wire_->ends_at > now) return on_wire_->ends_at;
    const OnWire arrived = *on_wire_;
    on_wire_.reset();
    Arrive(arrived.sent, arrived.ends_at);
  }
}

void CanLine::Arrive(const Pending& sent, MonotonicTime at) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (faults_.cable_out) return;
    if (sent.sender == Sender::kDevice && faults_.lose_every > 0 &&
        ++answers_ % static_cast<uint64_t>(faults_.lose_every) == 0) {
      return;
    }
    seen_.push_back({.at = at, .frame = sent.frame, .sender = sent.sender});
    if (seen_.size() > kMostSeen) {
      seen_.pop_front();
      ++forgotten_;
    }
    if (sent.sender != Sender::kController) front_->Tell(sent.frame, MonotonicNow());
  }
  for (SimCanDevice* device : devices_) {
    if (device == sent.device || !device->Powered()) continue;
    for (const SimCanDevice::Answer& answer : device->OnFrame(sent.frame, at)) {
      Add({.ready_at = at + answer.delay, .frame = answer.frame, .sender = Sender::kDevice, .device = device});
    }
  }
}

bool CanLine::AnybodyListens() {
  if (faults().cable_out) return false;
  return std::ranges::any_of(devices_, [](SimCanDevice* device) { return device->Powered(); });
}

}  // namespace abcds::sim
