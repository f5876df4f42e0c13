#include "hal/text/refusal.h"

namespace abcds {

const char* RefusalName(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::kNone:
      return "none";
    case Refusal::kEmpty:
      return "empty";
    case Refusal::kTooLong:
      return "too_long";
    case Refusal::kNotUtf8:
      return "not_utf8";
    case Refusal::kNoValue:
      return "no_value";
    case Refusal::kNotANumber:
      return "not_a_number";
    case Refusal::kDecimalComma:
      return "decimal_comma";
    case Refusal::kTrailingText:
      return "trailing_text";
    case Refusal::kWrongUnit:
      return "wrong_unit";
    case Refusal::kOutOfRange:
      return "out_of_range";
    case Refusal::kMalformed:
      return "malformed";
    case Refusal::kHtml:
      return "html";
    case Refusal::kTooDeep:
      return "too_deep";
    case Refusal::kMissing:
      return "missing";
    case Refusal::kWrongType:
      return "wrong_type";
    case Refusal::kImplausible:
      return "implausible";
    case Refusal::kCount:
      break;
  }
  return "unknown";
}

const char* RefusalText(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::kNone:
      return "it is a value";
    case Refusal::kEmpty:
      return "it is empty";
    case Refusal::kTooLong:
      return "it is longer than any number or document of a meter";
    case Refusal::kNotUtf8:
      return "it is not UTF-8 text";
    case Refusal::kNoValue:
      return "its sender says that it has no value";
    case Refusal::kNotANumber:
      return "it is not a number";
    case Refusal::kDecimalComma:
      return "it has a decimal comma";
    case Refusal::kTrailingText:
      return "something stands behind the number (a unit is taken only with strip_unit)";
    case Refusal::kWrongUnit:
      return "its unit is not one of power, or does not fit the configured scale";
    case Refusal::kOutOfRange:
      return "the number is too large or too small to be read";
    case Refusal::kMalformed:
      return "it is not a complete JSON document";
    case Refusal::kHtml:
      return "it is a web page: a login, or another machine at this address";
    case Refusal::kTooDeep:
      return "it is nested too deeply";
    case Refusal::kMissing:
      return "it has nothing at the configured json_path";
    case Refusal::kWrongType:
      return "what stands at the configured json_path is not a number";
    case Refusal::kImplausible:
      return "it is beyond the plausible range";
    case Refusal::kCount:
      break;
  }
  return "for an unknown reason";
}

}  // namespace abcds
