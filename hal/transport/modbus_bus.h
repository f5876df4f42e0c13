// One Modbus RTU bus: one port, one thread, several devices.
#ifndef ABCDS_HAL_TRANSPORT_MODBUS_BUS_H_
#define ABCDS_HAL_TRANSPORT_MODBUS_BUS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "hal/rt/progress.h"
#include "hal/rt/waker.h"
#include "hal/transport/bytes.h"
#include "hal/transport/line_keeper.h"
#include "hal/transport/modbus_exchange.h"
#include "hal/transport/modbus_registers.h"
#include "hal/transport/serial_port.h"
#include "hal/units/time.h"

namespace abcds {

// Only ever grow.
struct ModbusBusCounters {
  uint64_t exchanges = 0;
  uint64_t timeouts = 0;
  uint64_t corrupt = 0;
  uint64_t exceptions = 0;
  uint64_t stray_bytes = 0;     // arrived while nobody had asked: late answers, noise
  uint64_t foreign_frames = 0;  // good frames that answered something else
  uint64_t echoes = 0;          // our own request came back: an adapter with local echo
  uint64_t links_opened = 0;
  uint64_t links_lost = 0;
};

struct ModbusBusTiming {
  // Silence between the end of one exchange and the start of the next. RTU wants 3.5 characters (4 ms at 9600 baud).
  Nanoseconds frame_gap = std::chrono::milliseconds(5);
  // A local port is looked for often, which costs one system call: an inverter whose adapter is out runs on with its
  // last setpoint.
  LineTiming line;
};

// Opens the port, keeps it open, and executes the most urgent due request of its clients, one at a time. Retries an
// absent port for ever; closes a dead one at once, so that it comes back under the same name. Ordinary threads.
class ModbusBus final : private LineKeeper::Line {
 public:
  explicit ModbusBus(const SerialOptions& serial, const ModbusBusTiming& timing = {});
  ~ModbusBus();
  ModbusBus(const ModbusBus&) = delete;
  ModbusBus& operator=(const ModbusBus&) = delete;

  // Before Start(). Not owned; must stay until Stop() has returned.
  void Attach(ModbusClient& client);
  // InvalidArgument, one sentence, when the port can never be one. A port that is absent or in other hands is OK and
  // retried.
  [[nodiscard]] absl::Status Start() { return keeper_.Start(); }
  // Ends the thread and closes the port, after at most one request's timeout (a tcp:// port being connected: 2 s). Stop
  // the devices first: nothing is sent from here. Idempotent.
  void Stop() { keeper_.Stop(); }

  // Call it when a client has something new: NextRequest() is then asked at once. Any thread, real-time included.
  [[nodiscard]] Waker& waker() noexcept { return keeper_.waker(); }

  // Any thread.
  [[nodiscard]] bool running() const noexcept { return keeper_.running(); }
  [[nodiscard]] const std::string& port() const noexcept { return serial_.port; }
  [[nodiscard]] ModbusBusCounters counters() const;
  [[nodiscard]] ThreadProgress progress() const noexcept { return keeper_.progress(); }
  // One sentence on what is wrong with the port now, and what to do; empty when nothing is.
  [[nodiscard]] std::string trouble() const { return keeper_.trouble(); }
  // LineOwnedError() where somebody else has it, and it could not be opened because of that.
  [[nodiscard]] absl::Status owned() const { return keeper_.owned(); }

 private:
  struct Work {
    ModbusClient* client = nullptr;
    ModbusClient::Due due;
  };

  [[nodiscard]] absl::Status Open() override;
  [[nodiscard]] bool IsOpen() const override { return line_ != nullptr; }
  void Serve() override;
  void Close() override;
  // The line is lost, or given up.
  void CloseLink(const std::string& why);
  Work MostUrgent(MonotonicTime now);
  void Execute(const Work& work);
  bool Idle(MonotonicTime until);
  bool Discard();
  [[nodiscard]] MonotonicTime NextDue(MonotonicTime now);

  const SerialOptions serial_;
  const ModbusBusTiming timing_;
  std::vector<ModbusClient*> clients_;
  LineKeeper keeper_;

  // The keeper's thread (and Start() before it).
  std::unique_ptr<ByteStream> line_;
  std::unique_ptr<ModbusExchange> exchange_;
  size_t next_client_ = 0;  // where the next round of equals starts
  bool unsettled_ = false;  // the last exchange failed: more of it may be under way
  MonotonicTime free_at_ = MonotonicTime::min();

  mutable std::mutex mutex_;
  ModbusBusCounters counters_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_MODBUS_BUS_H_
