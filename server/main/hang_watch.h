// Whether a thread that speaks to a converter hangs: the converter would then keep its last setpoint for ever.
#ifndef ABCDS_SERVER_MAIN_HANG_WATCH_H_
#define ABCDS_SERVER_MAIN_HANG_WATCH_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "hal/rt/progress.h"
#include "hal/units/time.h"

namespace abcds {

// Pure.
class HangWatch {
 public:
  // To be called every second or so, with the same threads in the same order: the first one that hangs, if any. One is
  // believed to hang when it is overdue at two looks in a row: where the whole process was stopped or starved, all are
  // overdue at the first look, and none at the next.
  [[nodiscard]] std::optional<size_t> Look(std::span<const ThreadProgress> threads, MonotonicTime now) {
    overdue_.resize(threads.size(), false);
    std::optional<size_t> hangs;
    for (size_t i = 0; i < threads.size(); ++i) {
      const bool overdue = threads[i].Overdue(now);
      if (overdue && overdue_[i] && !hangs) hangs = i;
      overdue_[i] = overdue;
    }
    return hangs;
  }

 private:
  std::vector<bool> overdue_;  // at the last look
};

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_HANG_WATCH_H_
