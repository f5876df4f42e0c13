#include "hal/sim/wire/can_interface.h"

#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace abcds::sim {
namespace {

constexpr Nanoseconds kRetry = std::chrono::milliseconds(100);

}  // namespace

absl::StatusOr<std::unique_ptr<CanInterface>> CanInterface::Open(const std::string& interface) {
  std::unique_ptr<CanInterface> front(new CanInterface(interface));
  if (absl::Status opened = front->OpenSocket(); !opened.ok()) return opened;
  return front;
}

absl::Status CanInterface::OpenSocket() {
  OwnedFd socket(::socket(PF_CAN, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, CAN_RAW));
  sockaddr_can address{};
  address.can_family = AF_CAN;
  address.can_ifindex = static_cast<int>(if_nametoindex(interface_.c_str()));
  if (!socket.valid() || address.can_ifindex == 0 ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::UnavailableError(absl::StrCat("no CAN interface ", interface_, ": ", std::strerror(errno)));
  }
  socket_ = std::move(socket);
  return absl::OkStatus();
}

std::optional<CanFrame> CanInterface::Hear(bool acknowledged, MonotonicTime now) {
  while (socket_.valid()) {
    can_frame heard{};
    const ssize_t got = read(socket_.get(), &heard, sizeof(heard));
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
      socket_.Reset();
      retry_at_ = now + kRetry;
    }
    if (got != static_cast<ssize_t>(sizeof(heard))) break;
    if (!acknowledged) continue;
    CanFrame frame;
    frame.extended = (heard.can_id & CAN_EFF_FLAG) != 0;
    frame.remote = (heard.can_id & CAN_RTR_FLAG) != 0;
    frame.id = heard.can_id & CAN_EFF_MASK;
    frame.size = std::min(heard.len, CanFrame::kMaxBytes);
    std::copy_n(heard.data, frame.size, frame.data.begin());
    return frame;
  }
  return std::nullopt;
}

void CanInterface::Tell(const CanFrame& frame, MonotonicTime) {
  can_frame out{};
  out.can_id = frame.id | (frame.extended ? CAN_EFF_FLAG : 0u) | (frame.remote ? CAN_RTR_FLAG : 0u);
  out.len = frame.size;
  std::copy_n(frame.data.begin(), frame.size, out.data);
  // An interface that does not take it has lost it; reading tells why.
  if (socket_.valid()) {
    [[maybe_unused]] const ssize_t said = write(socket_.get(), &out, sizeof(out));
  }
}

MonotonicTime CanInterface::OnTime(MonotonicTime now) {
  if (socket_.valid()) return MonotonicTime::max();
  if (now >= retry_at_) {
    retry_at_ = now + kRetry;
    if (OpenSocket().ok()) return now;
  }
  return retry_at_;
}

}  // namespace abcds::sim
