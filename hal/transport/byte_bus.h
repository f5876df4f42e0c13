// One serial line with request/reply devices that frame their bytes themselves: one port, one thread.
#ifndef ABCDS_HAL_TRANSPORT_BYTE_BUS_H_
#define ABCDS_HAL_TRANSPORT_BYTE_BUS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "hal/rt/waker.h"
#include "hal/transport/byte_client.h"
#include "hal/transport/bytes.h"
#include "hal/transport/line_keeper.h"
#include "hal/transport/serial_port.h"
#include "hal/units/time.h"

namespace abcds {

// Only ever grow.
struct ByteBusCounters {
  uint64_t exchanges = 0;  // requests that went out whole
  uint64_t unanswered = 0;
  uint64_t stray_bytes = 0;  // arrived while nobody had asked: late answers, noise, another master's conversation
  uint64_t never_quiet = 0;  // sent into a line that did not fall silent
  uint64_t links_opened = 0;
  uint64_t links_lost = 0;
};

struct ByteBusTiming {
  // How long a request waits for a line that others keep busy; then it is sent all the same.
  Nanoseconds longest_wait_for_quiet = std::chrono::milliseconds(500);
  LineTiming line = {.reopen = {},
                     .reopen_longest_tcp = std::chrono::seconds(10),
                     .mute_first = std::chrono::seconds(10),
                     .mute_longest = std::chrono::seconds(60)};
};

// Opens the port, keeps it open, and gives the line to its clients in turn. Retries an absent port for ever; closes a
// dead one at once, so that it comes back under the same name. Ordinary threads.
class ByteBus final : private LineKeeper::Line {
 public:
  explicit ByteBus(const SerialOptions& serial, const ByteBusTiming& timing = {});
  ~ByteBus();
  ByteBus(const ByteBus&) = delete;
  ByteBus& operator=(const ByteBus&) = delete;

  // Before Start(). Not owned; must live until Stop().
  void Attach(ByteClient& client);

  // Opens the port once, so that a mistake is told at once, and starts the thread. InvalidArgument: it is no serial line.
  // A port that is absent or in other hands is OK and retried.
  [[nodiscard]] absl::Status Start() { return keeper_.Start(); }
  // Ends the thread and closes the port at once (a tcp:// port being connected: 2 s). Idempotent.
  void Stop() { keeper_.Stop(); }

  // Call it when a client has something new: NextRequest() is then asked at once. Any thread.
  [[nodiscard]] Waker& waker() noexcept { return keeper_.waker(); }

  // Any thread.
  [[nodiscard]] const std::string& port() const noexcept { return serial_.port; }
  [[nodiscard]] ByteBusCounters counters() const;
  // One sentence on what is wrong with the port now, and what to do; empty when nothing is.
  [[nodiscard]] std::string trouble() const { return keeper_.trouble(); }
  // LineOwnedError() where somebody else has it, and it could not be opened because of that.
  [[nodiscard]] absl::Status owned() const { return keeper_.owned(); }

 private:
  [[nodiscard]] absl::Status Open() override;
  [[nodiscard]] bool IsOpen() const override { return line_ != nullptr; }
  void Serve() override;
  void Close() override { line_.reset(); }
  // The line is lost, or given up.
  void CloseLink(const std::string& why);
  bool ServeOne(MonotonicTime now);
  void Exchange(ByteClient& client, const ByteRequest& request);
  bool WaitForQuiet(Nanoseconds quiet);
  // Waits for bytes until `until` and reads them into `buffer_`; the number of them, 0 when none came. Closes a dead
  // line: then `line_` is null.
  size_t ReadUntil(MonotonicTime until);
  void Count(uint64_t ByteBusCounters::*counter, uint64_t by = 1);

  const SerialOptions serial_;
  const ByteBusTiming timing_;
  std::vector<ByteClient*> clients_;
  LineKeeper keeper_;

  // The keeper's thread (and Start() before it).
  std::unique_ptr<ByteStream> line_;
  std::array<uint8_t, 512> buffer_{};
  size_t next_client_ = 0;  // where the next round starts
  MonotonicTime last_byte_at_ = MonotonicTime::min();

  mutable std::mutex mutex_;
  ByteBusCounters counters_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_BYTE_BUS_H_
