// `abcdsctl meanwell` where a running daemon owns the device: what it knows, and what only works without it.
#ifndef ABCDS_CLIENTS_MEANWELL_ANSWERS_H_
#define ABCDS_CLIENTS_MEANWELL_ANSWERS_H_

#include <optional>

#include "clients/invocation.h"

namespace abcds {

// The exit code, everything said; none: no daemon at the address drives the device that is meant, and its line is free
// for `abcdsd --tool meanwell`.
[[nodiscard]] std::optional<int> AnswerMeanwellByDaemon(const Invocation& invocation);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_MEANWELL_ANSWERS_H_
