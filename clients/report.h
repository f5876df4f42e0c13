// The plant in lines of text for people.
#ifndef ABCDS_CLIENTS_REPORT_H_
#define ABCDS_CLIENTS_REPORT_H_

#include <string>
#include <vector>

#include "abcds/v1/state.pb.h"

namespace abcds {

// Everything that matters now, one topic per line: what `abcdsctl status` and `top` show.
[[nodiscard]] std::vector<std::string> StatusLines(const v1::PlantState& state);

// One line with time, grid, house, battery, setpoint and reason: what `abcdsctl watch` prints for each state.
[[nodiscard]] std::string WatchLine(const v1::PlantState& state);

// Why the setpoints are what they are. `now` tells times of today from others.
[[nodiscard]] std::vector<std::string> ExplainLines(const v1::ExplainResponse& explanation,
                                                    const google::protobuf::Timestamp& now);

// "automatic", "forced 500 W charging to 80 % until 10:45:03 (14 min left), discharging disabled by an operator since
// 08:15:00 (survives restarts)".
[[nodiscard]] std::string ModeText(const v1::PlantState& state);

// "target 0 W", "target 200 W importing until 10:45:03 (14 min left)".
[[nodiscard]] std::string TargetText(const v1::PlantState& state);

// Charging or discharging power of all converters together, by what they report; empty where nobody reports.
[[nodiscard]] std::string ConvertersText(const v1::PlantState& state);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_REPORT_H_
