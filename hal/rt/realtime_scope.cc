#include "hal/rt/realtime_scope.h"

namespace abcds {

thread_local int RealtimeScope::depth_ = 0;

}  // namespace abcds
