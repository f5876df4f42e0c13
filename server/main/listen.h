// Whether an address can be listened on, with a sentence that a person can act on.
#ifndef ABCDS_SERVER_MAIN_LISTEN_H_
#define ABCDS_SERVER_MAIN_LISTEN_H_

#include <string>

#include "absl/status/status.h"

namespace abcds {

// Binds "address:port" for a moment. `field` is the configuration's name for it. The servers say only that they failed,
// not why; and asking first disturbs nothing: no device has been opened yet.
[[nodiscard]] absl::Status CheckCanListen(const std::string& field, const std::string& listen);

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_LISTEN_H_
