// The devices' end of a serial line on a pty, for any protocol of requests and replies: the wire's own time, a log, and
// misbehaviour of the line and of each device on it.
#ifndef ABCDS_HAL_SIM_WIRE_SERIAL_LINE_H_
#define ABCDS_HAL_SIM_WIRE_SERIAL_LINE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "hal/rt/waker.h"
#include "hal/sim/wire/line_faults.h"
#include "hal/sim/wire/pty.h"
#include "hal/units/time.h"

namespace abcds::sim {

// What happened on the wire, as an oscilloscope would show it.
struct WireExchange {
  MonotonicTime asked_at = MonotonicTime::min();     // the request's first byte
  MonotonicTime heard_at = MonotonicTime::min();     // its last byte, by the wire's own time
  MonotonicTime answered_at = MonotonicTime::min();  // the reply's last byte; min() without a reply
  std::vector<uint8_t> request;
  std::vector<uint8_t> reply;  // as sent, misbehaviour included
};

struct LineOptions {
  std::string link;  // stable path of the line; empty: the kernel's own name
  int baud = 9600;
  Nanoseconds turnaround = std::chrono::milliseconds(4);  // from the request's end to the reply's begin
};

// A protocol derives from it, and calls Stop() in its destructor.
class SerialLine {
 public:
  virtual ~SerialLine();
  SerialLine(const SerialLine&) = delete;
  SerialLine& operator=(const SerialLine&) = delete;

  void Start();
  void Stop();

  // Any thread, at any time.
  [[nodiscard]] std::string path() const;
  // Of all devices, and of what is said to nobody; or of one only, from then on.
  void SetFaults(const LineFaults& faults);
  void SetFaults(uint8_t address, const LineFaults& faults);
  [[nodiscard]] LineFaults faults() const;
  [[nodiscard]] LineFaults faults(uint8_t address) const;
  void Unplug();
  [[nodiscard]] absl::Status Plug();
  // The newest 100,000 exchanges; those after the first `from` ever recorded.
  [[nodiscard]] std::vector<WireExchange> Exchanges(uint64_t from = 0) const;
  [[nodiscard]] uint64_t exchange_count() const;

 protected:
  SerialLine(const LineOptions& options, std::unique_ptr<Pty> pty);

  // The protocol, by the line's thread.
  // The length of the request that `heard` begins with; 0 when more bytes are needed to tell. Negative: it begins with
  // none, forget so many bytes.
  [[nodiscard]] virtual int RequestLength(std::span<const uint8_t> heard) const = 0;
  // Which device a request is for; any constant where there is but one.
  [[nodiscard]] virtual uint8_t AddressOf(std::span<const uint8_t> request) const = 0;
  // How long that device takes to answer it, on top of the line's turnaround.
  [[nodiscard]] virtual Nanoseconds Thinks(std::span<const uint8_t>) const { return Nanoseconds(0); }
  // What that device says; empty: nothing.
  [[nodiscard]] virtual std::vector<uint8_t> Answer(std::span<const uint8_t> request, const LineFaults& faults) = 0;

 private:
  void Run();
  void Hear();
  void Serve(std::vector<uint8_t> request);
  void Record(WireExchange exchange);
  void Say(std::span<const uint8_t> bytes, int chunk);
  [[nodiscard]] Nanoseconds WireTime(size_t bytes) const;
  // With the mutex held.
  [[nodiscard]] ReplySpoiler& SpoilerOf(uint8_t address);

  const LineOptions options_;
  Waker waker_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::vector<uint8_t> heard_;  // the line's thread
  MonotonicTime asked_at_ = MonotonicTime::min();

  mutable std::mutex mutex_;
  std::unique_ptr<Pty> pty_;
  ReplySpoiler everybody_;
  std::map<uint8_t, ReplySpoiler> single_;  // the devices whose faults were set apart
  std::deque<WireExchange> exchanges_;
  uint64_t forgotten_ = 0;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_SERIAL_LINE_H_
