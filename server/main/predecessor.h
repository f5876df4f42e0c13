// A daemon that is only just ending: not a second owner of the plant, but the first one's last act.
#ifndef ABCDS_SERVER_MAIN_PREDECESSOR_H_
#define ABCDS_SERVER_MAIN_PREDECESSOR_H_

#include <string>

namespace abcds {

// Whether some worker or safe state on this machine has lost its guard. It brings the converters to 0 W, within some
// seconds, and owns ports and lines until then: who starts a killed daemon again at once is to be patient. `proc`: where
// the kernel shows its processes.
[[nodiscard]] bool SomeoneIsOrphaned(const std::string& proc = "/proc");

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_PREDECESSOR_H_
