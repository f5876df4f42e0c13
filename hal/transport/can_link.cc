#include "hal/transport/can_link.h"

#include <libsocketcan.h>
#include <linux/capability.h>
#include <linux/types.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace abcds {
namespace {

constexpr unsigned kRestartMs = 100;

absl::StatusOr<ifreq> RequestFor(const std::string& interface) {
  ifreq request{};
  if (interface.empty() || interface.size() >= sizeof(request.ifr_name)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", interface, "\" is no name of a network interface"));
  }
  std::memcpy(request.ifr_name, interface.c_str(), interface.size() + 1);
  return request;
}

// vcan and what slcand makes: no controller whose bit rate the kernel could set.
bool IsVirtual(const std::string& interface) {
  std::array<char, PATH_MAX> path;
  if (realpath(absl::StrCat("/sys/class/net/", interface).c_str(), path.data()) == nullptr) return false;
  return std::strstr(path.data(), "/devices/virtual/") != nullptr;
}

// libsocketcan prints to the terminal when it is refused: it is only asked for what may succeed.
bool MayAdministrateNetworks() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN)) != 0;
}

}  // namespace

absl::StatusOr<CanLinkState> ReadCanLink(int socket, const std::string& interface) {
  absl::StatusOr<ifreq> request = RequestFor(interface);
  if (!request.ok()) return request.status();
  CanLinkState state;
  if (ioctl(socket, SIOCGIFINDEX, &*request) != 0) {
    return absl::NotFoundError(
        absl::StrCat("there is no interface ", interface, ": is the CAN adapter plugged in and its driver loaded?"));
  }
  state.index = request->ifr_ifindex;
  if (ioctl(socket, SIOCGIFHWADDR, &*request) != 0 || request->ifr_hwaddr.sa_family != ARPHRD_CAN) {
    return absl::InvalidArgumentError(absl::StrCat(interface, " is no CAN interface"));
  }
  if (ioctl(socket, SIOCGIFFLAGS, &*request) != 0) {
    return absl::NotFoundError(absl::StrCat("there is no interface ", interface, " any more"));
  }
  state.up = (request->ifr_flags & IFF_UP) != 0;
  state.running = (request->ifr_flags & IFF_RUNNING) != 0;
  return state;
}

absl::Status BringUpCanLink(const std::string& interface, int bitrate) {
  if (!MayAdministrateNetworks()) {
    return absl::PermissionDeniedError(absl::StrCat(interface, " is down, and this process may not bring it up",
                                                    " (CAP_NET_ADMIN): as root, ", BringUpCommand(interface, bitrate)));
  }
  const char* const name = interface.c_str();
  if (!IsVirtual(interface) && can_set_bitrate(name, static_cast<__u32>(bitrate)) != 0) {
    return absl::UnavailableError(absl::StrCat(interface, " does not take ", bitrate, " bit/s: try ",
                                               BringUpCommand(interface, bitrate), " and read what it says"));
  }
  // Not every controller has a restart time; those without one are restarted by hand.
  if (!IsVirtual(interface)) can_set_restart_ms(name, kRestartMs);
  if (can_do_start(name) != 0) {
    return absl::UnavailableError(absl::StrCat(interface, " does not come up: try ", BringUpCommand(interface, bitrate),
                                               " and read what it says"));
  }
  return absl::OkStatus();
}

bool RestartCanController(const std::string& interface) {
  if (!MayAdministrateNetworks() || IsVirtual(interface)) return false;
  __u32 restart_ms = 0;
  if (can_get_restart_ms(interface.c_str(), &restart_ms) != 0 || restart_ms != 0) return false;
  return can_do_restart(interface.c_str()) == 0;
}

std::string BringUpCommand(const std::string& interface, int bitrate) {
  if (IsVirtual(interface)) return absl::StrCat("ip link set ", interface, " up");
  return absl::StrCat("ip link set ", interface, " up type can bitrate ", bitrate, " restart-ms ", kRestartMs);
}

}  // namespace abcds
