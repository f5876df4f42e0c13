#include "hal/text/json_document.h"

#include <cmath>
#include <string>

namespace abcds {
namespace {

// Before the parser sees it: depth costs it memory per level, and us stack while summing.
bool DeeperThan(std::string_view document, int limit) noexcept {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < document.size(); ++i) {
    const char c = document[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limit) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Refusal ParseJsonDocument(std::string_view text, nlohmann::json& document) noexcept {
  if (text.size() > kLargestJsonDocument) return Refusal::kTooLong;
  text = TrimText(text);
  if (text.empty()) return Refusal::kEmpty;
  if (!IsUtf8(text)) return Refusal::kNotUtf8;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.starts_with('<')) return Refusal::kHtml;
  if (DeeperThan(text, kDeepestJsonDocument)) return Refusal::kTooDeep;
  try {
    document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  } catch (...) {  // out of memory is all that is left
    return Refusal::kTooLong;
  }
  return document.is_discarded() ? Refusal::kMalformed : Refusal::kNone;
}

size_t JsonEndsAt(std::string_view text) noexcept {
  try {
    const nlohmann::json document = nlohmann::json::parse(text);
    return text.size();
  } catch (const nlohmann::json::parse_error& error) {
    return error.byte == 0 ? 0 : error.byte - 1;
  } catch (...) {  // a number that no double holds, or out of memory
    return 0;
  }
}

NumberResult NumberOf(const nlohmann::json& at, UnitText unit_text) noexcept {
  if (at.is_number()) {
    const double value = at.get<double>();
    return {.refusal = std::isfinite(value) ? Refusal::kNone : Refusal::kOutOfRange, .value = value};
  }
  if (at.is_string()) return ParseNumber(at.get_ref<const std::string&>(), unit_text);
  return {.refusal = at.is_null() ? Refusal::kNoValue : Refusal::kWrongType};
}

}  // namespace abcds
