#include "hal/sim/wire/loopback_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <random>

#include "hal/transport/owned_fd.h"

namespace abcds::sim {
namespace {

// Below 32768, where Linux begins to hand them out.
constexpr unsigned kFirst = 16'000;
constexpr unsigned kCount = 16'000;
constexpr int kAttempts = 1000;

}  // namespace

int FreeLoopbackPort() {
  std::random_device random;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const unsigned port = kFirst + random() % kCount;
    const OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
      return static_cast<int>(port);
  }
  return 0;  // whoever listens there says why not
}

}  // namespace abcds::sim
