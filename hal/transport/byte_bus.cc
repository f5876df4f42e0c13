#include "hal/transport/byte_bus.h"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/rt/timespec.h"
#include "hal/units/check.h"

namespace abcds {
namespace {

// A request is at most 64 bytes: a line that does not take them in this time is stuck.
constexpr Nanoseconds kLongestWrite = std::chrono::milliseconds(500);
// A client that is due and yet asks for nothing must not keep the processor busy.
constexpr Nanoseconds kIdleStep = std::chrono::milliseconds(1);

}  // namespace

ByteBus::ByteBus(const SerialOptions& serial, const ByteBusTiming& timing)
    : serial_(serial), timing_(timing), keeper_(*this, serial.port, timing.line) {}

ByteBus::~ByteBus() { Stop(); }

void ByteBus::Attach(ByteClient& client) {
  ABCDS_CHECK(!keeper_.running());
  clients_.push_back(&client);
}

ByteBusCounters ByteBus::counters() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counters_;
}

void ByteBus::Count(uint64_t ByteBusCounters::*counter, uint64_t by) {
  const std::lock_guard<std::mutex> lock(mutex_);
  counters_.*counter += by;
}

absl::Status ByteBus::Open() {
  absl::StatusOr<std::unique_ptr<ByteStream>> line = OpenSerialPort(serial_);
  if (!line.ok()) return line.status();
  line_ = *std::move(line);
  return absl::OkStatus();
}

void ByteBus::CloseLink(const std::string& why) {
  keeper_.OnClosing();
  line_.reset();
  Count(&ByteBusCounters::links_lost);
  keeper_.SetTrouble(why);
  const MonotonicTime now = MonotonicNow();
  for (ByteClient* client : clients_) client->OnLink(false, now);
}

void ByteBus::Serve() {
  const MonotonicTime opened_at = MonotonicNow();
  // What arrived before nobody knows: silence is counted from here.
  last_byte_at_ = opened_at;
  keeper_.OnOpened(opened_at);
  Count(&ByteBusCounters::links_opened);
  keeper_.SetTrouble("");
  for (ByteClient* client : clients_) client->OnLink(true, opened_at);

  while (keeper_.GoesOn() && line_ != nullptr) {
    const MonotonicTime now = MonotonicNow();
    if (ServeOne(now)) continue;
    MonotonicTime next = now + LineKeeper::kLongestIdle;
    for (ByteClient* client : clients_) next = std::min(next, client->NextDue(now));
    Count(&ByteBusCounters::stray_bytes, ReadUntil(std::max(next, now + kIdleStep)));
  }
}

// True when a client had something to send.
bool ByteBus::ServeOne(MonotonicTime now) {
  for (size_t i = 0; i < clients_.size(); ++i) {
    const size_t index = (next_client_ + i) % clients_.size();
    const std::optional<ByteRequest> request = clients_[index]->NextRequest(now);
    if (!request.has_value()) continue;
    next_client_ = (index + 1) % clients_.size();
    if (WaitForQuiet(request->quiet)) Exchange(*clients_[index], *request);
    return true;
  }
  return false;
}

// False when the line died or the bus is stopping.
bool ByteBus::WaitForQuiet(Nanoseconds quiet) {
  const MonotonicTime limit = MonotonicNow() + std::max(quiet, timing_.longest_wait_for_quiet);
  for (;;) {
    // At least one look: what has arrived unread must not be taken for the answer.
    const size_t got = ReadUntil(std::min(last_byte_at_ + quiet, limit));
    Count(&ByteBusCounters::stray_bytes, got);
    if (keeper_.stopping() || line_ == nullptr) return false;
    const MonotonicTime now = MonotonicNow();
    if (got == 0 && now >= last_byte_at_ + quiet) return true;
    if (now < limit) continue;
    Count(&ByteBusCounters::never_quiet);
    return true;
  }
}

void ByteBus::Exchange(ByteClient& client, const ByteRequest& request) {
  const absl::Status sent = line_->Write(std::span(request.bytes).first(request.size), MonotonicNow() + kLongestWrite);
  if (!sent.ok()) {
    // Also a line that takes no bytes is of no use until it is opened again.
    CloseLink(std::string(sent.message()));
    return;
  }
  // Before the client knows of the outcome: who reads the counters after an answer finds it counted.
  Count(&ByteBusCounters::exchanges);
  client.OnSent(MonotonicNow());
  bool answered = false;
  while (!answered) {
    const MonotonicTime deadline = client.ReplyDeadline();
    const size_t got = ReadUntil(deadline);
    if (keeper_.stopping() || line_ == nullptr) return;
    const MonotonicTime now = MonotonicNow();
    if (got > 0) {
      answered = client.OnBytes(std::span(buffer_).first(got), now);
    } else if (now >= deadline) {
      answered = client.OnDeadline(now);
      break;
    }
  }
  const MonotonicTime now = MonotonicNow();
  if (answered) {
    keeper_.OnAnswer(now);
    return;
  }
  Count(&ByteBusCounters::unanswered);
  // What a dead line has not taken must not come out in one burst later.
  line_->DiscardOutput();
  if (keeper_.OnSilence(now)) CloseLink("");  // each device says by itself that it does not answer
}

size_t ByteBus::ReadUntil(MonotonicTime until) {
  std::array<pollfd, 2> descriptors = {pollfd{.fd = keeper_.waker().fd(), .events = POLLIN, .revents = 0},
                                       pollfd{.fd = line_->fd(), .events = POLLIN, .revents = 0}};
  const timespec timeout = ToTimespec(until - MonotonicNow());
  if (ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr) <= 0) return 0;
  if (descriptors[0].revents != 0) keeper_.waker().Clear();
  if (descriptors[1].revents == 0) return 0;
  const MonotonicTime now = MonotonicNow();
  const absl::StatusOr<size_t> got = line_->Read(buffer_, now);
  if (!got.ok()) {
    CloseLink(std::string(got.status().message()));
    return 0;
  }
  if (*got > 0) last_byte_at_ = now;
  return *got;
}

}  // namespace abcds
