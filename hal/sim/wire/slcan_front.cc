#include "hal/sim/wire/slcan_front.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace abcds::sim {
namespace {

constexpr Nanoseconds kPatienceForAPair = std::chrono::milliseconds(20);
constexpr Nanoseconds kDribble = std::chrono::milliseconds(1);

// Counts one of a kind; whether it is an n-th.
bool IsNth(uint64_t& count, int every) {
  ++count;
  return every > 0 && count % static_cast<uint64_t>(every) == 0;
}

bool IsAcknowledgement(const std::string& answer) { return answer == "Z\r" || answer == "z\r"; }

}  // namespace

absl::StatusOr<std::unique_ptr<SlcanFront>> SlcanFront::Open(const std::string& link, int bitrate) {
  absl::StatusOr<std::unique_ptr<Pty>> pty = Pty::Open(link);
  if (!pty.ok()) return pty.status();
  return std::unique_ptr<SlcanFront>(new SlcanFront(*std::move(pty), bitrate));
}

std::optional<CanFrame> SlcanFront::Hear(bool acknowledged, MonotonicTime now) {
  Read(now);
  // At another bit rate nobody understands it, and so nobody acknowledges.
  if (!acknowledged || usbtin_.bitrate() != bus_bitrate_) return std::nullopt;
  return usbtin_.TakeFrame();
}

void SlcanFront::Read(MonotonicTime now) {
  std::array<char, 256> bytes;
  for (;;) {
    const ssize_t got = pty_->fd() >= 0 ? read(pty_->fd(), bytes.data(), bytes.size()) : 0;
    if (got <= 0) return;
    if (faults_.hung) continue;
    for (ssize_t i = 0; i < got; ++i) {
      const char byte = bytes[static_cast<size_t>(i)];
      if (std::string answer = usbtin_.Hear(byte); !answer.empty()) OnAnswer(std::move(answer), now);
    }
  }
}

void SlcanFront::OnAnswer(std::string answer, MonotonicTime now) {
  if (!IsAcknowledgement(answer)) {
    Say(std::move(answer), now);
    return;
  }
  if (faults_.no_acknowledgements) return;
  if (faults_.acknowledges_late) {
    late_acknowledgement_ += answer;
  } else {
    Say(std::move(answer), now);
  }
}

void SlcanFront::Tell(const CanFrame& frame, MonotonicTime now) {
  if (faults_.hung || usbtin_.bitrate() != bus_bitrate_) return;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  std::string line = usbtin_.Line(frame, static_cast<int>(milliseconds.count() % 60'000));
  if (line.empty()) return;
  Say(std::move(line), now);
  if (!late_acknowledgement_.empty()) Say(std::exchange(late_acknowledgement_, {}), now);
}

void SlcanFront::Say(std::string line, MonotonicTime now) {
  if (IsNth(lines_said_, faults_.cut_every)) line.resize(line.size() / 2);
  if (faults_.pairs && held_line_.empty()) {
    held_line_ = std::move(line);
    held_until_ = now + kPatienceForAPair;
    return;
  }
  Queue(std::exchange(held_line_, {}) + line, now);
}

void SlcanFront::Queue(const std::string& text, MonotonicTime now) {
  if (!faults_.dribbles) {
    sayings_.push_back({now, text});
    return;
  }
  MonotonicTime at = sayings_.empty() ? now : std::max(now, sayings_.back().at);
  for (const char byte : text) sayings_.push_back({at += kDribble, std::string(1, byte)});
}

MonotonicTime SlcanFront::OnTime(MonotonicTime now) {
  if (!held_line_.empty() && now >= held_until_) Queue(std::exchange(held_line_, {}), now);
  while (!sayings_.empty() && sayings_.front().at <= now) {
    const std::string& text = sayings_.front().text;
    // A reader that has let its buffer run full loses bytes.
    if (pty_->fd() >= 0) {
      [[maybe_unused]] const ssize_t said = write(pty_->fd(), text.data(), text.size());
    }
    sayings_.pop_front();
  }
  const MonotonicTime next = sayings_.empty() ? MonotonicTime::max() : sayings_.front().at;
  return held_line_.empty() ? next : std::min(next, held_until_);
}

void SlcanFront::SetFaults(const AdapterFaults& faults) {
  if (faults == faults_) return;
  faults_ = faults;
  lines_said_ = 0;
  TellUsbtin();
}

void SlcanFront::TellUsbtin() {
  usbtin_.SetTimestamps(faults_.timestamps);
  usbtin_.SetRefusals(faults_.refuse_every);
}

void SlcanFront::Unplug() {
  pty_->Unplug();
  // It has lost its power.
  usbtin_ = Usbtin();
  TellUsbtin();
  sayings_.clear();
  held_line_.clear();
  late_acknowledgement_.clear();
}

absl::Status SlcanFront::Plug() { return pty_->Plug(); }

}  // namespace abcds::sim
