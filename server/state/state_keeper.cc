#include "server/state/state_keeper.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"

namespace abcds {

StateKeeper::StateKeeper(StateFile file, Complain complain) : file_(std::move(file)), complain_(std::move(complain)) {
  absl::StatusOr<KeptState> state = file_.Read();
  if (state.ok()) {
    state_ = *std::move(state);
  } else {
    complain_(std::string(state.status().message()) +
              "; counts of memory writes, latched faults and disabled directions start anew");
  }
  for (const auto& [device, memory] : state_.devices) reserved_[device] = memory.writes;
}

StateKeeper::~StateKeeper() { Stop(); }

void StateKeeper::Start() {
  thread_ = std::thread([this] { Run(); });
}

void StateKeeper::Stop() {
  std::unique_lock lock(mutex_);
  if (std::exchange(stopping_, true)) return;
  lock.unlock();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  lock.lock();
  if (dirty_ || !state_.devices.empty()) Save(lock, true);
}

uint64_t StateKeeper::Writes(const std::string& device) const {
  const std::lock_guard lock(mutex_);
  const auto found = state_.devices.find(device);
  return found == state_.devices.end() ? 0 : found->second.writes;
}

void StateKeeper::AddWrites(const std::string& device, uint64_t count) {
  const std::lock_guard lock(mutex_);
  const uint64_t writes = state_.devices[device].writes += count;
  uint64_t& reserved = reserved_[device];
  if (reserved >= writes + kLeast) return;
  reserved = writes + kAhead;
  dirty_ = true;
  wake_.notify_all();
}

bool StateKeeper::Knows(const std::string& device, const std::string& fact) const {
  const std::lock_guard lock(mutex_);
  const auto found = state_.devices.find(device);
  return found != state_.devices.end() && found->second.facts.count(fact) != 0;
}

void StateKeeper::Remember(const std::string& device, const std::string& fact) {
  const std::lock_guard lock(mutex_);
  if (!state_.devices[device].facts.insert(fact).second) return;
  dirty_ = true;
  wake_.notify_all();
}

KeptState StateKeeper::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void StateKeeper::Change(const std::function<void(KeptState&)>& change) {
  const std::lock_guard lock(mutex_);
  const KeptState before = state_;
  change(state_);
  if (state_ == before) return;
  dirty_ = true;
  wake_.notify_all();
}

void StateKeeper::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (failing_) {
      wake_.wait_for(lock, kRetry, [this] { return stopping_; });
    } else {
      wake_.wait(lock, [this] { return stopping_ || dirty_; });
    }
    if (stopping_) return;
    if (dirty_) Save(lock, false);
  }
}

void StateKeeper::Save(std::unique_lock<std::mutex>& lock, bool exact) {
  KeptState wanted = state_;
  if (!exact) {
    for (auto& [device, memory] : wanted.devices) memory.writes = std::max(memory.writes, reserved_[device]);
  }
  dirty_ = false;
  lock.unlock();
  const absl::Status saved = file_.Update([&wanted](KeptState& state) { state = wanted; });
  lock.lock();
  if (!saved.ok()) dirty_ = true;
  if (saved.ok() == !failing_) return;
  failing_ = !saved.ok();
  complain_(failing_ ? std::string(saved.message()) +
                           "; regulation goes on, but a restart will not know what was counted, latched and disabled since"
                     : file_.path() + " can be written again");
}

}  // namespace abcds
