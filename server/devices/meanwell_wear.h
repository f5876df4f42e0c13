// What writes by hand do to the memory of a Mean Well device, kept where the daemon keeps its own.
#ifndef ABCDS_SERVER_DEVICES_MEANWELL_WEAR_H_
#define ABCDS_SERVER_DEVICES_MEANWELL_WEAR_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "hal/drivers/meanwell/errand.h"
#include "server/state/state_file.h"

namespace abcds {

struct MeanwellWear {
  std::string device;       // as in the ledger: "meanwell 241105000042"
  uint64_t writes = 0;      // of this errand, to the memory; with EEPROM off most are none
  uint64_t all_writes = 0;  // by now, in the device's life
};

// Adds what `errand` has written so far to the device's account in `file`; after its last write, once. Asks the device
// for its serial number and whether it stores setpoints; where that cannot be told, each write counts. An error, with
// one sentence: nothing was counted. A daemon of the same site that runs meanwhile may write its own count over it.
[[nodiscard]] absl::StatusOr<MeanwellWear> CountMeanwellWrites(meanwell::Errand& errand, const StateFile& file);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MEANWELL_WEAR_H_
