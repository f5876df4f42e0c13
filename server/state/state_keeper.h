// Keeps what must outlive the process: counts of memory writes, latches, the operator's wishes.
#ifndef ABCDS_SERVER_STATE_STATE_KEEPER_H_
#define ABCDS_SERVER_STATE_STATE_KEEPER_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "hal/api/write_ledger.h"
#include "server/state/kept_state.h"
#include "server/state/state_file.h"

namespace abcds {

// One thread that waits for the disk, so that nobody else does. In the file a device's count runs ahead of what was
// written to it, so that a crash forgets no write; an orderly end puts the exact number. All public functions are
// thread-safe.
class StateKeeper : public WriteLedger {
 public:
  // How far the file's count runs ahead, and when it is moved on. After a crash the difference is taken for written, and
  // off what the write budget had saved: some minutes' worth.
  static constexpr uint64_t kAhead = 16;
  static constexpr uint64_t kLeast = 4;
  // After a failure the disk is tried again after this.
  static constexpr std::chrono::seconds kRetry{60};

  // Called with one sentence when the file cannot be used, and when it can again. From this object's thread, and from
  // the constructor.
  using Complain = std::function<void(const std::string&)>;

  StateKeeper(StateFile file, Complain complain);  // reads the file
  ~StateKeeper() override;                         // Stop()
  StateKeeper(const StateKeeper&) = delete;
  StateKeeper& operator=(const StateKeeper&) = delete;

  void Start();
  // Writes what is still to be written, once. Idempotent. Takes as long as the disk does.
  void Stop();

  [[nodiscard]] uint64_t Writes(const std::string& device) const override;
  void AddWrites(const std::string& device, uint64_t count) override;
  [[nodiscard]] bool Knows(const std::string& device, const std::string& fact) const override;
  void Remember(const std::string& device, const std::string& fact) override;

  // As read at the start, and changed since.
  [[nodiscard]] KeptState state() const;
  // Changes anything but `devices`.
  void Change(const std::function<void(KeptState&)>& change);

 private:
  void Run();
  // Puts `state_` into the file; the lock is given back meanwhile.
  void Save(std::unique_lock<std::mutex>& lock, bool exact);

  const StateFile file_;
  const Complain complain_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  KeptState state_;                          // exact
  std::map<std::string, uint64_t> reserved_;  // what the file says, or is to say, of each device's writes
  bool dirty_ = false;
  bool failing_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_STATE_STATE_KEEPER_H_
