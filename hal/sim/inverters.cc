#include "hal/sim/inverters.h"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "hal/sim/line_breakable.h"
#include "hal/sim/wire/lumentree.h"

namespace abcds::sim {
namespace {

using Kind = InverterOptions::Kind;

constexpr char kLineName[] = "line";
// Users see 125 ms for a write.
constexpr Nanoseconds kBoardThinks = std::chrono::milliseconds(100);

struct KindRow {
  Kind kind;
  const char* name;     // on the command line, and in the configuration
  const char* product;  // for people, in front of the model
  std::vector<int> models;
};

const std::array<KindRow, 2>& Kinds() {
  static const auto* const kKinds = new std::array<KindRow, 2>{{
      {Kind::kLumentree, "lumentree", "Lumentree ", {600, 1000, 2000}},
      {Kind::kTrucki, "trucki", "Trucki board in a SUN GTIL2-", {1000, 2000}},
  }};
  return *kKinds;
}

const KindRow& RowOf(Kind kind) { return Kinds()[static_cast<size_t>(kind)]; }

absl::Status BadInverter(const std::string& text, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no inverter: ", why));
}

// One of a list; `place` counts from 1.
absl::StatusOr<InverterOptions> ParseInverter(const std::string& text, int place) {
  const std::vector<std::string> at = absl::StrSplit(text, '@');
  const std::vector<std::string> colon = absl::StrSplit(at[0], ':');
  const KindRow* row = nullptr;
  for (const KindRow& each : Kinds()) row = colon[0] == each.name ? &each : row;
  if (row == nullptr || at.size() > 2 || colon.size() > 2) {
    return BadInverter(text, "lumentree or trucki, then perhaps :MODEL and @ADDRESS");
  }
  InverterOptions inverter{.kind = row->kind, .model = row->models.front(), .address = 0, .name = row->name};
  if (colon.size() > 1) {
    bool known = false;
    for (const int model : row->models) {
      if (colon[1] != std::to_string(model)) continue;
      inverter.model = model;
      known = true;
    }
    if (!known) return BadInverter(text, absl::StrCat("the models are ", absl::StrJoin(row->models, ", ")));
  }
  int address = place;
  const int highest = row->kind == Kind::kTrucki ? 15 : 247;
  if ((at.size() > 1 && !absl::SimpleAtoi(at[1], &address)) || address < 1 || address > highest) {
    return BadInverter(text, absl::StrCat("its address must be in [1, ", highest, "]"));
  }
  inverter.address = static_cast<uint8_t>(address);
  return inverter;
}

Watts MinimumOf(const InverterOptions& inverter) {
  if (inverter.model == 2000) return Watts(75);
  if (inverter.kind == Kind::kTrucki) return Watts(37);
  return Watts(inverter.model == 600 ? 28 : 25);
}

}  // namespace

absl::StatusOr<std::vector<InverterOptions>> ParseInverters(const std::string& text) {
  std::vector<InverterOptions> inverters;
  std::set<uint8_t> addresses;
  std::map<std::string, int> so_many;  // of a kind
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(text, ','))) {
    absl::StatusOr<InverterOptions> inverter = ParseInverter(part, static_cast<int>(inverters.size()) + 1);
    if (!inverter.ok()) return inverter.status();
    if (!addresses.insert(inverter->address).second) {
      return BadInverter(part, absl::StrCat("there already is one at address ", inverter->address));
    }
    if (const int number = ++so_many[inverter->name]; number > 1) absl::StrAppend(&inverter->name, "-", number);
    inverters.push_back(*std::move(inverter));
  }
  return inverters;
}

ConverterOptions NominalInverter(const InverterOptions& inverter) {
  // The rest is the model's default: gain 0.985, 2 W steps, 0.25 s dead time, 0.5 s more from 0 W, +600 and -1500 W/s.
  ConverterOptions options;
  options.lowest = Watts(-inverter.model);
  options.highest = Watts(0);
  options.minimum = MinimumOf(inverter);
  if (inverter.kind == Kind::kLumentree) {
    options.power_on = Watts(-inverter.model);
    return options;
  }
  options.ramp_up = WattsPerSecond(1000);
  options.ramp_down = WattsPerSecond(2000);
  // The board has a display period of its own.
  options.readback_refresh = std::chrono::milliseconds(10);
  return options;
}

// The 2000 is for 48 V, and so are most GTIL2.
int UsualCells(const InverterOptions& inverter) {
  return inverter.model == 2000 || inverter.kind == Kind::kTrucki ? 16 : 8;
}

InverterLine::InverterLine(std::string link, std::vector<InverterOptions> inverters, SharedHouse& house, size_t first)
    : link_(std::move(link)), inverters_(std::move(inverters)), house_(house), first_(first) {}

InverterLine::~InverterLine() {
  if (line_ != nullptr) line_->Stop();
}

absl::StatusOr<std::unique_ptr<InverterLine>> InverterLine::Open(const std::string& link,
                                                                 std::vector<InverterOptions> inverters,
                                                                 SharedHouse& house, size_t first) {
  std::unique_ptr<InverterLine> device(new InverterLine(link, std::move(inverters), house, first));
  absl::StatusOr<std::unique_ptr<ModbusLine>> line = ModbusLine::Open({.link = link});
  if (!line.ok()) return line.status();
  device->line_ = *std::move(line);
  for (size_t i = 0; i < device->inverters_.size(); ++i) {
    const InverterOptions& inverter = device->inverters_[i];
    TruckiBoard* board = nullptr;
    if (inverter.kind == Kind::kTrucki) {
      TruckiBoardOptions options;
      options.model = inverter.model;
      options.thinks = kBoardThinks;
      auto unit = std::make_unique<TruckiBoard>(house.Inverter(first + i), options);
      board = unit.get();
      device->units_.push_back(std::move(unit));
    } else {
      device->units_.push_back(std::make_unique<LumentreeInverter>(house.Inverter(first + i), inverter.model));
    }
    device->boards_.push_back(board);
    device->line_->Attach(inverter.address, *device->units_.back());
  }
  device->line_->Start();
  return device;
}

std::string InverterLine::Description() const {
  std::string text;
  for (const InverterOptions& inverter : inverters_) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", inverters_.size() == 1 ? "inverter" : inverter.name, ": ",
                    RowOf(inverter.kind).product, inverter.model, " at ", line_->path());
    if (inverters_.size() > 1) absl::StrAppend(&text, ", address ", inverter.address);
  }
  return text;
}

std::vector<Breakable> InverterLine::Breakables() {
  std::vector<Breakable> all;
  for (size_t i = 0; i < inverters_.size(); ++i) {
    const size_t converter = first_ + i;
    Breakable device = LineBreakable(inverters_[i].name, *line_, kLineName, inverters_[i].address);
    device.faults.push_back(Switch("mains_off", [this, converter](bool off) { house_.SetMains(converter, !off); }));
    device.faults.push_back({.name = "limit",
                             .number = {.name = "WATTS", .low = 0, .high = 1e6, .whole = false},
                             .begin = [this, converter](double watts) { house_.SetLimit(converter, Watts(watts)); },
                             .end = [this, converter] { house_.SetLimit(converter, std::nullopt); },
                             .shared = "",
                             .ended_by = ""});
    if (TruckiBoard* const board = boards_[i]; board != nullptr) {
      device.faults.push_back(Switch("display_cut", [board](bool cut) { board->SetDisplayCut(cut); }));
      device.actions.push_back({.name = "calibrate", .arguments = "READINGS", .act = [board](const std::string& rest) {
                                  int steps = 0;
                                  if (!absl::SimpleAtoi(rest, &steps) || steps < 1) return false;
                                  board->StartCalibration(steps);
                                  return true;
                                }});
    }
    all.push_back(std::move(device));
  }
  return all;
}

std::string InverterLine::ConverterText(const InverterOptions& inverter, double speed) const {
  std::string text = absl::StrFormat(
      "converter {\n  name: \"%s\"\n  %s {\n    model: MODEL_%d\n    bus: \"%s\"\n    address: %d\n%s  }\n",
      inverters_.size() == 1 ? "inverter" : inverter.name, RowOf(inverter.kind).name, inverter.model, kLineName,
      inverter.address, inverter.kind == Kind::kTrucki ? "    newer_firmware: true\n" : "");
  // At the clock's own speed the driver's defaults are the nominal values.
  if (speed != 1.0) {
    const ConverterOptions nominal = NominalInverter(inverter);
    // A board's display lives by the clock, not by the house.
    const double readback_s = inverter.kind == Kind::kTrucki ? ToSeconds(TruckiBoardOptions().display_period) + 0.1
                                                             : (ToSeconds(nominal.readback_refresh) + 0.1) / speed;
    absl::StrAppendFormat(&text,
                          "  response {\n"
                          "    dead_time_s: %g\n"
                          "    start_delay_s: %g\n"
                          "    ramp_up_w_per_s: %g\n"
                          "    ramp_down_w_per_s: %g\n"
                          "    readback_latency_s: %g\n"
                          "  }\n",
                          ToSeconds(nominal.dead_time) / speed, ToSeconds(nominal.start_delay) / speed,
                          nominal.ramp_up.value() * speed, nominal.ramp_down.value() * speed, readback_s);
  }
  return absl::StrCat(text, "}\n\n");
}

std::string InverterLine::ConfigText(double speed) const {
  std::string text = absl::StrFormat("bus {\n  name: \"%s\"\n  port: \"%s\"\n  baud: 9600\n}\n\n", kLineName, link_);
  for (const InverterOptions& inverter : inverters_) text += ConverterText(inverter, speed);
  return text;
}

}  // namespace abcds::sim
