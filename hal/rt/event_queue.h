// EventQueue: hands every event, in order, across the real-time border, and counts those it had to drop.
#ifndef ABCDS_HAL_RT_EVENT_QUEUE_H_
#define ABCDS_HAL_RT_EVENT_QUEUE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace abcds {

// Bounded queue from one writer thread to one reader thread, both wait-free. When it is full the new event is dropped
// and counted: what is already queued is older and explains what came after.
template <class T, size_t kCapacity>
class EventQueue {
  static_assert(std::is_trivially_copyable_v<T>, "copied by the real-time thread");
  static_assert((kCapacity & (kCapacity - 1)) == 0, "a power of two keeps the index arithmetic right at wrap-around");

 public:
  EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // Writer thread only.
  void Push(const T& event) noexcept {
    const size_t end = end_.load(std::memory_order_relaxed);
    if (end - begin_.load(std::memory_order_acquire) == kCapacity) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    events_[end % kCapacity] = event;
    end_.store(end + 1, std::memory_order_release);
  }

  // Reader thread only. False when there is none; `event` is then untouched.
  [[nodiscard]] bool Pop(T& event) noexcept {
    const size_t begin = begin_.load(std::memory_order_relaxed);
    if (begin == end_.load(std::memory_order_acquire)) return false;
    event = events_[begin % kCapacity];
    begin_.store(begin + 1, std::memory_order_release);
    return true;
  }

  // Any thread. Events lost since the start.
  [[nodiscard]] uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  std::array<T, kCapacity> events_{};
  alignas(64) std::atomic<size_t> begin_{0};
  alignas(64) std::atomic<size_t> end_{0};
  alignas(64) std::atomic<uint64_t> dropped_{0};
};

}  // namespace abcds

#endif  // ABCDS_HAL_RT_EVENT_QUEUE_H_
