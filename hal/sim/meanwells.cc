#include "hal/sim/meanwells.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/rt/clock.h"
#include "hal/sim/house/house.h"

namespace abcds::sim {
namespace {

constexpr char kLineName[] = "can";
constexpr char kPrefix[] = "meanwell-";

}  // namespace

absl::StatusOr<MeanwellOptions> ParseMeanwell(const std::string& text) {
  MeanwellOptions device;
  if (!absl::StartsWith(text, kPrefix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is none of meanwell-npb-1200-24, meanwell-bic-2200-48 and their kin"));
  }
  device.model = absl::AsciiStrToUpper(text.substr(sizeof(kPrefix) - 1));
  if (IsBic(device)) {
    device.unit = 0;
    device.system_config = 1;
  }
  const auto made = MeanwellDevice::Make(device);
  if (!made.ok()) return made.status();
  return device;
}

bool IsBic(const MeanwellOptions& device) { return absl::StartsWith(device.model, "BIC"); }

int UsualCells(const MeanwellOptions& device) {
  if (absl::EndsWith(device.model, "-12")) return 4;
  if (absl::EndsWith(device.model, "-24")) return 8;
  return absl::EndsWith(device.model, "-48") ? 16 : 32;
}

ConverterOptions FollowingConverter(const MeanwellOptions& device) {
  ConverterOptions options;
  options.lowest = Watts(-1e5);
  options.highest = Watts(1e5);
  options.minimum = Watts(0);
  options.quantum = Watts(0);
  options.gain = 1;
  options.dead_time = Nanoseconds(0);
  options.start_delay = Nanoseconds(0);
  options.ramp_up = WattsPerSecond(1e9);
  options.ramp_down = WattsPerSecond(1e9);
  options.efficiency = device.efficiency;
  return options;
}

MeanwellBus::MeanwellBus(const MeanwellSiteOptions& options, SharedHouse& house, size_t index)
    : options_(options), name_(IsBic(options.device) ? "bic" : "charger"), house_(house), index_(index) {}

MeanwellBus::~MeanwellBus() {
  if (line_ != nullptr) line_->Stop();
}

absl::StatusOr<std::unique_ptr<MeanwellBus>> MeanwellBus::Open(const MeanwellSiteOptions& options, SharedHouse& house,
                                                               size_t index) {
  std::unique_ptr<MeanwellBus> bus(new MeanwellBus(options, house, index));
  absl::StatusOr<std::unique_ptr<MeanwellDevice>> device = MeanwellDevice::Make(options.device);
  if (!device.ok()) return device.status();
  bus->device_ = *std::move(device);
  absl::StatusOr<std::unique_ptr<CanLine>> line = CanLine::Open({.link = options.link, .interface = options.interface});
  if (!line.ok()) return line.status();
  bus->line_ = *std::move(line);
  bus->line_->Attach(*bus->device_);
  bus->line_->Start();
  return bus;
}

std::string MeanwellBus::Description() const {
  return absl::StrFormat("%s: Mean Well %s at %s, unit %02X", name_, options_.device.model, line_->path(),
                         options_.device.unit);
}

// The device knows the battery as it would be without it, and makes its own current.
void MeanwellBus::OnStep() {
  const double resistance = house_.With([](House& house) { return house.battery().options().resistance.value(); });
  const double open_voltage = house_.With([resistance](House& house) {
    const BatteryModel& battery = house.battery();
    return battery.voltage().value() - battery.current().value() * resistance;
  });
  device_->SetBattery(open_voltage, resistance);
  const Watts power(device_->ac_power_w(MonotonicNow()));
  if (const size_t told = device_->told_count(); told > told_) {
    told_ = told;
    house_.OnSetpoint(index_, power);
  } else {
    house_.With([&](House& house) { house.converter(index_).Set(power); });
  }
}

FaultKind MeanwellBus::DeviceSwitch(const std::string& name, bool MeanwellFaults::*flag) {
  return Switch(name, [this, flag](bool on) {
    MeanwellFaults faults = device_->faults();
    faults.*flag = on;
    device_->SetFaults(faults);
  });
}

std::vector<Breakable> MeanwellBus::Breakables() {
  Breakable device{.name = name_, .faults = {}, .actions = {}};
  device.faults = {DeviceSwitch("silent", &MeanwellFaults::silent),
                   DeviceSwitch("mute", &MeanwellFaults::mute),
                   DeviceSwitch("ignores_setpoints", &MeanwellFaults::ignores_setpoints),
                   DeviceSwitch("stuck", &MeanwellFaults::stuck_readings),
                   DeviceSwitch("remote_off", &MeanwellFaults::remote_off),
                   Switch("mains_off", [this](bool off) { device_->SetMains(!off, MonotonicNow()); }),
                   Switch("cable_out", [this](bool out) {
                     CanLineFaults faults = line_->faults();
                     faults.cable_out = out;
                     line_->SetFaults(faults);
                   })};
  device.faults.push_back({.name = "fault",
                           .number = {.name = "BITS", .low = 1, .high = 511, .whole = true},
                           .begin =
                               [this](double bits) {
                                 MeanwellFaults faults = device_->faults();
                                 faults.fault_bits = static_cast<uint16_t>(bits);
                                 device_->SetFaults(faults);
                               },
                           .end =
                               [this] {
                                 MeanwellFaults faults = device_->faults();
                                 faults.fault_bits = 0;
                                 device_->SetFaults(faults);
                               },
                           .shared = "",
                           .ended_by = ""});
  device.faults.push_back({.name = "slow",
                           .number = {.name = "MILLISECONDS", .low = 1, .high = 5000, .whole = true},
                           .begin =
                               [this](double ms) {
                                 MeanwellFaults faults = device_->faults();
                                 faults.delay = FromSeconds(ms / 1000);
                                 device_->SetFaults(faults);
                               },
                           .end =
                               [this] {
                                 MeanwellFaults faults = device_->faults();
                                 faults.delay = MeanwellFaults().delay;
                                 device_->SetFaults(faults);
                               },
                           .shared = "",
                           .ended_by = ""});
  if (options_.interface.empty()) {
    FaultKind unplug = Switch("unplug", [this](bool out) {
      if (out) {
        line_->Unplug();
      } else {
        static_cast<void>(line_->Plug());
      }
    });
    unplug.ended_by = "plug";
    device.faults.push_back(std::move(unplug));
  }
  return {std::move(device)};
}

std::string MeanwellBus::ConfigText(double) const {
  const bool kernel = !options_.interface.empty();
  return absl::StrFormat(
      "can_bus {\n  name: \"%s\"\n  %s: \"%s\"\n}\n\n"
      "converter {\n  name: \"%s\"\n  %s {\n    bus: \"%s\"\n    address: %d\n%s  }\n}\n\n",
      kLineName, kernel ? "interface" : "slcan_port", kernel ? options_.interface : line_->path(), name_,
      IsBic(options_.device) ? "meanwell_bic" : "meanwell_npb", kLineName, options_.device.unit,
      IsBic(options_.device) || options_.device.old_firmware ? "" : "    voltage_adjust: true\n");
}

}  // namespace abcds::sim
