// A small HTTP/1.1 server on loopback, with everything that goes wrong with the servers inside small devices.
#ifndef ABCDS_HAL_SIM_WIRE_HTTP_SERVER_H_
#define ABCDS_HAL_SIM_WIRE_HTTP_SERVER_H_

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "hal/rt/waker.h"
#include "hal/transport/owned_fd.h"
#include "hal/units/time.h"

namespace abcds::sim {

struct HttpServed {
  int status = 200;
  std::string headers;  // further ones, each with its line end
  std::string body;
};

// One request as it came in.
struct HttpAsked {
  MonotonicTime at;
  std::string method;
  std::string target;
  std::string headers;        // all, as sent
  std::string authorization;  // of them, the value of this one
  int connection = 0;         // the how-manieth
};

enum class HttpServerFault : uint8_t {
  kRefuse,        // nobody listens
  kSilent,        // takes the request and says nothing
  kDrip,          // a byte every 200 ms
  kStallHeaders,  // nothing behind the headers
  kStallBody,     // nothing behind half of the body
  kResetEarly,    // reset in place of a reply
  kResetBody,     // reset behind half of the body
  kResetAfter,    // reset behind the complete body
  kLengthLong,    // promises more body than comes
  kLengthShort,   // promises less than it has
  kChunked,       // in chunks; no fault, but another form
  kNoLength,      // the body ends with the connection; no fault either
  kEndlessBody,
  kEndlessHeaders,
  kFoldedHeader,  // the first header line continues one that is not there
  kNotHttp,
  kCount,
};

class HttpServer {
 public:
  // Called on the server's thread.
  using Handler = std::function<HttpServed(const HttpAsked&)>;

  explicit HttpServer(Handler handler) : handler_(std::move(handler)) {}
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Port 0: a free one. Unavailable when it cannot listen.
  [[nodiscard]] absl::Status Start(int port = 0);
  void Stop();
  [[nodiscard]] int port() const { return port_; }

  // Any thread but the handler's, at any time. When it returns, the fault is there for every connection made from then
  // on.
  void SetFault(HttpServerFault fault, bool present);
  [[nodiscard]] std::vector<HttpAsked> Log() const;
  // The most connections that were open at one moment.
  [[nodiscard]] int most_open() const;

 private:
  using Faults = std::array<bool, static_cast<size_t>(HttpServerFault::kCount)>;
  enum class End : uint8_t { kClose, kReset, kHold, kKeep };
  struct Connection {
    [[nodiscard]] bool Has(HttpServerFault fault) const { return faults.at(static_cast<size_t>(fault)); }

    OwnedFd fd;
    int number = 0;
    std::string in;
    std::string out;
    Faults faults{};  // as they were when its request was logged
    bool answering = false;
    bool drip = false;
    bool endless = false;
    End end = End::kClose;
    MonotonicTime next_at = MonotonicTime::min();  // of the next byte of a drip
  };

  void Run() noexcept;
  [[nodiscard]] absl::Status Listen();
  void Accept();
  // False when the connection is over.
  [[nodiscard]] bool Serve(Connection& connection, bool readable);
  [[nodiscard]] bool Receive(Connection& connection);
  [[nodiscard]] bool Send(Connection& connection);
  void Answer(Connection& connection, const HttpAsked& asked);
  void Form(Connection& connection, const HttpServed& served, bool keep);

  const Handler handler_;
  int port_ = 0;
  OwnedFd listener_;
  std::list<Connection> connections_;
  int accepted_ = 0;
  Waker waker_;

  mutable std::mutex mutex_;
  Faults faults_{};
  std::vector<HttpAsked> log_;
  int most_open_ = 0;
  bool stopping_ = false;
  uint64_t wanted_ = 0;    // changes of the faults …
  uint64_t in_force_ = 0;  // … and those that the server's thread has followed
  std::condition_variable followed_;

  std::thread thread_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_HTTP_SERVER_H_
