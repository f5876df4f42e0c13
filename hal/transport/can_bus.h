// One CAN bus with several devices: one way onto it, one thread.
#ifndef ABCDS_HAL_TRANSPORT_CAN_BUS_H_
#define ABCDS_HAL_TRANSPORT_CAN_BUS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/rt/waker.h"
#include "hal/transport/can_adapter.h"
#include "hal/transport/can_client.h"
#include "hal/transport/can_open.h"
#include "hal/transport/reopen_pause.h"
#include "hal/units/time.h"

namespace abcds {

// Only ever grow.
struct CanBusCounters {
  CanCounters frames;
  uint64_t links_opened = 0;  // the line came to carry frames
  uint64_t links_lost = 0;
};

struct CanBusTiming {
  // Pauses between attempts to open the line.
  ReopenPause::Limits reopen{};
  Nanoseconds reopen_longest_tcp = std::chrono::seconds(10);
};

// Opens the line, keeps it open, and gives it to its clients in turn. Retries an absent line for ever; closes a dead one
// at once, so that it comes back under the same name. Ordinary threads.
class CanBus {
 public:
  using Open = std::function<absl::StatusOr<std::unique_ptr<CanAdapter>>(std::span<const CanFilter>)>;

  explicit CanBus(const CanOptions& options, const CanBusTiming& timing = {});
  // The same over anything else that carries frames; `name` is what sentences call it.
  CanBus(std::string name, Open open, const CanBusTiming& timing = {});
  ~CanBus();
  CanBus(const CanBus&) = delete;
  CanBus& operator=(const CanBus&) = delete;

  // Before Start(). Not owned; must live until Stop() has returned.
  void Attach(CanClient& client);

  // Opens the line once, so that a mistake is told at once, and starts the thread. FailedPrecondition: another process
  // has the line; InvalidArgument: it can never be one. A line that is merely absent or down is OK and retried.
  [[nodiscard]] absl::Status Start();
  // Ends the thread and closes the line (a tcp:// port being connected: 2 s). Stop the devices first: nothing is sent
  // from here. Idempotent.
  void Stop();

  // Call it when a client has something new: NextFrame() is then asked at once. Any thread, real-time included.
  [[nodiscard]] Waker& waker() noexcept { return waker_; }

  // Any thread.
  [[nodiscard]] bool running() const noexcept { return running_.load(std::memory_order_relaxed); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] CanBusCounters counters() const;
  // One sentence on what is wrong with the bus now, and what to do; empty when nothing is.
  [[nodiscard]] std::string trouble() const;

 private:
  void Run();
  void RunLine();
  [[nodiscard]] absl::Status OpenLine();
  void CloseLine(const std::string& why);
  // False when the line is lost: then `adapter_` is null.
  bool ReceiveAll();
  bool SendOne();
  void Wait();
  void TellLink(bool up);
  void Publish(const std::string& trouble);

  const std::string name_;
  const Open open_;
  std::string tcp_port_;  // connecting may take seconds: at Start() only its owner is asked for
  std::vector<CanClient*> clients_;
  std::vector<CanFilter> filters_;
  Waker waker_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> running_{false};
  std::thread thread_;

  // The bus's thread (and Start() before it).
  std::unique_ptr<CanAdapter> adapter_;
  bool up_ = false;  // as the clients were told
  size_t next_client_ = 0;
  ReopenPause pause_;
  CanBusCounters past_;  // of adapters that are closed, and of the link

  mutable std::mutex mutex_;
  CanBusCounters counters_;
  std::string trouble_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_BUS_H_
