// From a converter's entry in the configuration to the options of its driver.
#ifndef ABCDS_SERVER_DEVICES_MEANWELL_OPTIONS_H_
#define ABCDS_SERVER_DEVICES_MEANWELL_OPTIONS_H_

#include <string>

#include "abcds/v1/config.pb.h"
#include "hal/drivers/bus/bus_set.h"
#include "hal/drivers/meanwell/session.h"
#include "server/config/site.h"

namespace abcds {

// AC to DC and back, where the file says nothing: data sheets have 90 to 93 %.
inline constexpr double kMeanwellEfficiency = 0.92;

[[nodiscard]] inline bool IsMeanwell(const v1::Converter& converter) {
  return converter.has_meanwell_npb() || converter.has_meanwell_bic();
}
// Of one that is.
[[nodiscard]] const std::string& MeanwellBusName(const v1::Converter& converter);
// Without a ledger.
[[nodiscard]] meanwell::Options MeanwellDriverOptions(const v1::Converter& converter, const Site& site,
                                                      const CanLineSettings& line);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MEANWELL_OPTIONS_H_
