#include "server/main/listen.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"

namespace abcds {
namespace {

// 0 or errno.
int TryToBind(const addrinfo& address) {
  const int fd = socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return errno;
  // As the servers do: connections of a former daemon that linger are no obstacle.
  const int reuse = 1;
  int error = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0 ? 0 : errno;
  if (error == 0 && (bind(fd, address.ai_addr, address.ai_addrlen) != 0 || listen(fd, 1) != 0)) error = errno;
  close(fd);
  return error;
}

}  // namespace

absl::Status CheckCanListen(const std::string& field, const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos)
    return absl::InvalidArgumentError(absl::StrCat(field, ": \"", listen, "\" has no port"));
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_family = host == "localhost" ? AF_INET : AF_UNSPEC;  // ::1 may be missing; the servers do without it
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), listen.substr(colon + 1).c_str(), &hints, &found); error != 0) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": cannot listen on ", listen, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  switch (const int error = TryToBind(*found)) {
    case 0:
      return absl::OkStatus();
    case EADDRINUSE:
      return absl::AlreadyExistsError(absl::StrCat(
          listen, " is in use by another program, maybe another abcdsd; stop that one, or choose another ", field));
    case EACCES:
      return absl::PermissionDeniedError(
          absl::StrCat("may not listen on ", listen, "; choose a port above 1023 for ", field));
    default:
      return absl::UnavailableError(absl::StrCat(field, ": cannot listen on ", listen, ": ", strerror(error)));
  }
}

}  // namespace abcds
