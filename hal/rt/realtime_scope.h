// RealtimeScope: marks code that must not touch the heap, so that tests can prove it.
#ifndef ABCDS_HAL_RT_REALTIME_SCOPE_H_
#define ABCDS_HAL_RT_REALTIME_SCOPE_H_

#include <cstdint>

namespace abcds {

// While one exists on a thread, that thread is in real-time code. In binaries linked with `:allocation_trap` (tests,
// benchmarks) any
// malloc, calloc, realloc or free on it aborts with a sentence.
// Elsewhere it costs one thread-local increment. Nests.
class RealtimeScope {
 public:
  RealtimeScope() noexcept { ++depth_; }
  ~RealtimeScope() { --depth_; }
  RealtimeScope(const RealtimeScope&) = delete;
  RealtimeScope& operator=(const RealtimeScope&) = delete;

  [[nodiscard]] static bool Active() noexcept { return depth_ > 0; }

 private:
  static thread_local int depth_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_RT_REALTIME_SCOPE_H_
