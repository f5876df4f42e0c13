#include "hal/drivers/house/house_thread.h"

#include <pthread.h>

#include <utility>

#include "hal/rt/clock.h"
#include "hal/units/check.h"

namespace abcds::house {
namespace {

// After a suspend, or on a machine that is far too slow, the house does not run after the lost time in a burst.
constexpr Nanoseconds kLost = std::chrono::seconds(1);

}  // namespace

HouseThread::HouseThread(std::function<void(MonotonicTime now)> step) : step_(std::move(step)) {}

HouseThread::~HouseThread() { ABCDS_CHECK(!thread_.joinable()); }

void HouseThread::Hold() {
  const std::lock_guard lock(mutex_);
  if (holders_++ > 0) return;
  stopping_.store(false);
  thread_ = std::thread([this] { Run(); });
}

void HouseThread::Release() {
  const std::lock_guard lock(mutex_);
  ABCDS_CHECK(holders_ > 0);
  if (--holders_ > 0) return;
  stopping_.store(true);
  thread_.join();
}

void HouseThread::Run() {
  pthread_setname_np(pthread_self(), "house");
  MonotonicTime due = MonotonicNow();
  while (!stopping_.load()) {
    SleepUntil(due);
    const MonotonicTime now = MonotonicNow();
    if (now - due > kLost) due = now;
    progress_.GoOn(now);
    step_(now);
    due += kStep;
  }
  progress_.End();
}

}  // namespace abcds::house
