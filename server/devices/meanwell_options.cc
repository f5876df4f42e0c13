#include "server/devices/meanwell_options.h"

#include <cstdint>

#include "hal/drivers/meanwell/timing.h"
#include "server/config/field_rules.h"

namespace abcds {
namespace {

using meanwell::Family;

// What both families' messages have.
template <class Options>
meanwell::Options CommonOptions(const v1::Converter& converter, const Options& options, const CanLineSettings& line) {
  meanwell::Options driver;
  driver.name = converter.name();
  driver.label = line.interface.empty() ? line.slcan_port : line.interface;
  driver.reply = meanwell::ReplyWithin(line.slcan_port);
  driver.unit = static_cast<uint8_t>(NumberInForce(options, Options::kAddressFieldNumber));
  driver.efficiency = converter.has_efficiency() ? converter.efficiency() : kMeanwellEfficiency;
  return driver;
}

// A voltage of the file, or cells times what one cell has, and the correction of the device's own reading.
Volts VoltageOf(bool given, double value, double cell_v, int cells, double correction_v) {
  return Volts((given ? value : cell_v * cells) + correction_v);
}

}  // namespace

const std::string& MeanwellBusName(const v1::Converter& converter) {
  return converter.has_meanwell_npb() ? converter.meanwell_npb().bus() : converter.meanwell_bic().bus();
}

meanwell::Options MeanwellDriverOptions(const v1::Converter& converter, const Site& site, const CanLineSettings& line) {
  const BatterySettings& battery = site.core.battery;
  if (converter.has_meanwell_npb()) {
    using v1::MeanwellNpb;
    const MeanwellNpb& npb = converter.meanwell_npb();
    meanwell::Options driver = CommonOptions(converter, npb, line);
    driver.family = Family::kNpb;
    driver.charge_voltage = VoltageOf(npb.has_charge_voltage_v(), npb.charge_voltage_v(), battery.cell_max.value(),
                                      battery.cells, NumberInForce(npb, MeanwellNpb::kVoltageCorrectionVFieldNumber));
    driver.voltage_adjust = FlagInForce(npb, MeanwellNpb::kVoltageAdjustFieldNumber);
    return driver;
  }
  using v1::MeanwellBic;
  const MeanwellBic& bic = converter.meanwell_bic();
  meanwell::Options driver = CommonOptions(converter, bic, line);
  driver.family = Family::kBic;
  driver.charge_voltage =
      VoltageOf(bic.has_charge_voltage_v(), bic.charge_voltage_v(), battery.cell_max.value(), battery.cells,
                NumberInForce(bic, MeanwellBic::kChargeVoltageCorrectionVFieldNumber));
  driver.discharge_voltage =
      VoltageOf(bic.has_discharge_voltage_v(), bic.discharge_voltage_v(), battery.cell_min.value(), battery.cells,
                NumberInForce(bic, MeanwellBic::kDischargeVoltageCorrectionVFieldNumber));
  driver.always_on = FlagInForce(bic, MeanwellBic::kAlwaysOnFieldNumber);
  return driver;
}

}  // namespace abcds
