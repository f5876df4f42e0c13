// The name that somebody has probably meant.
#ifndef ABCDS_SERVER_CONFIG_NEAREST_H_
#define ABCDS_SERVER_CONFIG_NEAREST_H_

#include <string>
#include <vector>

namespace abcds {

// The one of `known` with the fewest slips in it; empty where none is near.
[[nodiscard]] std::string Nearest(const std::string& word, const std::vector<std::string>& known);
// "; did you mean \"cells\"?", or nothing.
[[nodiscard]] std::string DidYouMean(const std::string& word, const std::vector<std::string>& known);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_NEAREST_H_
