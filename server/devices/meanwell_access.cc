#include "server/devices/meanwell_access.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "hal/drivers/meanwell/errand.h"
#include "hal/drivers/meanwell/find_units.h"
#include "hal/drivers/meanwell/identity.h"
#include "hal/drivers/meanwell/registers.h"
#include "hal/drivers/meanwell/values.h"
#include "hal/rt/clock.h"
#include "server/devices/fragment.h"

namespace abcds {
namespace {

using meanwell::Command;
using meanwell::CommandInfo;
using meanwell::Errand;
using meanwell::Family;
using meanwell::Identity;
using meanwell::Message;
using meanwell::Registers;

constexpr int kBitrate = 250'000;

constexpr Command kWho[] = {Command::kMfrModelB0B5,   Command::kMfrModelB6B11, Command::kMfrSerialB0B5,
                            Command::kMfrSerialB6B11, Command::kMfrRevision,   Command::kScalingFactor};
constexpr Command kHow[] = {Command::kOperation,           Command::kReadVout,     Command::kReadIout,
                            Command::kFaultStatus,         Command::kSystemConfig, Command::kCurveConfig,
                            Command::kBidirectionalConfig, Command::kReadVin,      Command::kReadTemperature1};

// What has a slash is the port of an adapter, the rest an interface of the kernel.
meanwell::Line LineOf(const std::string& port) {
  const bool interface = port.find('/') == std::string::npos;
  return {.interface = interface ? port : "", .slcan_port = interface ? "" : port, .bitrate = kBitrate};
}

class Access final : public DirectAccess {
 public:
  explicit Access(Family family) : family_(family), bic_(family == Family::kBic) {}

  std::string type() const override { return bic_ ? "meanwell-bic" : "meanwell-npb"; }
  Reach reach() const override { return Reach::kCan; }
  std::vector<int> bauds() const override { return {kBitrate}; }
  Addresses addresses() const override {
    return {.lowest = 0, .highest = meanwell::LargestUnit(family_), .usual = bic_ ? 0 : 3};
  }
  std::string advice() const override {
    return absl::StrCat("From the factory its unit number is ", addresses().usual,
                        bic_ ? " (DIP 1 to 3 ON)" : " (A0 and A1 open)",
                        "; the bus wants 250 kbit/s, 120 Ω at both ends and a common ground");
  }

  absl::StatusOr<std::vector<int>> FindAddresses(const std::string& port, int highest,
                                                 const Cancelled& cancelled) const override {
    const auto units = meanwell::FindUnits(LineOf(port), family_, static_cast<uint8_t>(highest), cancelled);
    if (!units.ok()) return units.status();
    return std::vector<int>(units->begin(), units->end());
  }

  absl::StatusOr<DirectReport> Probe(const DirectTarget& target, Nanoseconds limit,
                                     const Cancelled& cancelled) const override {
    const MonotonicTime end = MonotonicNow() + limit;
    const auto errand = Errand::Open(LineOf(target.port), family_, static_cast<uint8_t>(target.address));
    if (!errand.ok()) return errand.status();
    DirectReport report;
    report.details.identity = {{"family", meanwell::FamilyName(family_)},
                               {"bus", target.port},
                               {"address", absl::StrFormat("%02X", target.address)}};
    Identity identity;
    for (const Command command : kWho) {
      const auto answer = (*errand)->Read(command);
      if (absl::IsNotFound(answer.status())) continue;
      if (!answer.ok()) return answer.status();
      if (!identity.OnAnswer(*answer)) {
        return absl::DataLossError(absl::StrCat("its answer to ", meanwell::InfoOf(command).name, " is no value"));
      }
    }
    report.details.identity["model"] = identity.model_text();
    report.details.identity["serial_number"] = identity.serial_number();
    report.details.identity["revision"] = identity.revision();
    Registers registers;
    for (const Command command : kHow) {
      const CommandInfo& info = meanwell::InfoOf(command);
      if (!meanwell::Knows(family_, info)) continue;
      if (cancelled() || MonotonicNow() > end) break;
      const auto answer = (*errand)->Read(command);
      if (absl::IsNotFound(answer.status())) continue;
      if (!answer.ok()) return answer.status();
      AddReading(*answer, identity, report);
      if (Registers::Has(command)) registers.OnRead(command, answer->raw());
    }
    AddLimits(identity, report);
    AddTrouble(identity, registers, report);
    return report;
  }

  absl::StatusOr<DirectWritten> Write(const DirectTarget&, const DirectWrite&, const Cancelled&) const override {
    return absl::InvalidArgumentError(
        absl::StrCat(type(), " is written to by `abcdsctl meanwell`, which counts what wears its memory"));
  }

  std::string ConfigText(const DirectTarget& target) const override {
    v1::Config config;
    v1::CanBus& bus = *config.add_can_bus();
    bus.set_name(LineNameOf(target.port));
    const meanwell::Line line = LineOf(target.port);
    if (line.interface.empty()) {
      bus.set_slcan_port(line.slcan_port);
    } else {
      bus.set_interface(line.interface);
    }
    v1::Converter& converter = *config.add_converter();
    converter.set_name(NameOf(target));
    const bool usual = target.address == addresses().usual;
    const auto address = static_cast<uint32_t>(target.address);
    if (bic_) {
      converter.mutable_meanwell_bic()->set_bus(bus.name());
      if (!usual) converter.mutable_meanwell_bic()->set_address(address);
    } else {
      converter.mutable_meanwell_npb()->set_bus(bus.name());
      if (!usual) converter.mutable_meanwell_npb()->set_address(address);
    }
    return FragmentText(config);
  }

 private:
  [[nodiscard]] std::string NameOf(const DirectTarget& target) const {
    const std::string name = bic_ ? "bic" : "charger";
    return target.address == addresses().usual ? name : absl::StrCat(name, "-", target.address);
  }

  void AddReading(const Message& answer, const Identity& identity, DirectReport& report) const {
    const CommandInfo& info = *answer.info;
    std::map<std::string, double>& readings = report.details.readings;
    if (info.command == Command::kOperation) readings[info.key] = answer.raw();
    const auto number =
        meanwell::DecodeNumber(family_, info, identity.scaling().value_or(meanwell::Scaling{}), answer.raw());
    if (number.has_value()) readings[info.key] = *number;
    const std::vector<std::string> words = meanwell::BitsInWords(family_, info.format, answer.raw());
    if (!words.empty()) report.details.identity[info.name] = absl::StrJoin(words, ", ");
  }

  static void AddLimits(const Identity& identity, DirectReport& report) {
    const meanwell::Model* model = identity.model();
    if (model == nullptr) return;
    report.limits = {{"voltage_min_v", model->voltage_min.value()},
                     {"voltage_max_v", model->voltage_max.value()},
                     {"charge_current_min_a", model->charge_min.value()},
                     {"charge_current_max_a", model->charge_max.value()}};
    if (model->discharge_max > Amperes(0)) report.limits["discharge_current_max_a"] = model->discharge_max.value();
  }

  // As far as it can be told without a configuration.
  void AddTrouble(const Identity& identity, const Registers& registers, DirectReport& report) const {
    meanwell::SetUp set_up{.family = family_, .charge_voltage = {}, .discharge_voltage = {}};
    if (identity.model() != nullptr) {
      set_up.charge_voltage = identity.model()->voltage_max;
      set_up.discharge_voltage = identity.model()->voltage_min;
    }
    report.details.trouble =
        ObstacleText(identity.Check(set_up, registers), identity, set_up, bic_ ? "bic" : "charger");
  }

  const Family family_;
  const bool bic_;
};

}  // namespace

const DirectAccess& MeanwellAccess(meanwell::Family family) {
  static const Access npb(Family::kNpb);
  static const Access bic(Family::kBic);
  return family == Family::kBic ? bic : npb;
}

}  // namespace abcds
