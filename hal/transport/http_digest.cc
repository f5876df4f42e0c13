#include "hal/transport/http_digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace abcds {
namespace {

std::string Hex(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

// A character of a token by RFC 9110, 5.6.2. Base64 in a nonce without quotes is more than a token and is taken as
// well.
bool IsTokenCharacter(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\"(),;<>@[\\]{}").find(c) == std::string_view::npos;
}

// Walks over a header's value. Commas and '=' inside quotes are text; so is every '=' behind the first.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void SkipBlanks() { Skip(" \t"); }
  void SkipSeparators() { Skip(" \t,"); }
  [[nodiscard]] bool at_end() const { return text_.empty(); }
  [[nodiscard]] bool Eat(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Up to a '=', for names.
  std::string Name() {
    const size_t size = static_cast<size_t>(
        std::find_if_not(text_.begin(), text_.end(), [](char c) { return c != '=' && IsTokenCharacter(c); }) -
        text_.begin());
    return Taken(size);
  }
  // Quoted or bare; none where a quote is never closed.
  std::optional<std::string> Value() {
    if (!Eat('"')) {
      return Taken(static_cast<size_t>(std::find_if_not(text_.begin(), text_.end(), IsTokenCharacter) - text_.begin()));
    }
    std::string value;
    while (!text_.empty()) {
      char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') return value;
      if (c == '\\' && !text_.empty()) {
        c = text_.front();
        text_.remove_prefix(1);
      }
      value.push_back(c);
    }
    return std::nullopt;
  }
  void SkipOne() {
    if (!text_.empty()) text_.remove_prefix(1);
  }

 private:
  void Skip(std::string_view what) { text_.remove_prefix(std::min(text_.find_first_not_of(what), text_.size())); }
  std::string Taken(size_t size) {
    const std::string taken(text_.substr(0, size));
    text_.remove_prefix(size);
    return taken;
  }

  std::string_view text_;
};

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

// "auth,auth-int" and the like.
bool OffersAuth(const std::string& qop) {
  Scanner scanner(qop);
  while (!scanner.at_end()) {
    scanner.SkipSeparators();
    const std::string word = scanner.Name();
    if (absl::EqualsIgnoreCase(word, "auth")) return true;
    if (word.empty()) scanner.SkipOne();
  }
  return false;
}

}  // namespace

std::vector<HttpDigest::Challenge> HttpDigest::Parse(std::string_view value) {
  std::vector<Challenge> challenges;
  Challenge current;
  bool digest = false;     // `current` is one
  bool answerable = true;  // nothing in it is beyond us
  const auto finish = [&] {
    if (digest && answerable && !current.nonce.empty()) challenges.push_back(current);
    current = Challenge();
    answerable = true;
  };
  Scanner scanner(value);
  while (true) {
    scanner.SkipSeparators();
    if (scanner.at_end()) break;
    const std::string name = absl::AsciiStrToLower(scanner.Name());
    if (name.empty()) {
      scanner.SkipOne();
      continue;
    }
    scanner.SkipBlanks();
    if (!scanner.Eat('=')) {  // a scheme, which begins another challenge
      finish();
      digest = name == "digest";
      continue;
    }
    scanner.SkipBlanks();
    const std::optional<std::string> text = scanner.Value();
    if (!text.has_value()) return challenges;
    if (name == "realm") {
      current.realm = *text;
    } else if (name == "nonce") {
      current.nonce = *text;
    } else if (name == "opaque") {
      current.opaque = *text;
      current.has_opaque = true;
    } else if (name == "qop") {
      current.has_qop = true;
      answerable = answerable && OffersAuth(*text);
    } else if (name == "algorithm") {
      current.has_algorithm = true;
      const bool sha256 = absl::EqualsIgnoreCase(*text, "SHA-256");
      current.algorithm = sha256 ? Algorithm::kSha256 : Algorithm::kMd5;
      answerable = answerable && (sha256 || absl::EqualsIgnoreCase(*text, "MD5"));
    }
  }
  finish();
  return challenges;
}

bool HttpDigest::Take(const std::vector<std::string>& challenges) {
  std::optional<Challenge> best;
  for (const std::string& value : challenges) {
    for (const Challenge& challenge : Parse(value)) {
      if (!best || challenge.algorithm > best->algorithm) best = challenge;
    }
  }
  if (!best) return false;
  if (best->nonce != challenge_.nonce) count_ = 0;
  challenge_ = *best;
  return true;
}

std::string HttpDigest::Hash(std::string_view text) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const EVP_MD* const algorithm = challenge_.algorithm == Algorithm::kSha256 ? EVP_sha256() : EVP_md5();
  // Fails where the system's policy forbids MD5: the login is then refused, as with a wrong password.
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, algorithm, nullptr) != 1) size = 0;
  return Hex(digest.data(), size);
}

std::string HttpDigest::Sign(std::string_view method, std::string_view uri, std::string_view cnonce) {
  // A server takes the first use of a nonce with 1 only, and then only larger ones.
  const std::string count = absl::StrFormat("%08x", ++count_);
  const std::string who = Hash(absl::StrCat(user_, ":", challenge_.realm, ":", password_));
  const std::string what = Hash(absl::StrCat(std::string(method), ":", std::string(uri)));
  const std::string between =
      challenge_.has_qop ? absl::StrCat(":", count, ":", std::string(cnonce), ":auth") : std::string();
  const std::string response = Hash(absl::StrCat(who, ":", challenge_.nonce, between, ":", what));
  std::string value = absl::StrCat("Digest username=", Quoted(user_), ", realm=", Quoted(challenge_.realm),
                                   ", nonce=", Quoted(challenge_.nonce), ", uri=", Quoted(uri));
  if (challenge_.has_algorithm) {
    absl::StrAppend(&value, ", algorithm=", challenge_.algorithm == Algorithm::kSha256 ? "SHA-256" : "MD5");
  }
  if (challenge_.has_qop) {
    absl::StrAppend(&value, ", qop=auth, nc=", count, ", cnonce=", Quoted(cnonce));
  }
  absl::StrAppend(&value, ", response=", Quoted(response));
  if (challenge_.has_opaque) absl::StrAppend(&value, ", opaque=", Quoted(challenge_.opaque));
  return value;
}

std::string RandomCnonce() {
  std::array<unsigned char, 8> bytes{};
  // It need not be secret, only not the same as an attacker's choice: without random bytes the login still works.
  static_cast<void>(RAND_bytes(bytes.data(), bytes.size()));
  return Hex(bytes.data(), bytes.size());
}

}  // namespace abcds
