// Why a text is not a value.
#ifndef ABCDS_HAL_TEXT_REFUSAL_H_
#define ABCDS_HAL_TEXT_REFUSAL_H_

#include <cstdint>

namespace abcds {

// One class per cause, counted apart: "the meter says it has no value" and "we read the wrong member" need different
// people. kNone: the text is a value.
enum class [[nodiscard]] Refusal : uint8_t{
    kNone,
    kEmpty,    // nothing but blanks; in MQTT also the deletion of a retained message
    kTooLong,  // longer than any number, or than the largest document we read
    kNotUtf8,
    kNoValue,  // the publisher says that it has none: nan, null, unavailable, offline, …
    kNotANumber,
    kDecimalComma,  // "1,5"
    kTrailingText,  // a number with something behind it
    kWrongUnit,     // a unit of something else than power, or one that contradicts the scale
    kOutOfRange,    // no double holds it
    kMalformed,     // not a JSON document, or something behind it
    kHtml,          // a web page in place of a document: a login, a router, an error
    kTooDeep,       // nested deeper than any meter's document
    kMissing,       // the document has no such member: no news
    kWrongType,     // the member is there, but is an object, a truth value, or a list where none may be
    kImplausible,   // a number that no house connection carries
    kCount,
};

// Lower-case name for counters and metrics: "not_a_number". Static.
[[nodiscard]] const char* RefusalName(Refusal refusal) noexcept;

// What it means, for people, to stand after "was refused: ". Static.
[[nodiscard]] const char* RefusalText(Refusal refusal) noexcept;

}  // namespace abcds

#endif  // ABCDS_HAL_TEXT_REFUSAL_H_
