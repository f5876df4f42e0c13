// Numbers as meters write them.
#include <cmath>
#include <cstdlib>
#include <string>

#include "hal/text/number.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds {
namespace {

void CheckNumber(const std::string& text) {
  const NumberResult strict = ParseNumber(text, UnitText::kRefuse);
  const NumberResult loose = ParseNumber(text, UnitText::kAccept);
  if (strict.refusal != Refusal::kNone) {
    ABCDS_CHECK(strict.value == 0.0);
    // A unit may make a value of it, nothing else.
    ABCDS_CHECK(loose.refusal != Refusal::kNone || loose.unit != PowerUnit::kNone);
  } else {
    ABCDS_CHECK(strict.unit == PowerUnit::kNone);
    ABCDS_CHECK(loose.refusal == Refusal::kNone && loose.value == strict.value);
  }
  if (loose.refusal != Refusal::kNone) return;
  ABCDS_CHECK(std::isfinite(loose.value) && text.size() <= kLongestNumber && IsUtf8(text));
  // The library of C reads the same number from it.
  const size_t begin = text.find_first_of("+-.0123456789");
  ABCDS_CHECK(begin != std::string::npos);
  const double value = std::strtod(text.c_str() + begin, nullptr);
  ABCDS_CHECK(value == loose.value);
  ABCDS_CHECK(RefusalText(strict.refusal) != nullptr && RefusalName(loose.refusal) != nullptr);
}

}  // namespace
}  // namespace abcds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(data, data + size);
  abcds::CheckNumber(text);
  const std::string_view trimmed = abcds::TrimText(text);
  ABCDS_CHECK(abcds::TrimText(trimmed) == trimmed);
  ABCDS_CHECK(abcds::IsUtf8(trimmed) == abcds::IsUtf8(text));
  return 0;
}
