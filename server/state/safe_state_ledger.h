// The write ledger of a process that only brings converters to 0 W and ends.
#ifndef ABCDS_SERVER_STATE_SAFE_STATE_LEDGER_H_
#define ABCDS_SERVER_STATE_SAFE_STATE_LEDGER_H_

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "hal/api/write_ledger.h"
#include "server/state/state_file.h"

namespace abcds {

// Reads nothing before it is asked and writes nothing before Flush(): 0 W comes first. Single-threaded.
class SafeStateLedger : public WriteLedger {
 public:
  explicit SafeStateLedger(StateFile file) : file_(std::move(file)) {}

  [[nodiscard]] uint64_t Writes(const std::string& device) const override;
  void AddWrites(const std::string& device, uint64_t count) override;
  [[nodiscard]] bool Knows(const std::string& device, const std::string& fact) const override;
  void Remember(const std::string& device, const std::string& fact) override;

  // Adds what was counted to the file, which other such processes do at the same time.
  [[nodiscard]] absl::Status Flush();

 private:
  [[nodiscard]] KeptState State() const;

  const StateFile file_;
  std::map<std::string, DeviceMemory> added_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_STATE_SAFE_STATE_LEDGER_H_
