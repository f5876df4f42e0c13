// What a device said, for people.
#ifndef ABCDS_HAL_TEXT_EXCERPT_H_
#define ABCDS_HAL_TEXT_EXCERPT_H_

#include <string>
#include <string_view>

namespace abcds {

// The beginning of a text from outside: short, and harmless on a terminal and in a log.
[[nodiscard]] std::string Excerpt(std::string_view text);

}  // namespace abcds

#endif  // ABCDS_HAL_TEXT_EXCERPT_H_
