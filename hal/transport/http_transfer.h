// One exchange with an HTTP server, on the caller's thread.
#ifndef ABCDS_HAL_TRANSPORT_HTTP_TRANSFER_H_
#define ABCDS_HAL_TRANSPORT_HTTP_TRANSFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "hal/transport/http_exchange.h"
#include "hal/units/time.h"

namespace abcds {

enum class HttpAuth : uint8_t {
  kNone,
  kBasic,   // sent with the first request: no extra round trip
  kDigest,  // http_digest.h: a nonce is used until the server wants another one
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
  uint64_t challenges = 0;   // digest logins that the server wanted (anew)
};

// HTTP/1.1 GET by libcurl. Absolute deadlines, bounded headers and body, no redirects, no proxy, no compression. The
// name is looked up once; after failures again, at most once a minute, and the last good address stays in use while the
// name server is away. One thread at a time.
class HttpTransfer {
 public:
  static constexpr size_t kLargestBody = 64 * 1024;
  static constexpr size_t kLargestHeaders = 16 * 1024;
  static constexpr int kMostHeaders = 64;

  // What goes on beside an exchange, on the same thread.
  class Side {
   public:
    virtual ~Side() = default;
    // Called now and then, at NextDue(), and when fd() is readable; false ends the exchange (as kLost).
    [[nodiscard]] virtual bool GoesOn() noexcept = 0;
    [[nodiscard]] virtual MonotonicTime NextDue() noexcept { return MonotonicTime::max(); }
    [[nodiscard]] virtual int fd() noexcept { return -1; }  // -1: none
  };

  explicit HttpTransfer(HttpOptions options);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // From connecting to the last byte. Where a digest server wants a login (anew), the request is repeated at once,
  // signed: the two rounds are one exchange, and there is never a third. `path` with query, percent-encoded. The
  // reply's body is valid until the next call. Throws where there is no memory.
  [[nodiscard]] HttpReply Run(const char* path, Side& side);

  // Closes what is open.
  void Close();

  // Any thread.
  [[nodiscard]] HttpCounters Counters() const;

 private:
  class Library;

  std::unique_ptr<Library> library_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_HTTP_TRANSFER_H_
