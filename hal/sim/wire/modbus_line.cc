#include "hal/sim/wire/modbus_line.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/transport/owned_fd.h"

namespace abcds::sim {
namespace {

constexpr size_t kMostExchanges = 100'000;
constexpr uint8_t kRead = 3;
constexpr uint8_t kWrite = 16;
constexpr uint8_t kIllegalFunction = 1;
constexpr uint8_t kIllegalValue = 3;
// A request that stops in the middle is forgotten after this, so that the next one is understood.
constexpr Nanoseconds kHalfRequest = std::chrono::milliseconds(50);
constexpr size_t kLongestRequest = 256;

uint16_t Word(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] * 256 + bytes[at + 1]);
}

void AppendWord(std::vector<uint8_t>& bytes, unsigned word) {
  bytes.push_back(static_cast<uint8_t>(word >> 8));
  bytes.push_back(static_cast<uint8_t>(word));
}

void AppendChecksum(std::vector<uint8_t>& bytes) {
  const uint16_t checksum = ModbusChecksum(bytes);
  bytes.push_back(static_cast<uint8_t>(checksum));
  bytes.push_back(static_cast<uint8_t>(checksum >> 8));
}

}  // namespace

uint16_t ModbusChecksum(std::span<const uint8_t> bytes) {
  unsigned sum = 0xffff;
  for (const uint8_t byte : bytes) {
    sum ^= byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum & 1) != 0 ? sum >> 1 ^ 0xa001 : sum >> 1;
  }
  return static_cast<uint16_t>(sum);
}

absl::StatusOr<std::unique_ptr<ModbusLine>> ModbusLine::Open(const LineOptions& options) {
  absl::StatusOr<std::unique_ptr<Pty>> pty = Pty::Open(options.link);
  if (!pty.ok()) return pty.status();
  return std::unique_ptr<ModbusLine>(new ModbusLine(options, *std::move(pty)));
}

ModbusLine::ModbusLine(const LineOptions& options, std::unique_ptr<Pty> pty)
    : options_(options), pty_(std::move(pty)) {}

ModbusLine::~ModbusLine() { Stop(); }

void ModbusLine::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ModbusLine::Stop() {
  stopping_ = true;
  waker_.Wake();
  if (thread_.joinable()) thread_.join();
}

std::string ModbusLine::path() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return pty_->path();
}

void ModbusLine::SetFaults(const LineFaults& faults) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_ = faults;
  turns_ = 0;
}

LineFaults ModbusLine::faults() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return faults_;
}

void ModbusLine::Unplug() {
  const std::lock_guard<std::mutex> lock(mutex_);
  pty_->Unplug();
  waker_.Wake();
}

absl::Status ModbusLine::Plug() {
  const std::lock_guard<std::mutex> lock(mutex_);
  waker_.Wake();
  return pty_->Plug();
}

std::vector<WireExchange> ModbusLine::Exchanges(uint64_t from) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t skip = std::min<uint64_t>(from > forgotten_ ? from - forgotten_ : 0, exchanges_.size());
  return {exchanges_.begin() + static_cast<std::ptrdiff_t>(skip), exchanges_.end()};
}

uint64_t ModbusLine::exchange_count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return forgotten_ + exchanges_.size();
}

Nanoseconds ModbusLine::WireTime(size_t bytes) const {
  // One start bit, eight data bits, one stop bit.
  return Nanoseconds(std::chrono::seconds(1)) * static_cast<int64_t>(10 * bytes) / options_.baud;
}

void ModbusLine::Run() {
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

int ModbusLine::RequestLength() const {
  if (heard_.size() < 2) return 0;
  if (heard_[1] == kRead) return 8;
  if (heard_[1] != kWrite) return -1;
  return heard_.size() < 7 ? 0 : 9 + heard_[6];
}

void ModbusLine::Hear() {
  for (;;) {
    const int length = RequestLength();
    if (length < 0 || heard_.size() > kLongestRequest) {
      heard_.clear();
      return;
    }
    if (length == 0 || static_cast<int>(heard_.size()) < length) return;
    std::vector<uint8_t> request(heard_.begin(), heard_.begin() + length);
    heard_.erase(heard_.begin(), heard_.begin() + length);
    Serve(std::move(request));
    asked_at_ = MonotonicNow();
  }
}

bool ModbusLine::Turn(int every) const { return every > 0 && turns_ % static_cast<uint64_t>(every) == 0; }

void ModbusLine::Serve(std::vector<uint8_t> request) {
  WireExchange exchange;
  exchange.asked_at = asked_at_;
  exchange.heard_at = asked_at_ + WireTime(request.size());
  // A pty carries bytes in no time; the cable does not. Nothing is obeyed before it has been heard.
  SleepUntil(exchange.heard_at);
  LineFaults faults;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    faults = faults_;
  }
  if (faults.echo) Say(request);
  std::vector<uint8_t> reply;
  if (!faults.silent && ModbusChecksum(request) == 0) reply = Answer(request, faults);
  if (!reply.empty()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++turns_;
    if (Turn(faults.drop_every) || faults.mute) reply.clear();
    if (Turn(faults.corrupt_every) && !reply.empty()) reply.back() ^= 0x5a;
    if (Turn(faults.half_every)) reply.resize(reply.size() / 2);
    if (Turn(faults.stray_byte_every)) reply.push_back(0x00);
  }
  if (!reply.empty()) {
    exchange.answered_at = exchange.heard_at + options_.turnaround + faults.delay + WireTime(reply.size());
    SleepUntil(exchange.answered_at);
  }
  exchange.request = std::move(request);
  exchange.reply = reply;
  // Recorded before it is said: who has the reply finds the exchange.
  Record(std::move(exchange));
  if (!reply.empty()) Say(reply);
}

void ModbusLine::Record(WireExchange exchange) {
  const std::lock_guard<std::mutex> lock(mutex_);
  exchanges_.push_back(std::move(exchange));
  if (exchanges_.size() > kMostExchanges) {
    exchanges_.pop_front();
    ++forgotten_;
  }
}

std::vector<uint8_t> ModbusLine::Answer(std::span<const uint8_t> request, const LineFaults& faults) {
  const auto unit = units_.find(request[0]);
  if (unit == units_.end() || !unit->second->Powered()) return {};
  const uint8_t function = request[1];
  std::vector<uint8_t> reply = {static_cast<uint8_t>(request[0] + (faults.wrong_address ? 1 : 0)), function};
  uint8_t exception = faults.exception;
  if (exception == 0 && function == kRead) {
    std::vector<uint16_t> values;
    exception = unit->second->Read(Word(request, 2), Word(request, 4), values);
    reply.push_back(static_cast<uint8_t>(2 * values.size()));
    for (const uint16_t value : values) AppendWord(reply, value);
  } else if (exception == 0 && function == kWrite) {
    std::vector<uint16_t> values;
    for (size_t at = 7; at + 3 < request.size(); at += 2) values.push_back(Word(request, at));
    exception = values.size() == Word(request, 4) ? unit->second->Write(Word(request, 2), values) : kIllegalValue;
    AppendWord(reply, Word(request, 2));
    AppendWord(reply, Word(request, 4));
  } else if (exception == 0) {
    exception = kIllegalFunction;
  }
  if (exception != 0) reply = {reply[0], static_cast<uint8_t>(function | 0x80), exception};
  AppendChecksum(reply);
  return reply;
}

void ModbusLine::Say(const std::vector<uint8_t>& bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (pty_->fd() < 0) return;
  // A reader that has let its buffer run full loses bytes, as a UART does.
  [[maybe_unused]] const ssize_t said = write(pty_->fd(), bytes.data(), bytes.size());
}

}  // namespace abcds::sim
