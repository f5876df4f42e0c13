// Inverters on one serial line: which, their nominal constants, and the line with all of them.
#ifndef ABCDS_HAL_SIM_INVERTERS_H_
#define ABCDS_HAL_SIM_INVERTERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/sim/house/converter_model.h"
#include "hal/sim/shared_house.h"
#include "hal/sim/site_device.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/sim/wire/trucki.h"

namespace abcds::sim {

struct InverterOptions {
  enum class Kind : uint8_t { kLumentree, kTrucki };

  Kind kind = Kind::kLumentree;
  int model = 600;  // 600, 1000 or 2000; with a Trucki board 1000 or 2000
  uint8_t address = 1;
  // What commands call it; and what the configuration does, where there are several.
  std::string name = "lumentree";
};

// "lumentree:600@1,trucki:1000@2": kinds, each with its model and its address on the line. Without a model the
// smallest; without an address the place in the list. InvalidArgument with one sentence.
[[nodiscard]] absl::StatusOr<std::vector<InverterOptions>> ParseInverters(const std::string& text);

// As the configuration's defaults believe it.
[[nodiscard]] ConverterOptions NominalInverter(const InverterOptions& inverter);
// Cells in series that such an inverter is usually run with.
[[nodiscard]] int UsualCells(const InverterOptions& inverter);

// They are the converters `first`, `first` + 1, … of the house.
class InverterLine final : public SiteDevice {
 public:
  // `link` as Pty::Open.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<InverterLine>> Open(const std::string& link,
                                                                          std::vector<InverterOptions> inverters,
                                                                          SharedHouse& house, size_t first);
  ~InverterLine() override;

  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] std::vector<Breakable> Breakables() override;
  [[nodiscard]] std::string ConfigText(double speed) const override;

  [[nodiscard]] ModbusLine& line() { return *line_; }

 private:
  InverterLine(std::string link, std::vector<InverterOptions> inverters, SharedHouse& house, size_t first);

  [[nodiscard]] std::string ConverterText(const InverterOptions& inverter, double speed) const;

  const std::string link_;
  const std::vector<InverterOptions> inverters_;
  SharedHouse& house_;
  const size_t first_;
  std::vector<std::unique_ptr<ModbusUnit>> units_;
  std::vector<TruckiBoard*> boards_;  // of the units; null where it is none
  std::unique_ptr<ModbusLine> line_;  // last: its thread uses the above
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_INVERTERS_H_
