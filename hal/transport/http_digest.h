// The client's half of HTTP's digest login.
#ifndef ABCDS_HAL_TRANSPORT_HTTP_DIGEST_H_
#define ABCDS_HAL_TRANSPORT_HTTP_DIGEST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace abcds {

// Source: RFC 7616 with SHA-256 and MD5, qop "auth"; a server without qop as in RFC 2069. A nonce that the server gave
// is used again and again, each time with a count one higher: no challenge, and no further connection, per request. Not
// done by libcurl, because there only a handle that lives on can do it (http_transfer.cc says why it may not), and
// because devices hold a table of 32 nonces and refuse whoever asks for more. One thread at a time.
class HttpDigest {
 public:
  HttpDigest(std::string user, std::string password) : user_(std::move(user)), password_(std::move(password)) {}

  // Takes up the strongest challenge among the values of the reply's WWW-Authenticate headers. False, and nothing has
  // changed, where none of them can be answered.
  [[nodiscard]] bool Take(const std::vector<std::string>& challenges);

  // Whether there is a nonce to sign with.
  [[nodiscard]] bool ready() const { return !challenge_.nonce.empty(); }

  // The value of Authorization for the next request; only when ready(). `uri` exactly as in the request line; `cnonce`
  // random, of characters that need no quoting.
  [[nodiscard]] std::string Sign(std::string_view method, std::string_view uri, std::string_view cnonce);

 private:
  enum class Algorithm : uint8_t { kMd5, kSha256 };

  struct Challenge {
    std::string realm;
    std::string nonce;
    std::string opaque;
    bool has_opaque = false;
    bool has_qop = false;
    bool has_algorithm = false;
    Algorithm algorithm = Algorithm::kMd5;
  };

  // The challenges of one header value, as far as they can be answered.
  [[nodiscard]] static std::vector<Challenge> Parse(std::string_view value);
  [[nodiscard]] std::string Hash(std::string_view text) const;

  const std::string user_;
  const std::string password_;
  Challenge challenge_;
  uint32_t count_ = 0;  // uses of its nonce
};

// A cnonce: 16 random hexadecimal digits.
[[nodiscard]] std::string RandomCnonce();

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_HTTP_DIGEST_H_
