#include "hal/sim/wire/serial_line.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/transport/owned_fd.h"

namespace abcds::sim {
namespace {

constexpr size_t kMostExchanges = 100'000;
// A request that stops in the middle is forgotten after this, so that the next one is understood.
constexpr Nanoseconds kHalfRequest = std::chrono::milliseconds(50);
constexpr size_t kLongestRequest = 256;
// Somebody else's question and the answer to it, in Modbus; the data contain what a JK's frame begins with.
constexpr uint8_t kForeign[] = {0x05, 0x03, 0x00, 0x4E, 0x57, 0x01, 0x21, 0x9A,
                                0x05, 0x03, 0x02, 0x4E, 0x57, 0x10, 0x22};

}  // namespace

SerialLine::SerialLine(const LineOptions& options, std::unique_ptr<Pty> pty)
    : options_(options), pty_(std::move(pty)) {}

SerialLine::~SerialLine() { Stop(); }

void SerialLine::Start() {
  thread_ = std::thread([this] { Run(); });
}

void SerialLine::Stop() {
  stopping_ = true;
  waker_.Wake();
  if (thread_.joinable()) thread_.join();
}

std::string SerialLine::path() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return pty_->path();
}

void SerialLine::SetFaults(const LineFaults& faults) {
  const std::lock_guard<std::mutex> lock(mutex_);
  everybody_.Set(faults);
  single_.clear();
}

void SerialLine::SetFaults(uint8_t address, const LineFaults& faults) {
  const std::lock_guard<std::mutex> lock(mutex_);
  single_[address].Set(faults);
}

LineFaults SerialLine::faults() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return everybody_.faults();
}

LineFaults SerialLine::faults(uint8_t address) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto single = single_.find(address);
  return (single != single_.end() ? single->second : everybody_).faults();
}

ReplySpoiler& SerialLine::SpoilerOf(uint8_t address) {
  const auto single = single_.find(address);
  return single != single_.end() ? single->second : everybody_;
}

void SerialLine::Unplug() {
  const std::lock_guard<std::mutex> lock(mutex_);
  pty_->Unplug();
  waker_.Wake();
}

absl::Status SerialLine::Plug() {
  const std::lock_guard<std::mutex> lock(mutex_);
  waker_.Wake();
  return pty_->Plug();
}

std::vector<WireExchange> SerialLine::Exchanges(uint64_t from) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t skip = std::min<uint64_t>(from > forgotten_ ? from - forgotten_ : 0, exchanges_.size());
  return {exchanges_.begin() + static_cast<std::ptrdiff_t>(skip), exchanges_.end()};
}

uint64_t SerialLine::exchange_count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return forgotten_ + exchanges_.size();
}

Nanoseconds SerialLine::WireTime(size_t bytes) const {
  // One start bit, eight data bits, one stop bit.
  return Nanoseconds(std::chrono::seconds(1)) * static_cast<int64_t>(10 * bytes) / options_.baud;
}

void SerialLine::Run() {
  while (!stopping_) {
    OwnedFd line;
    {
      // A copy, so that unplugging does not pull the descriptor away from under poll().
      const std::lock_guard<std::mutex> lock(mutex_);
      if (pty_->fd() >= 0) line = OwnedFd(fcntl(pty_->fd(), F_DUPFD_CLOEXEC, 0));
    }
    std::array<pollfd, 2> descriptors = {pollfd{.fd = waker_.fd(), .events = POLLIN, .revents = 0},
                                         pollfd{.fd = line.get(), .events = POLLIN, .revents = 0}};
    const int patience = heard_.empty() ? -1 : static_cast<int>(kHalfRequest / std::chrono::milliseconds(1));
    const int ready = poll(descriptors.data(), descriptors.size(), patience);
    if (ready == 0) heard_.clear();
    if (descriptors[0].revents != 0) waker_.Clear();
    if ((descriptors[1].revents & POLLIN) == 0) continue;
    const MonotonicTime now = MonotonicNow();
    std::array<uint8_t, kLongestRequest> bytes;
    const ssize_t got = read(line.get(), bytes.data(), bytes.size());
    if (got <= 0) continue;
    if (heard_.empty()) asked_at_ = now;
    heard_.insert(heard_.end(), bytes.begin(), bytes.begin() + got);
    line.Reset();
    Hear();
  }
}

void SerialLine::Hear() {
  while (!heard_.empty()) {
    const int length = RequestLength(heard_);
    if (length == 0 && heard_.size() <= kLongestRequest) return;
    // What is longer than any request is none.
    const size_t size = length == 0 ? heard_.size() : std::min(heard_.size(), static_cast<size_t>(std::abs(length)));
    if (length > static_cast<int>(heard_.size())) return;
    std::vector<uint8_t> request(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(size));
    heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(size));
    if (length <= 0) continue;
    Serve(std::move(request));
    asked_at_ = MonotonicNow();
  }
}

void SerialLine::Serve(std::vector<uint8_t> request) {
  WireExchange exchange;
  exchange.asked_at = asked_at_;
  exchange.heard_at = asked_at_ + WireTime(request.size());
  // A pty carries bytes in no time; the cable does not. Nothing is obeyed before it has been heard.
  SleepUntil(exchange.heard_at);
  const uint8_t address = AddressOf(request);
  const LineFaults faults = this->faults(address);
  if (faults.echo) Say(request, 0);
  if (faults.foreign) Say(kForeign, 0);
  std::vector<uint8_t> reply;
  if (!faults.silent) reply = Answer(request, faults);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    reply = SpoilerOf(address).Spoil(std::move(reply));
  }
  if (!reply.empty()) {
    exchange.answered_at =
        exchange.heard_at + options_.turnaround + Thinks(request) + faults.delay + WireTime(reply.size());
    SleepUntil(exchange.answered_at);
  }
  exchange.request = std::move(request);
  exchange.reply = reply;
  // Recorded before it is said: who has the reply finds the exchange.
  Record(std::move(exchange));
  if (!reply.empty()) Say(reply, faults.chunk);
}

void SerialLine::Record(WireExchange exchange) {
  const std::lock_guard<std::mutex> lock(mutex_);
  exchanges_.push_back(std::move(exchange));
  if (exchanges_.size() > kMostExchanges) {
    exchanges_.pop_front();
    ++forgotten_;
  }
}

void SerialLine::Say(std::span<const uint8_t> bytes, int chunk) {
  const size_t step = chunk > 0 ? static_cast<size_t>(chunk) : bytes.size();
  for (size_t at = 0; at < bytes.size(); at += step) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (pty_->fd() < 0) return;
    // A reader that has let its buffer run full loses bytes, as a UART does.
    [[maybe_unused]] const ssize_t said = write(pty_->fd(), bytes.data() + at, std::min(step, bytes.size() - at));
  }
}

}  // namespace abcds::sim
