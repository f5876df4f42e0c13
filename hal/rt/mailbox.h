// Mailbox: hands the newest value across the real-time border.
#ifndef ABCDS_HAL_RT_MAILBOX_H_
#define ABCDS_HAL_RT_MAILBOX_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace abcds {

// Hands the newest value from one writer thread to one reader thread. Both sides are wait-free, so a preempted reader
// cannot hold up the writer nor the other way round; values in between are lost.
//
// Three slots: the writer owns one, the reader owns one, the third lies in the middle and is exchanged. Not a seqlock:
// its reader spins while the writer is preempted, which on one core can hang a real-time reader.
template <class T>
class Mailbox {
  static_assert(std::is_trivially_copyable_v<T>, "copied by the real-time thread");

 public:
  explicit Mailbox(const T& initial) : slots_{initial, initial, initial} {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Writer thread only.
  void Publish(const T& value) noexcept {
    slots_[writing_] = value;
    writing_ = middle_.exchange(static_cast<uint8_t>(writing_ | kFresh), std::memory_order_acq_rel) & kIndex;
  }

  // Reader thread only; the reference is valid until the next Latest().
  const T& Latest() noexcept {
    if (middle_.load(std::memory_order_relaxed) & kFresh) {
      reading_ = middle_.exchange(reading_, std::memory_order_acq_rel) & kIndex;
    }
    return slots_[reading_];
  }

 private:
  static constexpr uint8_t kIndex = 3;
  static constexpr uint8_t kFresh = 4;  // the middle slot has not been read yet

  std::array<T, 3> slots_;
  alignas(64) std::atomic<uint8_t> middle_{1};
  alignas(64) uint8_t writing_ = 0;
  alignas(64) uint8_t reading_ = 2;
};

}  // namespace abcds

#endif  // ABCDS_HAL_RT_MAILBOX_H_
