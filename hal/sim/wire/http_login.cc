#include "hal/sim/wire/http_login.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "hal/sim/wire/sha256.h"

namespace abcds::sim {
namespace {

constexpr char kRealm[] = "shelly-simulated";

// key=value and key="value", separated by commas and blanks.
std::map<std::string, std::string> Fields(std::string_view text) {
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    const size_t start = text.find_first_not_of(", ");
    const size_t equals = text.find('=');
    if (start == std::string_view::npos || equals == std::string_view::npos) break;
    const std::string key(text.substr(start, equals - start));
    text.remove_prefix(equals + 1);
    const bool quoted = !text.empty() && text[0] == '"';
    if (quoted) text.remove_prefix(1);
    const size_t end = std::min(text.find_first_of(quoted ? "\"" : ", "), text.size());
    fields[key] = std::string(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fields;
}

}  // namespace

bool HttpLogin::Accepts(std::string_view authorization, std::string_view method, std::string_view target) {
  if (kind_ == Kind::kNone) return true;
  if (kind_ == Kind::kBasic) {
    return authorization == "Basic " + absl::Base64Escape(absl::StrCat(user_, ":", password_));
  }
  const std::string_view scheme = "Digest ";
  if (authorization.substr(0, scheme.size()) != scheme) return false;
  return AcceptsDigest(Fields(authorization.substr(scheme.size())), method, target);
}

bool HttpLogin::AcceptsDigest(std::map<std::string, std::string> fields, std::string_view method,
                              std::string_view target) {
  const std::string nonce = Nonce();
  if (fields["nonce"] != nonce) {
    stale_ = true;
    return false;
  }
  const std::string ha1 = Sha256Hex(absl::StrCat(user_, ":", kRealm, ":", password_));
  const std::string ha2 = Sha256Hex(absl::StrCat(std::string(method), ":", std::string(target)));
  const std::string want =
      Sha256Hex(absl::StrCat(ha1, ":", nonce, ":", fields["nc"], ":", fields["cnonce"], ":auth:", ha2));
  // The count begins with 1 and must grow with each use of a nonce, or an old request could be replayed.
  const bool counts = last_nonce_ == nonce ? fields["nc"] > last_count_ : fields["nc"] == "00000001";
  if (fields["response"] != want || !counts) return false;
  last_nonce_ = nonce;
  last_count_ = fields["nc"];
  return true;
}

std::string HttpLogin::Challenge() {
  if (kind_ != Kind::kDigest) return "";
  // Whoever begins anew gets a nonce of which no count has been used.
  if (last_nonce_ == Nonce()) Expire();
  return absl::StrCat("Digest qop=\"auth\", realm=\"", kRealm, "\", nonce=\"", Nonce(), "\", algorithm=SHA-256",
                      std::exchange(stale_, false) ? ", stale=true" : "");
}

}  // namespace abcds::sim
