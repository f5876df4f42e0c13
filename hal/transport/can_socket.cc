#include "hal/transport/can_socket.h"

#include <linux/can/raw.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/transport/can_link.h"
#include "hal/transport/port_owner.h"

namespace abcds {
namespace {

// What one program sends on one bus. More would be a mistake; they go unconfirmed then, which costs their time.
constexpr size_t kMostOwnIds = 64;

// How long another controller on the bus is spoken of after its last frame.
constexpr Nanoseconds kForeignRemembered = std::chrono::seconds(10);

can_frame ToKernel(const CanFrame& frame) {
  can_frame out{};
  out.can_id = frame.id | (frame.extended ? CAN_EFF_FLAG : 0u) | (frame.remote ? CAN_RTR_FLAG : 0u);
  out.len = frame.size;
  std::ranges::copy(frame.payload(), out.data);
  return out;
}

CanFrame FromKernel(const can_frame& frame) {
  CanFrame out;
  out.extended = (frame.can_id & CAN_EFF_FLAG) != 0;
  out.remote = (frame.can_id & CAN_RTR_FLAG) != 0;
  out.id = frame.can_id & (out.extended ? CAN_EFF_MASK : CAN_SFF_MASK);
  out.size = std::min(frame.len, CanFrame::kMaxBytes);
  std::copy_n(frame.data, out.size, out.data.begin());
  return out;
}

// With the flags in the mask: without them a standard frame with the same low bits would pass.
can_filter ToKernel(const CanFilter& filter) {
  const canid_t bits = filter.mask & (filter.extended ? CAN_EFF_MASK : CAN_SFF_MASK);
  return {.can_id = (filter.id & bits) | (filter.extended ? CAN_EFF_FLAG : 0u),
          .can_mask = bits | CAN_EFF_FLAG | CAN_RTR_FLAG};
}

absl::Status CannotOpen(const std::string& interface, int error) {
  if (error == EAFNOSUPPORT || error == EPROTONOSUPPORT) {
    return absl::UnavailableError(
        absl::StrCat("cannot open ", interface, ": this kernel has no CAN; load it with: modprobe can-raw"));
  }
  return absl::UnavailableError(absl::StrCat("cannot open ", interface, ": ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CanSocket>> CanSocket::Open(const std::string& interface, int bitrate, bool bring_up,
                                                           std::span<const CanFilter> filters,
                                                           const CanSocketTiming& timing) {
  absl::StatusOr<OwnedFd> claim = ClaimName(absl::StrCat("can/", interface), interface);
  if (!claim.ok()) return claim.status();
  OwnedFd socket(::socket(PF_CAN, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, CAN_RAW));
  if (!socket.valid()) return CannotOpen(interface, errno);
  absl::StatusOr<CanLinkState> link = ReadCanLink(socket.get(), interface);
  if (!link.ok()) return link.status();
  if (!link->up && !bring_up) {
    return absl::UnavailableError(
        absl::StrCat(interface, " is down: bring it up with: ", BringUpCommand(interface, bitrate)));
  }
  if (!link->up) {
    if (absl::Status brought = BringUpCanLink(interface, bitrate); !brought.ok()) return brought;
    link = ReadCanLink(socket.get(), interface);
    if (!link.ok()) return link.status();
  }

  const can_err_mask_t errors = kCanErrorClasses;
  const int on = 1;
  sockaddr_can address{};
  address.can_family = AF_CAN;
  address.can_ifindex = link->index;
  std::unique_ptr<CanSocket> adapter(
      new CanSocket(*std::move(claim), std::move(socket), interface, bitrate, filters, timing));
  const int fd = adapter->fd();
  if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof(errors)) != 0 ||
      setsockopt(fd, SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, &on, sizeof(on)) != 0) {
    return CannotOpen(interface, errno);
  }
  if (absl::Status set = adapter->SetFilters(); !set.ok()) return set;
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return CannotOpen(interface, errno);
  if (!link->running) {
    adapter->state_ = CanBusState::kOff;
    adapter->look_at_ = MonotonicNow();
  }
  return adapter;
}

CanSocket::CanSocket(OwnedFd claim, OwnedFd socket, std::string interface, int bitrate,
                     std::span<const CanFilter> filters, const CanSocketTiming& timing)
    : claim_(std::move(claim)),
      socket_(std::move(socket)),
      interface_(std::move(interface)),
      bitrate_(bitrate),
      filters_(filters.begin(), filters.end()),
      timing_(timing) {}

absl::Status CanSocket::SetFilters() {
  std::vector<can_filter> wanted;
  for (const CanFilter& filter : filters_) wanted.push_back(ToKernel(filter));
  for (const canid_t id : own_ids_) {
    const canid_t bits = (id & CAN_EFF_FLAG) != 0 ? CAN_EFF_MASK : CAN_SFF_MASK;
    wanted.push_back({.can_id = id, .can_mask = bits | CAN_EFF_FLAG | CAN_RTR_FLAG});
  }
  const auto size = static_cast<socklen_t>(wanted.size() * sizeof(can_filter));
  if (setsockopt(socket_.get(), SOL_CAN_RAW, CAN_RAW_FILTER, wanted.data(), size) != 0) {
    return CannotOpen(interface_, errno);
  }
  return absl::OkStatus();
}

absl::Status CanSocket::WatchOwn(canid_t id) {
  if (std::ranges::find(own_ids_, id) != own_ids_.end() || own_ids_.size() >= kMostOwnIds) return absl::OkStatus();
  own_ids_.push_back(id);
  return SetFilters();
}

absl::Status CanSocket::Gone(int error) const {
  switch (error) {
    case ENETDOWN:
      return absl::UnavailableError(absl::StrCat(interface_, " went down"));
    case ENODEV:
    case ENXIO:
      return absl::UnavailableError(absl::StrCat(interface_, " is gone: is the CAN adapter plugged in?"));
    default:
      return absl::UnavailableError(absl::StrCat(interface_, " fails: ", std::strerror(error)));
  }
}

absl::StatusOr<std::optional<CanFrame>> CanSocket::Receive(MonotonicTime now) {
  for (;;) {
    can_frame frame{};
    iovec part{.iov_base = &frame, .iov_len = sizeof(frame)};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t got = recvmsg(socket_.get(), &message, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0) return Gone(errno);
    if (got != static_cast<ssize_t>(sizeof(frame))) continue;
    if ((frame.can_id & CAN_ERR_FLAG) != 0) {
      OnErrorFrame(frame, now);
      continue;
    }
    const std::optional<CanFrame> received = OnFrame(frame, (message.msg_flags & MSG_CONFIRM) != 0, now);
    if (received.has_value()) return received;
  }
  OnTime(now);
  return std::nullopt;
}

std::optional<CanFrame> CanSocket::OnFrame(const can_frame& frame, bool own, MonotonicTime now) {
  if (own) {
    NothingUnderWay();
    return std::nullopt;
  }
  const CanFrame received = FromKernel(frame);
  const bool wanted =
      std::ranges::any_of(filters_, [&received](const CanFilter& filter) { return filter.Passes(received); });
  if (wanted) {
    ++counters_.received;
    return received;
  }
  // It is what only we should send.
  ++counters_.foreign_senders;
  foreign_until_ = now + kForeignRemembered;
  return std::nullopt;
}

void CanSocket::OnErrorFrame(const can_frame& frame, MonotonicTime now) {
  ++counters_.error_frames;
  const CanBusState before = std::exchange(state_, StateAfter(frame, state_));
  if (state_ == before) return;
  if (state_ == CanBusState::kOff) {
    ++counters_.bus_offs;
    look_at_ = now + timing_.bus_off_look;
  }
  // The controller has thrown away what it had.
  if (before == CanBusState::kOff) NothingUnderWay();
}

void CanSocket::OnTime(MonotonicTime now) {
  if (foreign_until_.has_value() && now >= *foreign_until_) foreign_until_.reset();
  if (state_ == CanBusState::kOff) {
    if (now >= look_at_) LookAtController(now);
    return;
  }
  if (refused_until_.has_value() && now >= *refused_until_) {
    refused_until_.reset();
    stalled_ = false;
  }
  if (!confirm_by_.has_value() || now < *confirm_by_) return;
  if (stalled_) {
    // Its confirmation may have been lost in a flood of other frames: one more try.
    NothingUnderWay();
    return;
  }
  ++counters_.unconfirmed;
  stalled_ = true;
  confirm_by_ = now + timing_.lost_confirmation;
}

// The news that it is back may have been lost, and not every controller comes back by itself.
void CanSocket::LookAtController(MonotonicTime now) {
  look_at_ = now + timing_.bus_off_look;
  const absl::StatusOr<CanLinkState> link = ReadCanLink(socket_.get(), interface_);
  if (!link.ok() || !link->up) return;  // the next read says so as well
  if (!link->running) {
    RestartCanController(interface_);
    return;
  }
  state_ = CanBusState::kActive;
  NothingUnderWay();
}

void CanSocket::NothingUnderWay() {
  confirm_by_.reset();
  stalled_ = false;
}

MonotonicTime CanSocket::NextDue() const {
  if (state_ == CanBusState::kOff) return look_at_;
  return std::min({confirm_by_.value_or(MonotonicTime::max()), refused_until_.value_or(MonotonicTime::max()),
                   foreign_until_.value_or(MonotonicTime::max())});
}

absl::Status CanSocket::Send(const CanFrame& frame, MonotonicTime now) {
  if (!ready()) return absl::ResourceExhaustedError(absl::StrCat(interface_, " is busy"));
  const can_frame out = ToKernel(frame);
  if (absl::Status watched = WatchOwn(out.can_id); !watched.ok()) return watched;
  if (write(socket_.get(), &out, sizeof(out)) == static_cast<ssize_t>(sizeof(out))) {
    ++counters_.sent;
    refused_since_.reset();
    confirm_by_ = now + timing_.confirmation;
    return absl::OkStatus();
  }
  if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) return Gone(errno);
  ++counters_.refused;
  if (!refused_since_.has_value()) refused_since_ = now;
  stalled_ = now - *refused_since_ >= timing_.confirmation;
  refused_until_ = now + (stalled_ ? timing_.recovery : timing_.refused_pause);
  return absl::ResourceExhaustedError(absl::StrCat("the send queue of ", interface_, " is full"));
}

std::string CanSocket::trouble() const {
  const std::string what_to_check = absl::StrCat("check the cable, the termination and ", bitrate_, " bit/s");
  if (state_ == CanBusState::kOff) {
    return absl::StrCat(interface_, " has left the bus because of errors (bus-off): ", what_to_check,
                        "; if it stays off: ip link set ", interface_, " down, then: ",
                        BringUpCommand(interface_, bitrate_));
  }
  if (stalled_ && refused_since_.has_value()) {
    return absl::StrCat("the send queue of ", interface_, " stays full: ", what_to_check,
                        ", and whether another program floods it");
  }
  if (stalled_) {
    return absl::StrCat("nobody on ", interface_, " takes frames: ", what_to_check, ", and that the device has power");
  }
  if (state_ == CanBusState::kPassive) {
    return absl::StrCat(interface_, " sees many errors on the bus (error-passive): ", what_to_check);
  }
  if (foreign_until_.has_value()) {
    return absl::StrCat("something else on ", interface_,
                        " commands the same devices, another program or controller: stop one of the two");
  }
  return {};
}

}  // namespace abcds
