#include "hal/units/check.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace abcds {
namespace {

void Write(const char* text) noexcept {
  // Nothing useful can be done about a failed write while aborting.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
}

}  // namespace

void CheckFailed(const char* condition, const char* file, int line) noexcept {
  char digits[12];
  char* end = digits + sizeof(digits) - 1;
  *end = '\0';
  char* first = end;
  for (int rest = line; rest > 0; rest /= 10) *--first = static_cast<char>('0' + rest % 10);
  Write("CHECK failed: ");
  Write(condition);
  Write(" at ");
  Write(file);
  Write(":");
  Write(first);
  Write("\n");
  std::abort();
}

}  // namespace abcds
