// A pseudo terminal that stands for a serial cable: the simulator keeps one end, a driver opens the other by a stable
// path.
#ifndef ABCDS_HAL_SIM_WIRE_PTY_H_
#define ABCDS_HAL_SIM_WIRE_PTY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/transport/owned_fd.h"

namespace abcds::sim {

class Pty {
 public:
  // `link` becomes a symbolic link to the terminal (an old link there is replaced, anything else is an error); empty:
  // none, and path() is the kernel's own name.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Pty>> Open(const std::string& link);
  ~Pty();
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;

  // What a driver opens.
  [[nodiscard]] const std::string& path() const { return link_.empty() ? node_ : link_; }
  // The simulator's end: non-blocking, raw. -1 while unplugged.
  [[nodiscard]] int fd() const { return near_.get(); }

  // As pulling a USB adapter: who has the other end open sees it hang up, and the path is gone.
  void Unplug();
  // As plugging it in again: another terminal under the same link.
  [[nodiscard]] absl::Status Plug();

 private:
  explicit Pty(std::string link) : link_(std::move(link)) {}

  const std::string link_;
  std::string node_;
  OwnedFd near_;
  // The simulator holds the far end open as well: a terminal that nobody has open would read as hung up.
  OwnedFd far_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_PTY_H_
