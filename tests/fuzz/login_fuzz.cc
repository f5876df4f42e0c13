// What a server asks for before it answers: challenges of a digest login, one after the other.
#include <string>
#include <vector>

#include "hal/transport/http_digest.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds {
namespace {

// Without what stands in quotes: the user, and what the server said and gets back. A quote that stays open is a failure.
std::string WithoutQuoted(const std::string& text) {
  std::string bare;
  bool open = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') open = !open;
    else if (!open) bare += text[i];
    else if (text[i] == '\\') ++i;
  }
  ABCDS_CHECK(!open);
  return bare;
}

bool IsCounted(const std::string& answer) {
  const std::string bare = WithoutQuoted(answer);
  ABCDS_CHECK(bare.rfind("Digest username=, realm=, nonce=, uri=", 0) == 0);
  ABCDS_CHECK(bare.find(", response=") != std::string::npos);
  return bare.find(", qop=auth, nc=") != std::string::npos;
}

void Try(const std::vector<std::string>& challenges, HttpDigest& digest) {
  const bool was_ready = digest.ready();
  const bool taken = digest.Take(challenges);
  ABCDS_CHECK(digest.ready() == (was_ready || taken));
  if (!digest.ready()) return;
  const std::string first = digest.Sign("GET", "/status", "0123456789abcdef");
  const std::string second = digest.Sign("GET", "/status", "0123456789abcdef");
  // A server refuses a count that it has seen.
  ABCDS_CHECK(IsCounted(first) == IsCounted(second));
  ABCDS_CHECK(!IsCounted(first) || first != second);
  if (!taken) return;
  // The same challenge once more is no new nonce.
  ABCDS_CHECK(digest.Take(challenges));
  const std::string third = digest.Sign("GET", "/status", "0123456789abcdef");
  ABCDS_CHECK(!IsCounted(third) || (third != first && third != second));
}

}  // namespace
}  // namespace abcds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  abcds::FuzzInput input(data, size);
  abcds::HttpDigest digest("us\"er", "secret");
  while (!input.empty()) {
    std::vector<std::string> challenges;
    for (std::string line = input.Line(); !line.empty(); line = input.Line()) challenges.push_back(line);
    abcds::Try(challenges, digest);
  }
  return 0;
}
