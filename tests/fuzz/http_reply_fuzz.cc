// HTTP servers that answer anything: the real connection, over loopback. Its client waits for the next input, which a
// device never may.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "hal/transport/http_connection.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds {
namespace {

// Answers each connection with the bytes that are set, and closes it.
class Server {
 public:
  Server() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    ABCDS_CHECK(bind(listener_, any, size) == 0 && listen(listener_, 8) == 0);
    ABCDS_CHECK(getsockname(listener_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
    std::thread([this] { Run(); }).detach();
  }

  [[nodiscard]] int port() const { return port_; }
  void Say(std::string bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ = std::move(bytes);
  }

 private:
  void Run() {
    for (;;) {
      const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) continue;
      char request[2048];
      static_cast<void>(recv(peer, request, sizeof request, 0));
      std::string bytes;
      {
        const std::lock_guard lock(mutex_);
        bytes = bytes_;
      }
      static_cast<void>(send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      shutdown(peer, SHUT_WR);
      // Until the client has closed too: a reset would take away what it has not read yet.
      while (recv(peer, request, sizeof request, 0) > 0) {
      }
      close(peer);
    }
  }

  const int listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::string bytes_;
};

struct Heard {
  HttpFault fault = HttpFault::kLost;
  int status = 0;
  std::string body;
  Nanoseconds retry_after{0};
};

class Asker final : public HttpClient {
 public:
  HttpRequest NextRequest() noexcept override {
    std::unique_lock lock(mutex_);
    wanted_.wait(lock, [this] { return pending_; });
    return {.due = MonotonicTime::min(), .path = "/status"};
  }
  void OnReply(const HttpReply& reply, MonotonicTime /*now*/) noexcept override {
    const std::lock_guard lock(mutex_);
    heard_ = {reply.fault, reply.status, std::string(reply.body), reply.retry_after};
    pending_ = false;
    answered_.notify_one();
  }

  Heard Ask() {
    std::unique_lock lock(mutex_);
    pending_ = true;
    wanted_.notify_one();
    answered_.wait(lock, [this] { return !pending_; });
    return heard_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::condition_variable answered_;
  bool pending_ = false;
  Heard heard_;
};

struct Bench {
  Server server;
  Asker asker;
  HttpConnection connection{
      {.host = "127.0.0.1", .port = server.port(), .auth = HttpAuth::kDigest, .user = "u", .password = "p"}, asker};
};

Bench& TheBench() {
  // For the life of the process: its threads never end.
  static Bench* const bench = [] {
    auto* const made = new Bench;
    made->connection.Start();
    return made;
  }();
  return *bench;
}

}  // namespace
}  // namespace abcds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  Bench& bench = TheBench();
  bench.server.Say(std::string(data, data + size));
  const Heard heard = bench.asker.Ask();
  ABCDS_CHECK(heard.body.size() <= HttpTransfer::kLargestBody && heard.body.size() <= size * 2);
  ABCDS_CHECK(heard.retry_after >= Nanoseconds(0) && heard.retry_after <= std::chrono::minutes(1));
  ABCDS_CHECK((heard.fault == HttpFault::kNone) == (heard.status == 200));
  if (heard.status != 0) ABCDS_CHECK(HttpFaultOfStatus(heard.status) == heard.fault);
  if (heard.status == 0) ABCDS_CHECK(heard.body.empty());
  ABCDS_CHECK(HttpFaultText(heard.fault) != nullptr);
  return 0;
}
