#include "hal/sim/plugs.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/sim/house/house.h"
#include "hal/sim/wire/http_server.h"

namespace abcds::sim {
namespace {

constexpr char kPrefix[] = "plug-";
constexpr Nanoseconds kStartsAfter = std::chrono::milliseconds(1500);
constexpr double kEfficiency = 0.92;

// How the command line and the configuration call it.
struct Name {
  const char* option;
  const char* kind;
  Plug::Kind value;
};
constexpr Name kNames[] = {
    {"tasmota", "KIND_TASMOTA", Plug::Kind::kTasmota},
    {"shelly-gen1", "KIND_SHELLY_GEN1", Plug::Kind::kShellyGen1},
    {"shelly-gen2", "KIND_SHELLY_GEN2", Plug::Kind::kShellyGen2},
};

const Name& NameOf(Plug::Kind kind) {
  for (const Name& name : kNames) {
    if (name.value == kind) return name;
  }
  return kNames[0];
}

}  // namespace

bool IsPlug(const std::string& text) { return absl::StartsWith(text, kPrefix); }

absl::StatusOr<Plug::Options> ParsePlug(const std::string& text) {
  for (const Name& name : kNames) {
    const std::string prefix = absl::StrCat(kPrefix, name.option, "-");
    double power_w = 0;
    if (!absl::StartsWith(text, prefix) || !absl::SimpleAtod(text.substr(prefix.size()), &power_w)) continue;
    if (!(power_w >= 20 && power_w <= 4000)) break;
    Plug::Options plug;
    plug.kind = name.value;
    plug.power = Watts(power_w);
    plug.starts_after = kStartsAfter;
    return plug;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" is none of plug-tasmota-W, plug-shelly-gen1-W and plug-shelly-gen2-W with 20 to 4000 W"));
}

ConverterOptions FollowingPlug() {
  ConverterOptions options;
  options.lowest = Watts(0);
  options.highest = Watts(1e5);
  options.minimum = Watts(0);
  options.quantum = Watts(0);
  options.gain = 1;
  options.dead_time = Nanoseconds(0);
  options.start_delay = Nanoseconds(0);
  options.ramp_up = WattsPerSecond(1e9);
  options.ramp_down = WattsPerSecond(1e9);
  options.efficiency = kEfficiency;
  return options;
}

PlugCharger::PlugCharger(const Plug::Options& options, SharedHouse& house, size_t index)
    : options_(options), house_(house), index_(index), plug_(options) {}

absl::StatusOr<std::unique_ptr<PlugCharger>> PlugCharger::Open(const Plug::Options& options, SharedHouse& house,
                                                               size_t index) {
  std::unique_ptr<PlugCharger> charger(new PlugCharger(options, house, index));
  if (absl::Status status = charger->plug_.Start(); !status.ok()) return status;
  return charger;
}

std::string PlugCharger::Description() const {
  return absl::StrFormat("charger: %.0f W behind a %s plug at http://127.0.0.1:%d", options_.power.value(),
                         NameOf(options_.kind).option, plug_.port());
}

void PlugCharger::OnStep() {
  const Watts power = plug_.Output();
  if (const size_t told = plug_.Told().size(); told > told_) {
    told_ = told;
    house_.OnSetpoint(index_, power);
  } else {
    house_.With([&](House& house) { house.converter(index_).Set(power); });
  }
}

std::vector<Breakable> PlugCharger::Breakables() {
  Breakable charger{.name = "charger", .faults = {}, .actions = {}};
  const auto plug = [this](const char* name, Plug::Fault fault) {
    return Switch(name, [this, fault](bool on) { plug_.SetFault(fault, on); });
  };
  const auto server = [this](const char* name, HttpServerFault fault) {
    return Switch(name, [this, fault](bool on) { plug_.server().SetFault(fault, on); });
  };
  charger.faults = {server("silent", HttpServerFault::kSilent), server("refuse", HttpServerFault::kRefuse),
                    server("drip", HttpServerFault::kDrip),     plug("tripped", Plug::Fault::kTripped),
                    plug("welded", Plug::Fault::kWelded),       plug("deaf", Plug::Fault::kDeaf),
                    plug("html", Plug::Fault::kHtml),           plug("no_load", Plug::Fault::kNoLoad)};
  charger.actions = {{.name = "button", .arguments = "", .act = [this](const std::string& rest) {
                        if (rest.empty()) plug_.PressButton();
                        return rest.empty();
                      }}};
  return {std::move(charger)};
}

std::string PlugCharger::ConfigText(double) const {
  return absl::StrFormat(
      "converter {\n  name: \"charger\"\n  switched_charger {\n    kind: %s\n    host: \"127.0.0.1\"\n    port: %d\n"
      "    power_w: %g\n  }\n}\n\n",
      NameOf(options_.kind).kind, plug_.port(), options_.power.value());
}

}  // namespace abcds::sim
