#include "hal/sim/bms.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/sim/line_breakable.h"

namespace abcds::sim {
namespace {

constexpr char kLineName[] = "bms-line";

// The pack as a BMS measures it: the cells lie evenly between the lowest and the highest, and its protections work.
JkReadings Measure(House& house) {
  const BatteryModel& battery = house.battery();
  const int cells = battery.options().cells;
  const double lowest_mv = 1000 * battery.cell_lowest().value();
  const double step_mv = cells > 1 ? (1000 * battery.cell_highest().value() - lowest_mv) / (cells - 1) : 0;
  JkReadings readings;
  for (int i = 0; i < cells; ++i) {
    readings.cell_mv.push_back(static_cast<int>(std::lround(lowest_mv + i * step_mv)));
  }
  readings.voltage_v = battery.voltage().value();
  readings.current_a = battery.current().value();
  readings.soc_percent = static_cast<int>(std::lround(100 * battery.soc().value()));
  readings.battery_c = static_cast<int>(std::lround(battery.temperature().value()));
  readings.box_c = readings.battery_c + 1;
  constexpr int kCellHighestMv = 3650;
  constexpr int kCellLowestMv = 2600;
  if (readings.cell_mv.back() >= kCellHighestMv) {
    readings.warnings |= 1 << 10;
    readings.charge_switch = false;
  }
  if (readings.cell_mv.front() <= kCellLowestMv) {
    readings.warnings |= 1 << 11;
    readings.discharge_switch = false;
  }
  return readings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<JkBmsDevice>> JkBmsDevice::Open(const std::string& link, SharedHouse& house) {
  absl::StatusOr<std::unique_ptr<JkBmsLine>> line = JkBmsLine::Open(link, [&house] { return house.With(Measure); });
  if (!line.ok()) return line.status();
  (*line)->Start();
  return std::unique_ptr<JkBmsDevice>(new JkBmsDevice(link, *std::move(line)));
}

JkBmsDevice::JkBmsDevice(const std::string& link, std::unique_ptr<JkBmsLine> line)
    : link_(link), line_(std::move(line)) {}

JkBmsDevice::~JkBmsDevice() { line_->Stop(); }

std::string JkBmsDevice::Description() const { return absl::StrCat("bms: JK at ", line_->path()); }

std::vector<Breakable> JkBmsDevice::Breakables() {
  Breakable bms = LineBreakable("bms", *line_, kLineName, 0, {.addresses = false, .exceptions = false});
  bms.faults.push_back(Switch("zero_cell", [this](bool open) { line_->SetZeroCell(open); }));
  return {std::move(bms)};
}

std::string JkBmsDevice::ConfigText(double) const {
  return absl::StrFormat(
      "bus {\n  name: \"%s\"\n  port: \"%s\"\n  baud: 115200\n}\n\n"
      "bms {\n  jk_bms {\n    bus: \"%s\"\n  }\n}\n\n",
      kLineName, link_, kLineName);
}

}  // namespace abcds::sim
