// A JK BMS on a serial line of its own, measuring the house's battery.
#ifndef ABCDS_HAL_SIM_BMS_H_
#define ABCDS_HAL_SIM_BMS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/sim/shared_house.h"
#include "hal/sim/site_device.h"
#include "hal/sim/wire/jk_bms.h"

namespace abcds::sim {

class JkBmsDevice final : public SiteDevice {
 public:
  // `link` as Pty::Open.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<JkBmsDevice>> Open(const std::string& link, SharedHouse& house);
  ~JkBmsDevice() override;

  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] std::vector<Breakable> Breakables() override;
  [[nodiscard]] std::string ConfigText(double speed) const override;

  [[nodiscard]] JkBmsLine& line() { return *line_; }

 private:
  JkBmsDevice(const std::string& link, std::unique_ptr<JkBmsLine> line);

  const std::string link_;
  const std::unique_ptr<JkBmsLine> line_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_BMS_H_
