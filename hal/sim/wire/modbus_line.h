// The devices' end of a Modbus RTU line on a pty: its own framing and checksum, the wire's own time, and misbehaviour.
#ifndef ABCDS_HAL_SIM_WIRE_MODBUS_LINE_H_
#define ABCDS_HAL_SIM_WIRE_MODBUS_LINE_H_

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
#include "absl/status/statusor.h"
#include "hal/rt/waker.h"
#include "hal/sim/wire/pty.h"
#include "hal/units/time.h"

namespace abcds::sim {

// One device on the line. Called by the line's thread.
class ModbusUnit {
 public:
  virtual ~ModbusUnit() = default;
  // Both return 0, or a Modbus exception code.
  virtual uint8_t Read(uint16_t address, uint16_t count, std::vector<uint16_t>& values) = 0;
  virtual uint8_t Write(uint16_t address, const std::vector<uint16_t>& values) = 0;
  // A device without power says nothing at all.
  virtual bool Powered() { return true; }
};

// What happened on the wire, as an oscilloscope would show it.
struct WireExchange {
  MonotonicTime asked_at = MonotonicTime::min();     // the request's first byte
  MonotonicTime heard_at = MonotonicTime::min();     // its last byte, by the wire's own time
  MonotonicTime answered_at = MonotonicTime::min();  // the reply's last byte; min() without a reply
  std::vector<uint8_t> request;
  std::vector<uint8_t> reply;  // as sent, misbehaviour included
};

// "Every n-th" counts replies from the moment it is set; 0 means never.
struct LineFaults {
  bool silent = false;         // hears and obeys nothing
  bool mute = false;           // hears and obeys, but does not answer
  bool echo = false;           // an adapter that gives back what is sent
  bool wrong_address = false;  // answers as the next unit
  uint8_t exception = 0;       // refuses everything with this code
  int corrupt_every = 0;       // wrong checksum
  int stray_byte_every = 0;    // one byte more, behind the reply
  int drop_every = 0;          // no reply
  int half_every = 0;          // the first half of the reply only
  Nanoseconds delay{0};        // before each reply, on top of the turnaround
};

struct LineOptions {
  std::string link;  // stable path of the line; empty: the kernel's own name
  int baud = 9600;
  Nanoseconds turnaround = std::chrono::milliseconds(4);  // from the request's end to the reply's begin
};

class ModbusLine {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ModbusLine>> Open(const LineOptions& options);
  ~ModbusLine();
  ModbusLine(const ModbusLine&) = delete;
  ModbusLine& operator=(const ModbusLine&) = delete;

  // Before Start(). Not owned.
  void Attach(uint8_t address, ModbusUnit& unit) { units_[address] = &unit; }
  void Start();
  void Stop();

  // Any thread, at any time.
  [[nodiscard]] std::string path() const;
  void SetFaults(const LineFaults& faults);
  [[nodiscard]] LineFaults faults() const;
  void Unplug();
  [[nodiscard]] absl::Status Plug();
  // The newest 100,000 exchanges; those after the first `from` ever recorded.
  [[nodiscard]] std::vector<WireExchange> Exchanges(uint64_t from = 0) const;
  [[nodiscard]] uint64_t exchange_count() const;

 private:
  explicit ModbusLine(const LineOptions& options, std::unique_ptr<Pty> pty);

  void Run();
  void Hear();
  // The length of the request that `heard_` begins with; 0 when more bytes are needed to tell, -1 when it is none.
  [[nodiscard]] int RequestLength() const;
  void Serve(std::vector<uint8_t> request);
  [[nodiscard]] std::vector<uint8_t> Answer(std::span<const uint8_t> request, const LineFaults& faults);
  [[nodiscard]] bool Turn(int every) const;
  void Record(WireExchange exchange);
  void Say(const std::vector<uint8_t>& bytes);
  [[nodiscard]] Nanoseconds WireTime(size_t bytes) const;

  const LineOptions options_;
  std::map<uint8_t, ModbusUnit*> units_;
  Waker waker_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::vector<uint8_t> heard_;  // the line's thread
  MonotonicTime asked_at_ = MonotonicTime::min();

  mutable std::mutex mutex_;
  std::unique_ptr<Pty> pty_;
  LineFaults faults_;
  uint64_t turns_ = 0;  // replies since the faults were set
  std::deque<WireExchange> exchanges_;
  uint64_t forgotten_ = 0;
};

// CRC-16/MODBUS (start 0xFFFF, reflected polynomial 0xA001): a good frame with its checksum, low byte first, gives 0.
[[nodiscard]] uint16_t ModbusChecksum(std::span<const uint8_t> bytes);

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_MODBUS_LINE_H_
