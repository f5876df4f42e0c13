// One CAN bus with several devices: one way onto it, one thread.
#ifndef ABCDS_HAL_TRANSPORT_CAN_BUS_H_
#define ABCDS_HAL_TRANSPORT_CAN_BUS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "hal/rt/progress.h"
#include "hal/rt/waker.h"
#include "hal/transport/can_adapter.h"
#include "hal/transport/can_client.h"
#include "hal/transport/can_open.h"
#include "hal/transport/line_keeper.h"

namespace abcds {

// Only ever grow.
struct CanBusCounters {
  CanCounters frames;
  uint64_t links_opened = 0;  // the line came to carry frames
  uint64_t links_lost = 0;
};

// Opens the line, keeps it open, and gives it to its clients in turn. Retries an absent line for ever; closes a dead
// one at once, so that it comes back under the same name. Ordinary threads.
class CanBus final : private LineKeeper::Line {
 public:
  // Of `timing` only the pauses between attempts to open the line are used: an adapter finds out by itself that it
  // hangs.
  explicit CanBus(const CanOptions& options, const LineTiming& timing = {});
  ~CanBus();
  CanBus(const CanBus&) = delete;
  CanBus& operator=(const CanBus&) = delete;

  // Before Start(). Not owned; must live until Stop() has returned.
  void Attach(CanClient& client);

  // Opens the line once, so that a mistake is told at once, and starts the thread. InvalidArgument: it can never be
  // one. A line that is absent, down or in other hands is OK and retried.
  [[nodiscard]] absl::Status Start() { return keeper_.Start(); }
  // Ends the thread and closes the line (a tcp:// port being connected: 2 s). Stop the devices first: nothing is sent
  // from here. Idempotent.
  void Stop() { keeper_.Stop(); }

  // Call it when a client has something new: NextFrame() is then asked at once. Any thread, real-time included.
  [[nodiscard]] Waker& waker() noexcept { return keeper_.waker(); }

  // Any thread.
  [[nodiscard]] bool running() const noexcept { return keeper_.running(); }
  [[nodiscard]] const std::string& name() const noexcept { return keeper_.port(); }
  [[nodiscard]] CanBusCounters counters() const;
  [[nodiscard]] ThreadProgress progress() const noexcept { return keeper_.progress(); }
  // One sentence on what is wrong with the bus now, and what to do; empty when nothing is.
  [[nodiscard]] std::string trouble() const { return keeper_.trouble(); }
  // LineOwnedError() where somebody else has it, and it could not be opened because of that.
  [[nodiscard]] absl::Status owned() const { return keeper_.owned(); }

 private:
  // LineKeeper::Line, on the bus's thread (Open() also within Start()).
  [[nodiscard]] absl::Status Open() override;
  [[nodiscard]] bool IsOpen() const override { return adapter_ != nullptr; }
  void Serve() override;
  void Close() override { adapter_.reset(); }

  void CloseLine(const std::string& why);
  // False when the line is lost: then `adapter_` is null.
  bool ReceiveAll();
  bool SendOne();
  void Wait();
  void Report(bool up, const std::string& trouble);

  const CanOptions options_;
  std::vector<CanClient*> clients_;
  std::vector<CanFilter> filters_;

  // The bus's thread (and Start() before it).
  std::unique_ptr<CanAdapter> adapter_;
  bool up_ = false;  // as the clients were told
  size_t next_client_ = 0;
  CanBusCounters past_;  // of adapters that are closed, and of the link

  mutable std::mutex mutex_;
  CanBusCounters counters_;

  LineKeeper keeper_;  // last: its thread uses all above
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_BUS_H_
