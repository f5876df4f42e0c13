// What the messages of all devices that are asked over HTTP have in common: host, port, user, password, password_file.
#ifndef ABCDS_SERVER_DEVICES_HTTP_LOGIN_H_
#define ABCDS_SERVER_DEVICES_HTTP_LOGIN_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"
#include "server/config/scope.h"
#include "server/devices/password_file.h"

namespace abcds {

// `scope` is at the device's message.
template <class Options>
void CheckHttpLogin(const Options& options, const Scope& scope) {
  if (options.host().find_first_of("/ \t\"@") != std::string::npos) {
    scope.Add(Field(options, Options::kHostFieldNumber),
              absl::StrCat("= \"", options.host(),
                           "\" must be a plain host name or address; port, user and password have their own fields"));
  }
  if (options.has_password() && options.has_password_file()) {
    scope.Add(Field(options, Options::kPasswordFileFieldNumber), "and password are both given; only one can be");
  }
  if (options.has_password_file() && !absl::StartsWith(options.password_file(), "/")) {
    scope.Add(Field(options, Options::kPasswordFileFieldNumber), "must be a full path");
  }
}

// Fills a driver's host, port, user and password; reads the password's file.
template <class Options, class Server>
absl::Status ReadHttpLogin(const Options& options, Server& server) {
  server.host = options.host();
  server.port = static_cast<int>(NumberInForce(options, Options::kPortFieldNumber));
  server.user = options.user();
  server.password = options.password();
  if (!options.has_password_file()) return absl::OkStatus();
  auto password = ReadPasswordFile(options.password_file());
  if (!password.ok()) return password.status();
  server.password = *std::move(password);
  return absl::OkStatus();
}

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_HTTP_LOGIN_H_
