// A write ledger for tests: keeps everything in memory.
#ifndef ABCDS_HAL_API_FAKE_WRITE_LEDGER_H_
#define ABCDS_HAL_API_FAKE_WRITE_LEDGER_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "hal/api/write_ledger.h"

namespace abcds {

class FakeWriteLedger : public WriteLedger {
 public:
  [[nodiscard]] uint64_t Writes(const std::string& device) const override {
    const std::lock_guard lock(mutex_);
    const auto found = writes_.find(device);
    return found == writes_.end() ? 0 : found->second;
  }
  void AddWrites(const std::string& device, uint64_t count) override {
    const std::lock_guard lock(mutex_);
    writes_[device] += count;
  }
  [[nodiscard]] bool Knows(const std::string& device, const std::string& fact) const override {
    const std::lock_guard lock(mutex_);
    return facts_.count({device, fact}) != 0;
  }
  void Remember(const std::string& device, const std::string& fact) override {
    const std::lock_guard lock(mutex_);
    facts_.emplace(device, fact);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> writes_;
  std::set<std::pair<std::string, std::string>> facts_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_API_FAKE_WRITE_LEDGER_H_
