// The imagined wire between a device's driver and the house.
#ifndef ABCDS_HAL_DRIVERS_HOUSE_LINK_H_
#define ABCDS_HAL_DRIVERS_HOUSE_LINK_H_

#include <atomic>

namespace abcds::house {

// A wire that can be cut, so that what the rest of the system does about it can be seen. Any thread.
class Link {
 public:
  void Cut(bool cut) noexcept { cut_.store(cut); }
  [[nodiscard]] bool IsCut() const noexcept { return cut_.load(); }

 private:
  std::atomic<bool> cut_{false};
};

}  // namespace abcds::house

#endif  // ABCDS_HAL_DRIVERS_HOUSE_LINK_H_
