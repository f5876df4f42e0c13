// A plant state with everything in it, for tests of texts.
#ifndef ABCDS_CLIENTS_EXAMPLE_STATE_H_
#define ABCDS_CLIENTS_EXAMPLE_STATE_H_

#include "abcds/v1/state.pb.h"

namespace abcds {

// A house that discharges 390 W at 08:00:00 UTC on 2027-01-15.
[[nodiscard]] v1::PlantState ExampleState();

}  // namespace abcds

#endif  // ABCDS_CLIENTS_EXAMPLE_STATE_H_
