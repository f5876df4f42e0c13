#include "hal/transport/http_exchange.h"

namespace abcds {

const char* HttpFaultName(HttpFault fault) noexcept {
  switch (fault) {
    case HttpFault::kNone:
      return "none";
    case HttpFault::kUnresolved:
      return "unresolved";
    case HttpFault::kNoConnection:
      return "no_connection";
    case HttpFault::kTimeout:
      return "timeout";
    case HttpFault::kLost:
      return "lost";
    case HttpFault::kTooLarge:
      return "too_large";
    case HttpFault::kProtocol:
      return "protocol";
    case HttpFault::kRedirect:
      return "redirect";
    case HttpFault::kAuth:
      return "auth";
    case HttpFault::kForbidden:
      return "forbidden";
    case HttpFault::kNotFound:
      return "not_found";
    case HttpFault::kThrottled:
      return "throttled";
    case HttpFault::kServer:
      return "server";
    case HttpFault::kStatus:
      return "status";
    case HttpFault::kCount:
      break;
  }
  return "unknown";
}

const char* HttpFaultText(HttpFault fault) noexcept {
  switch (fault) {
    case HttpFault::kNone:
      return "answers";
    case HttpFault::kUnresolved:
      return "cannot be found: its name has no address; check it, and the network";
    case HttpFault::kNoConnection:
      return "takes no connection: is it switched on, in this network, and the port right?";
    case HttpFault::kTimeout:
      return "does not answer in time: is it switched on, and its radio link good?";
    case HttpFault::kLost:
      return "ends the connection before its reply is complete";
    case HttpFault::kTooLarge:
      return "sends more than any such device: is it the right address?";
    case HttpFault::kProtocol:
      return "does not speak HTTP: is the port right?";
    case HttpFault::kRedirect:
      return "sends us elsewhere (a login page, or https): redirects are not followed; check the address";
    case HttpFault::kAuth:
      return "refuses user name or password, or wants them and none are set: check both in the configuration";
    case HttpFault::kForbidden:
      return "forbids the request: check its access rules, it may have locked this address out";
    case HttpFault::kNotFound:
      return "does not know the request: is it the configured model?";
    case HttpFault::kThrottled:
      return "is asked too often: raise interval_s, or stop its other clients";
    case HttpFault::kServer:
      return "reports an internal error";
    case HttpFault::kStatus:
      return "answers with an unexpected HTTP status";
    case HttpFault::kCount:
      break;
  }
  return "fails for an unknown reason";
}

HttpFault HttpFaultOfStatus(int status) noexcept {
  switch (status) {
    case 200:
      return HttpFault::kNone;
    case 401:
      return HttpFault::kAuth;
    case 403:
      return HttpFault::kForbidden;
    case 404:
      return HttpFault::kNotFound;
    case 429:
      return HttpFault::kThrottled;
    default:
      if (status >= 300 && status < 400) return HttpFault::kRedirect;
      if (status >= 500 && status < 600) return HttpFault::kServer;
      return HttpFault::kStatus;
  }
}

}  // namespace abcds
