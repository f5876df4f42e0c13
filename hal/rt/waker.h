// Waker: lets the real-time thread wake an ordinary thread that sits in poll().
#ifndef ABCDS_HAL_RT_WAKER_H_
#define ABCDS_HAL_RT_WAKER_H_

#include "hal/units/time.h"

namespace abcds {

// An eventfd. Wake() is one non-blocking system call and may be used by any thread, real-time included; wakes that
// nobody has waited for yet merge into one.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void Wake() noexcept;
  // Ordinary thread: waits for a Wake(), or until `deadline`; true when woken. Swallows all wakes that came before.
  bool WaitUntil(MonotonicTime deadline) noexcept;
  // For a thread that polls other descriptors as well: readable after a Wake(), until Clear().
  [[nodiscard]] int fd() const noexcept { return fd_; }
  void Clear() noexcept;

 private:
  int fd_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_RT_WAKER_H_
