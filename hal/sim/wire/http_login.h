// The login of a small HTTP server.
#ifndef ABCDS_HAL_SIM_WIRE_HTTP_LOGIN_H_
#define ABCDS_HAL_SIM_WIRE_HTTP_LOGIN_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace abcds::sim {

// Sources: RFC 7617 (basic), RFC 7616 (digest with SHA-256 and qop=auth). Not thread-safe.
class HttpLogin {
 public:
  enum class Kind : uint8_t { kNone, kBasic, kDigest };

  HttpLogin() = default;
  HttpLogin(Kind kind, std::string user, std::string password)
      : kind_(kind), user_(std::move(user)), password_(std::move(password)) {}

  // `authorization` is the header's value, empty where there is none.
  [[nodiscard]] bool Accepts(std::string_view authorization, std::string_view method, std::string_view target);
  // The value for WWW-Authenticate after a refusal; empty: none (basic, as a Shelly of generation 1 does).
  [[nodiscard]] std::string Challenge();
  // The present nonce is old from now on.
  void Expire() { ++nonce_number_; }

 private:
  [[nodiscard]] std::string Nonce() const { return "6a7f00" + std::to_string(nonce_number_); }
  [[nodiscard]] bool AcceptsDigest(std::map<std::string, std::string> fields, std::string_view method,
                                   std::string_view target);

  Kind kind_ = Kind::kNone;
  std::string user_;
  std::string password_;
  int nonce_number_ = 1;
  bool stale_ = false;
  std::string last_nonce_;
  std::string last_count_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_HTTP_LOGIN_H_
