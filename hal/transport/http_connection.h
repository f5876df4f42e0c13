// Exchanges with one HTTP server, one after the other.
#ifndef ABCDS_HAL_TRANSPORT_HTTP_CONNECTION_H_
#define ABCDS_HAL_TRANSPORT_HTTP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "hal/transport/http_exchange.h"
#include "hal/units/time.h"

namespace abcds {

enum class HttpAuth : uint8_t {
  kNone,
  kBasic,   // sent with the first request: no extra round trip
  kDigest,  // SHA-256 or MD5, as the server asks; from libcurl 8.1 on a nonce is used until the server calls it stale
};

struct HttpOptions {
  std::string host;  // name or address
  int port = 80;
  HttpAuth auth = HttpAuth::kNone;
  std::string user;
  std::string password;
  bool keep_alive = false;  // false: one connection per exchange, as small devices want it

  Nanoseconds connect_timeout = std::chrono::milliseconds(800);
  Nanoseconds first_byte_timeout = std::chrono::milliseconds(1500);  // after the request
  Nanoseconds deadline = std::chrono::milliseconds(2500);            // of the whole exchange
  // In place of the connect timeout while the name is looked up, and added to the deadline then.
  Nanoseconds lookup_timeout = std::chrono::seconds(10);
};

// Only ever grow.
struct HttpCounters {
  uint64_t requests = 0;
  uint64_t replies = 0;      // complete, whatever their status
  uint64_t connections = 0;  // opened
  uint64_t lookups = 0;      // of the name
};

// HTTP/1.1 GET by libcurl in one ordinary thread. Absolute deadlines, bounded headers and body, no redirects, no proxy,
// no compression. The name is looked up once; after failures again, at most once a minute, and the last good address
// stays in use while the name server is away.
class HttpConnection {
 public:
  static constexpr size_t kLargestBody = 64 * 1024;
  static constexpr size_t kLargestHeaders = 16 * 1024;
  static constexpr int kMostHeaders = 64;

  // `client` must live until Stop() has returned.
  HttpConnection(HttpOptions options, HttpClient& client);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Returns at once.
  void Start();
  // The client is called no more once this has returned; at most 2 s. Idempotent; not from the client.
  void Stop();

  // Any thread.
  [[nodiscard]] HttpCounters Counters() const;

 private:
  class Worker;

  // Shared with the thread: one that is stuck in the library is left behind and must find its data when it wakes.
  std::shared_ptr<Worker> worker_;
  std::thread thread_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_HTTP_CONNECTION_H_
