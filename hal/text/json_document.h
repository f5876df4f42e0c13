// JSON documents from the outside: bounded before they are parsed.
#ifndef ABCDS_HAL_TEXT_JSON_DOCUMENT_H_
#define ABCDS_HAL_TEXT_JSON_DOCUMENT_H_

#include <cstddef>
#include <string_view>

#include "hal/text/number.h"
#include "hal/text/refusal.h"
#include "nlohmann/json.hpp"

namespace abcds {

inline constexpr size_t kLargestJsonDocument = 64 * 1024;
inline constexpr int kDeepestJsonDocument = 32;  // levels of nesting

// kNone and the document, or kTooLong, kEmpty, kNotUtf8, kHtml, kTooDeep, kMalformed (something behind it included).
// Neither depth nor size can exhaust stack or memory; no exception leaves.
Refusal ParseJsonDocument(std::string_view text, nlohmann::json& document) noexcept;

// Where a text that is kMalformed ceases to be JSON: a byte, from 0. For people.
[[nodiscard]] size_t JsonEndsAt(std::string_view text) noexcept;

// The number at a place of a document; it may also stand in a string ("-87.4"). kNoValue for null.
NumberResult NumberOf(const nlohmann::json& at, UnitText unit_text) noexcept;

}  // namespace abcds

#endif  // ABCDS_HAL_TEXT_JSON_DOCUMENT_H_
