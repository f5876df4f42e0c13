// HTTP exchanges as a transport.
#ifndef ABCDS_HAL_TRANSPORT_HTTP_EXCHANGE_H_
#define ABCDS_HAL_TRANSPORT_HTTP_EXCHANGE_H_

#include <cstdint>
#include <string_view>

#include "hal/units/time.h"

namespace abcds {

// Why an exchange brought no data. The causes need different people, so each is a class of its own.
enum class [[nodiscard]] HttpFault : uint8_t{
    kNone,          // a complete reply with status 200
    kUnresolved,    // the name has no address
    kNoConnection,  // refused, or no way there
    kTimeout,       // not complete in time, a dripping reply included
    kLost,          // the connection ended before the reply was complete
    kTooLarge,      // more headers or body than any device sends
    kProtocol,      // not HTTP
    kRedirect,      // 3xx: a login page, a captive portal, or a switch to https; never followed
    kAuth,          // 401
    kForbidden,     // 403
    kNotFound,      // 404
    kThrottled,     // 429
    kServer,        // 5xx
    kStatus,        // any other status
    kCount,
};

// Lower-case name for counters and metrics: "no_connection". Static.
[[nodiscard]] const char* HttpFaultName(HttpFault fault) noexcept;
// What it means and what to do, to stand behind the name of the device: "refuses the connection…". Static.
[[nodiscard]] const char* HttpFaultText(HttpFault fault) noexcept;
// Whether the device has said nothing that we could read.
[[nodiscard]] constexpr bool IsSilence(HttpFault fault) noexcept {
  return fault != HttpFault::kNone && fault < HttpFault::kRedirect;
}
[[nodiscard]] constexpr bool IsLoginRefused(HttpFault fault) noexcept {
  return fault == HttpFault::kAuth || fault == HttpFault::kForbidden;
}
// The class of a reply's status; kNone for 200.
HttpFault HttpFaultOfStatus(int status) noexcept;

struct HttpRequest {
  MonotonicTime due = MonotonicTime::max();  // never earlier
  const char* path = "/";                    // with query, percent-encoded; lives as long as the client
};

struct HttpReply {
  HttpFault fault = HttpFault::kLost;
  int status = 0;              // 0: no reply came
  std::string_view body;       // of a refusal, too; gone when the call returns
  Nanoseconds retry_after{0};  // what the server asked for, at most a minute; 0: nothing
};

// What asks a server, one exchange after the other. All calls come from the connection's one thread; none may block,
// nor call the connection.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // The next exchange; asked again after each reply and each OnTime.
  virtual HttpRequest NextRequest() noexcept = 0;
  // How the exchange ended; `now` is the moment of arrival.
  virtual void OnReply(const HttpReply& reply, MonotonicTime now) noexcept = 0;

  // For clients that judge silence: OnTime is called at NextDue(), also while an exchange is under way.
  virtual MonotonicTime NextDue() noexcept { return MonotonicTime::max(); }
  virtual void OnTime(MonotonicTime /*now*/) noexcept {}

  // For clients that have something more urgent: asked while an exchange is under way, after each Wake() at the latest.
  // True ends it without OnReply; what the server makes of it stays unknown. NextRequest is asked again.
  virtual bool Abandons() noexcept { return false; }
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_HTTP_EXCHANGE_H_
