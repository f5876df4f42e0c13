#include "hal/transport/modbus_bus.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/rt/timespec.h"
#include "hal/units/check.h"

namespace abcds {
namespace {

// After a garbled exchange the rest of it is waited out, at most this long: a command must not starve behind a line
// that never stops talking.
constexpr Nanoseconds kLongestSettling = std::chrono::milliseconds(50);
// Neither a flood of unasked bytes nor a client's mistake becomes a busy loop.
constexpr Nanoseconds kFloodPause = std::chrono::milliseconds(1);

}  // namespace

ModbusBus::ModbusBus(const SerialOptions& serial, const ModbusBusTiming& timing)
    : serial_(serial), timing_(timing), keeper_(*this, serial.port, timing.line) {}

ModbusBus::~ModbusBus() { Stop(); }

void ModbusBus::Attach(ModbusClient& client) {
  ABCDS_CHECK(!running());
  clients_.push_back(&client);
}

ModbusBusCounters ModbusBus::counters() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counters_;
}

absl::Status ModbusBus::Open() {
  absl::StatusOr<std::unique_ptr<ByteStream>> line = OpenSerialPort(serial_);
  if (!line.ok()) return line.status();
  absl::StatusOr<std::unique_ptr<ModbusExchange>> exchange = ModbusExchange::Create((*line)->fd());
  if (!exchange.ok()) return exchange.status();
  line_ = *std::move(line);
  exchange_ = *std::move(exchange);
  return absl::OkStatus();
}

void ModbusBus::Close() {
  exchange_.reset();
  line_.reset();
}

void ModbusBus::CloseLink(const std::string& why) {
  keeper_.OnClosing();
  Close();
  keeper_.SetTrouble(why);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++counters_.links_lost;
  }
  const MonotonicTime now = MonotonicNow();
  for (ModbusClient* client : clients_) client->OnLink(false, now);
}

void ModbusBus::Serve() {
  const MonotonicTime opened_at = MonotonicNow();
  free_at_ = MonotonicTime::min();
  unsettled_ = false;
  keeper_.OnOpened(opened_at);
  keeper_.SetTrouble("");
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++counters_.links_opened;
  }
  for (ModbusClient* client : clients_) client->OnLink(true, opened_at);

  while (keeper_.GoesOn() && line_ != nullptr) {
    const MonotonicTime now = MonotonicNow();
    // The gap comes before choosing, so that what becomes urgent meanwhile goes first.
    if (now < free_at_) {
      Idle(free_at_);
      continue;
    }
    const Work work = MostUrgent(now);
    if (work.client == nullptr) {
      Idle(std::min(NextDue(now), now + LineKeeper::kLongestIdle));
      continue;
    }
    if (Discard()) Execute(work);
  }
}

ModbusBus::Work ModbusBus::MostUrgent(MonotonicTime now) {
  Work best;
  size_t served = next_client_;
  for (size_t i = 0; i < clients_.size(); ++i) {
    const size_t index = (next_client_ + i) % clients_.size();
    const std::optional<ModbusClient::Due> due = clients_[index]->NextRequest(now);
    if (!due.has_value() || (best.client != nullptr && due->urgency >= best.due.urgency)) continue;
    best = {.client = clients_[index], .due = *due};
    served = index;
  }
  if (best.client != nullptr) next_client_ = (served + 1) % clients_.size();
  return best;
}

MonotonicTime ModbusBus::NextDue(MonotonicTime now) {
  MonotonicTime next = MonotonicTime::max();
  for (ModbusClient* client : clients_) next = std::min(next, client->NextDue(now));
  // A client that is due and yet asks for nothing must not keep the processor busy.
  return std::max(next, now + kFloodPause);
}

// Waits for a wake-up or `until`. A line that dies meanwhile is closed at once: kept open, a USB adapter would come
// back under another name. False when it did.
bool ModbusBus::Idle(MonotonicTime until) {
  std::array<pollfd, 2> descriptors = {pollfd{.fd = keeper_.waker().fd(), .events = POLLIN, .revents = 0},
                                       pollfd{.fd = line_->fd(), .events = POLLIN, .revents = 0}};
  const timespec timeout = ToTimespec(until - MonotonicNow());
  const int ready = ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr);
  if (ready <= 0) return true;
  if (descriptors[0].revents != 0) keeper_.waker().Clear();
  if (descriptors[1].revents == 0) return true;
  if (!Discard()) return false;
  SleepUntil(MonotonicNow() + kFloodPause);
  return true;
}

// Empties the line of what nobody asked for, so that it cannot be taken for the next answer. False when the line is
// dead.
bool ModbusBus::Discard() {
  const MonotonicTime limit = MonotonicNow() + kLongestSettling;
  size_t total = 0;
  for (;;) {
    const absl::StatusOr<size_t> discarded = line_->DiscardInput();
    if (!discarded.ok()) {
      CloseLink(std::string(discarded.status().message()));
      return false;
    }
    total += *discarded;
    // After a failure its rest may still be trickling in: until the line is quiet for a frame gap.
    const MonotonicTime now = MonotonicNow();
    if (!unsettled_ || now >= limit || keeper_.stopping()) break;
    pollfd descriptor{.fd = line_->fd(), .events = POLLIN, .revents = 0};
    const timespec gap = ToTimespec(timing_.frame_gap);
    if (ppoll(&descriptor, 1, &gap, nullptr) <= 0) break;
  }
  unsettled_ = false;
  if (total > 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    counters_.stray_bytes += total;
  }
  return true;
}

void ModbusBus::Execute(const Work& work) {
  MonotonicTime sent_at;
  const ModbusReply reply = exchange_->Execute(work.due.request, sent_at);
  const MonotonicTime now = MonotonicNow();
  free_at_ = now + timing_.frame_gap;
  const bool answered = reply.result == ModbusResult::kOk || reply.result == ModbusResult::kException;
  const bool echoed = exchange_->TakeEchoes() > 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++counters_.exchanges;
    counters_.timeouts += reply.result == ModbusResult::kTimeout ? 1 : 0;
    counters_.corrupt += reply.result == ModbusResult::kCorrupt ? 1 : 0;
    counters_.exceptions += reply.result == ModbusResult::kException ? 1 : 0;
    counters_.foreign_frames += exchange_->TakeForeignFrames();
    if (echoed) ++counters_.echoes;
  }
  if (answered) {
    keeper_.SetTrouble("");
  } else if (echoed) {
    keeper_.SetTrouble(absl::StrCat(serial_.port, " gives back what is sent: switch off the adapter's local echo"));
  }
  unsettled_ = !answered;
  work.client->OnReply(work.due.request, reply, sent_at, now);
  if (answered) {
    keeper_.OnAnswer(now);
  } else if (reply.result == ModbusResult::kLinkLost) {
    CloseLink(absl::StrCat(serial_.port, " is gone: is the adapter plugged in?"));
  } else {
    // What a dead line has not taken must not come out in one burst later.
    line_->DiscardOutput();
    if (keeper_.OnSilence(now)) CloseLink("");  // each device says by itself that it does not answer
  }
}

}  // namespace abcds
