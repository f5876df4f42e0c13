#include <arpa/inet.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"

namespace abcds {

using v1::Services;

namespace {

bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

// Returns the port; 0 where the service is off or its address is wrong.
int CheckListen(const Services& services, int number, const Scope& scope) {
  const std::string address = TextInForce(services, number);
  if (address.empty()) return 0;
  std::string host;
  int port = 0;
  if (!SplitHostPort(address, host, port)) {
    scope.Add(Field(services, number),
              absl::StrCat("= \"", address, "\" must be \"address:port\" with a port in [1, 65535], or \"\" for off"));
    return 0;
  }
  if (!IsLoopback(host)) {
    scope.Add(Field(services, number),
              absl::StrCat("= \"", address,
                           "\" is reachable by others, and this version protects nothing beyond loopback: "
                           "only 127.0.0.0/8, localhost and [::1]; from elsewhere use an SSH tunnel"));
  }
  return port;
}

}  // namespace

void CheckServices(const v1::Config& config, const Scope& root) {
  const Services& services = config.services();
  const Scope scope = root.Nested(Field(config, v1::Config::kServicesFieldNumber));
  const int grpc_port = CheckListen(services, Services::kGrpcListenFieldNumber, scope);
  const int metrics_port = CheckListen(services, Services::kMetricsListenFieldNumber, scope);
  if (grpc_port != 0 && grpc_port == metrics_port) {
    const int blamed =
        services.has_metrics_listen() ? Services::kMetricsListenFieldNumber : Services::kGrpcListenFieldNumber;
    scope.Add(Field(services, blamed), absl::StrCat("uses port ", grpc_port, ", which the other service has"));
  }
}

}  // namespace abcds
