#include "hal/text/excerpt.h"

#include <cstddef>

namespace abcds {

std::string Excerpt(std::string_view text) {
  constexpr size_t kLongest = 40;
  std::string excerpt;
  for (const char c : text.substr(0, kLongest)) excerpt.push_back(c >= 0x20 && c < 0x7f && c != '"' ? c : '.');
  return text.size() > kLongest ? excerpt + "…" : excerpt;
}

}  // namespace abcds
