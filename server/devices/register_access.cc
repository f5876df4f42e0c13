#include "server/devices/register_access.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/register_inverter/errand.h"
#include "hal/rt/clock.h"

namespace abcds {
namespace {

using register_inverter::Errand;
using register_inverter::Patience;
using register_inverter::ReadBlock;
using register_inverter::Readings;
using register_inverter::RegisterMap;

constexpr char kPower[] = "power_w";
constexpr Nanoseconds kLook = std::chrono::milliseconds(50);
// Start delay, ramp and a display's refresh of the slowest of them, doubled.
constexpr Nanoseconds kSettles = std::chrono::seconds(6);
// For a line that is lost while a power is held: it must come back for the 0 W.
constexpr Nanoseconds kStopLimit = std::chrono::seconds(30);
// Of a device whose setpoint cannot be read: what its output may be off, field reports say 8 W.
constexpr Watts kTolerance(15);
constexpr double kToleranceShare = 0.1;
constexpr Watts kOff(10);

register_inverter::ErrandTarget TargetOf(const DirectTarget& target) {
  return {.port = target.port, .baud = target.baud, .unit = static_cast<uint8_t>(target.address)};
}

// A power in words: people need no sign then.
std::string PowerText(Watts power) {
  const long rounded = std::lround(Magnitude(power).value());
  return absl::StrCat(rounded, rounded == 0 ? " W" : " W discharging");
}

DirectReport ReportOf(const DirectTarget& target, const std::string& model, Watts min_power, Watts max_power,
                      const Readings& readings) {
  DirectReport report;
  DeviceDetails& details = report.details;
  details.identity = {{"port", target.port}, {"address", std::to_string(target.address)}};
  if (!model.empty()) {
    details.identity["model"] = model;
    report.limits = {{"discharge_power_min_w", min_power.value()}, {"discharge_power_max_w", max_power.value()}};
  }
  const auto read = [&details](const char* name, const auto& value) {
    if (value.has_value()) details.readings[name] = value->value();
  };
  read("ac_power_w", readings.power);
  read("dc_voltage_v", readings.dc_voltage);
  read("ac_voltage_v", readings.ac_voltage);
  read("temperature_c", readings.temperature);
  if (readings.obstacle != nullptr) details.trouble = readings.obstacle;
  return report;
}

const ReadBlock& PowerBlock(const RegisterMap& map) {
  const auto blocks = map.blocks();
  return *std::find_if(blocks.begin(), blocks.end(), [](const ReadBlock& block) { return block.power; });
}

bool Follows(Watts power, Watts written) {
  if (written == Watts(0)) return Magnitude(power) < kOff;
  return Magnitude(power - written) <= std::max(kTolerance, Magnitude(written) * kToleranceShare);
}

// One power, from the first write to the last.
class Holding {
 public:
  Holding(const RegisterMap& map, const DirectTarget& target, Watts max_power)
      : map_(map), target_(target), max_power_(max_power) {}

  absl::Status Begin(Watts power, const Cancelled& cancelled, DirectWritten& result) {
    const absl::StatusOr<Watts> written = errand_->WriteSetpoint(map_, power, max_power_, Wait());
    if (!written.ok()) return written.status();
    result.written = written->value();
    Verify(*written, cancelled, result);
    return absl::OkStatus();
  }

  // Until it is acknowledged, across a lost line. What it may have heard before counts as nothing.
  bool Stop() {
    const MonotonicTime deadline = MonotonicNow() + kStopLimit;
    do {
      if (errand_ != nullptr && errand_->WriteSetpoint(map_, Watts(0), max_power_, Wait()).ok()) return true;
      errand_.reset();
      SleepUntil(MonotonicNow() + kLook);
      static_cast<void>(Open());
    } while (MonotonicNow() < deadline);
    return false;
  }

  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<Errand>> errand = Errand::Open(TargetOf(target_));
    if (!errand.ok()) return errand.status();
    errand_ = *std::move(errand);
    return absl::OkStatus();
  }

  [[nodiscard]] Errand& errand() { return *errand_; }
  [[nodiscard]] Patience Wait() const { return {.reply = map_.pace().slow_reply, .tries = 3}; }

  // The power after Stop(), once it is as good as none or the time is over; none where the inverter has fallen silent.
  std::optional<Watts> AwaitRest() {
    std::optional<Watts> power;
    const MonotonicTime deadline = MonotonicNow() + kSettles;
    while ((!power.has_value() || !Follows(*power, Watts(0))) && MonotonicNow() < deadline) {
      const absl::StatusOr<Readings> readings = errand_->ReadBlock(map_, PowerBlock(map_), Wait());
      if (readings.ok() && readings->power.has_value()) power = readings->power;
      SleepUntil(MonotonicNow() + 2 * kLook);
    }
    return power;
  }

  // Reads until the inverter says that it does as it was told, or the time is over.
  void Verify(Watts written, const Cancelled& cancelled, DirectWritten& result) {
    result.verified = false;
    const MonotonicTime deadline = MonotonicNow() + kSettles;
    while (!result.verified && MonotonicNow() < deadline && !cancelled()) {
      const absl::StatusOr<Readings> readings = errand_->ReadBlock(map_, PowerBlock(map_), Wait());
      if (readings.ok() && readings->setpoint.has_value()) {
        const Watts held = map_.DecodeSetpoint(*readings->setpoint);
        result.read_back = held.value();
        result.verified = held == written;
      } else if (readings.ok() && readings->power.has_value()) {
        result.read_back = readings->power->value();
        result.verified = Follows(*readings->power, written);
      }
      if (!result.verified) SleepUntil(MonotonicNow() + 4 * kLook);
    }
  }

 private:
  const RegisterMap& map_;
  const DirectTarget& target_;
  const Watts max_power_;
  std::unique_ptr<Errand> errand_;
};

absl::Status CheckValue(const DirectWrite& write, Watts min_power, Watts max_power, const std::string& type) {
  if (write.name != kPower) {
    return absl::InvalidArgumentError(
        absl::StrCat(type, " has no value \"", write.name, "\" to be written, only ", kPower));
  }
  const Watts power(write.value);
  // Written so that NaN fails.
  if (power <= Watts(0) && power >= -max_power && (power == Watts(0) || power <= -min_power)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(kPower, " = ", write.value, " is neither 0 nor in [",
                                                 -max_power.value(), ", ", -min_power.value(), "]: - discharges, and ",
                                                 type, " cannot charge; --set model=… names a larger model"));
}

std::string ReadBackText(const DirectWritten& result) {
  if (!result.read_back.has_value()) return "it does not say what it does";
  return absl::StrCat(result.verified ? "" : "but ", "it reports ", PowerText(Watts(*result.read_back)));
}

}  // namespace

std::vector<DirectAccess::Writable> RegisterAccess::writable() const {
  const auto variant = Choose({}, true);
  return {
      {kPower, "the power that it delivers, - discharges; held for a while, then 0 W", -variant->max_power.value(), 0}};
}

std::string RegisterAccess::advice() const {
  return "Is it on, and connected to the mains? Are TX and RX (or A and B) swapped? Is it on another port, at another "
         "address? `abcdsctl device scan` tries them.";
}

absl::StatusOr<DirectReport> RegisterAccess::Probe(const DirectTarget& target, Nanoseconds limit,
                                                   const Cancelled&) const {
  const absl::StatusOr<Variant> variant = Choose(target.settings, false);
  if (!variant.ok()) return variant.status();
  const absl::StatusOr<std::unique_ptr<Errand>> errand = Errand::Open(TargetOf(target));
  if (!errand.ok()) return errand.status();
  const register_inverter::Pace& pace = variant->map->pace();
  const Patience patience =
      limit <= kScanLimit ? Patience{.reply = pace.reply, .tries = 1} : Patience{.reply = pace.slow_reply, .tries = 3};
  const absl::StatusOr<Readings> readings = (*errand)->ReadAll(*variant->map, patience);
  if (absl::IsInvalidArgument(readings.status())) {  // it answers, but not as this type does
    return absl::InvalidArgumentError(absl::StrCat(std::string(readings.status().message()), ": is it a ", type(),
                                                   "? `abcdsctl device scan` says what is there"));
  }
  if (!readings.ok()) return readings.status();
  DirectReport report = ReportOf(target, variant->model, variant->min_power, variant->max_power, *readings);
  if (readings->setpoint.has_value()) {
    report.details.readings["setpoint_w"] = variant->map->DecodeSetpoint(*readings->setpoint).value();
  }
  return report;
}

absl::StatusOr<std::vector<uint16_t>> RegisterAccess::ReadRegisters(const DirectTarget& target, uint16_t first,
                                                                    uint8_t count) const {
  const absl::StatusOr<Variant> variant = Choose(target.settings, false);
  if (!variant.ok()) return variant.status();
  const absl::StatusOr<std::unique_ptr<Errand>> errand = Errand::Open(TargetOf(target));
  if (!errand.ok()) return errand.status();
  return (*errand)->ReadRegisters(first, count, {.reply = variant->map->pace().slow_reply, .tries = 3});
}

absl::StatusOr<DirectWritten> RegisterAccess::Write(const DirectTarget& target, const DirectWrite& write,
                                                    const Cancelled& cancelled) const {
  const absl::StatusOr<Variant> variant = Choose(target.settings, true);
  if (!variant.ok()) return variant.status();
  if (absl::Status status = CheckValue(write, variant->min_power, variant->max_power, type()); !status.ok())
    return status;

  Holding holding(*variant->map, target, variant->max_power);
  if (absl::Status status = holding.Open(); !status.ok()) return status;
  // Nothing is written to a device that has not shown what it is; for that the largest model's values are good.
  const absl::StatusOr<Variant> any = Choose({}, false);
  const absl::StatusOr<Readings> readings = holding.errand().ReadAll(*any->map, holding.Wait());
  if (!readings.ok()) return readings.status();
  if (readings->obstacle != nullptr) return absl::UnavailableError(readings->obstacle);

  DirectWritten result;
  const MonotonicTime begin = MonotonicNow();
  const absl::Status begun = holding.Begin(Watts(write.value), cancelled, result);
  const bool off = write.value == 0;
  if (begun.ok() && !off && !write.keep) {
    while (MonotonicNow() < begin + write.hold && !cancelled()) SleepUntil(MonotonicNow() + kLook);
  }
  // Also where its acknowledgement got lost: it may have heard all the same.
  const bool stop = (!off && !write.keep) || (!begun.ok() && !off) || (cancelled() && !off);
  result.stopped = off ? begun.ok() : stop && holding.Stop();
  if (!begun.ok()) {
    return absl::UnavailableError(
        absl::StrCat(std::string(begun.message()),
                     off || result.stopped ? "" : "; it could not be told 0 W either: switch it off by hand"));
  }
  result.report = ReportOf(target, variant->model, variant->min_power, variant->max_power, *readings);
  result.text = absl::StrCat("Told ", PowerText(Watts(result.written)), "; ", ReadBackText(result), ".");
  if (off) return result;
  if (!stop) {
    absl::StrAppend(&result.text, " It keeps running at that until it is told otherwise: `abcdsctl device write ",
                    type(), " ", kPower, " 0 --port ", target.port, " --address ", target.address, "` stops it.");
    return result;
  }
  if (!result.stopped) {
    return absl::UnavailableError(
        absl::StrCat(result.text, " It could not be told 0 W at the end: it runs on, switch it off by hand"));
  }
  absl::StrAppend(&result.text, cancelled() ? " Interrupted: it was told 0 W" : " Then it was told 0 W");
  const std::optional<Watts> rest = holding.AwaitRest();
  if (rest.has_value() && !Follows(*rest, Watts(0))) {
    return absl::UnavailableError(
        absl::StrCat(result.text, " and still delivers ", PowerText(*rest), ": switch it off by hand"));
  }
  absl::StrAppend(&result.text, rest.has_value() ? ", and it rests." : ".");
  return result;
}

}  // namespace abcds
