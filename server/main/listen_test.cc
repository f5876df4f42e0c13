#include "server/main/listen.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace abcds {
namespace {

using testing::HasSubstr;

// A listener on a free loopback port.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    socklen_t length = sizeof address;
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(fd_); }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  int port_ = 0;
};

TEST(CheckCanListenTest, AFreePortIsFineAndStaysFree) {
  std::string address;
  {
    const Listener listener;
    address = listener.address();
  }
  EXPECT_TRUE(CheckCanListen("services.grpc_listen", address).ok());
  EXPECT_TRUE(CheckCanListen("services.grpc_listen", address).ok());
  EXPECT_TRUE(CheckCanListen("services.grpc_listen", "localhost:0").ok());
}

TEST(CheckCanListenTest, APortInUseIsNamedWithItsField) {
  const Listener listener;
  const absl::Status status = CheckCanListen("services.grpc_listen", listener.address());
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr(listener.address() + " is in use by another program"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("services.grpc_listen"));
}

TEST(CheckCanListenTest, AnAddressThatIsNotOursIsSaid) {
  EXPECT_THAT(std::string(CheckCanListen("services.grpc_listen", "192.0.2.1:9105").message()),
              HasSubstr("cannot listen on 192.0.2.1:9105: "));
  EXPECT_FALSE(CheckCanListen("services.grpc_listen", "127.0.0.1").ok());
  EXPECT_FALSE(CheckCanListen("services.grpc_listen", "127.0.0.1:http").ok());
}

}  // namespace
}  // namespace abcds
