// `abcdsctl meanwell commission`: sets a Mean Well device up so that it may be driven.
#ifndef ABCDS_SERVER_DEVICES_MEANWELL_COMMISSION_H_
#define ABCDS_SERVER_DEVICES_MEANWELL_COMMISSION_H_

#include <functional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "hal/api/write_ledger.h"
#include "hal/drivers/meanwell/errand.h"
#include "server/devices/meanwell_target.h"

namespace abcds {

// Asks a question that is answered by yes or no.
using AskPerson = std::function<bool(const std::string& question)>;

// Explains each step on `out`, asks before each write of a stored setting, reads back, and says when to switch the AC
// off and on, and when the battery may be connected. What is as it should be is not written again; what the firmware
// cannot is remembered in `ledger` (may be null). OK: the device is as it should be, or will be after that. Aborted: the
// person said no.
[[nodiscard]] absl::Status CommissionMeanwell(const MeanwellTarget& target, meanwell::Errand& errand,
                                              const AskPerson& ask, WriteLedger* ledger, std::ostream& out);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MEANWELL_COMMISSION_H_
