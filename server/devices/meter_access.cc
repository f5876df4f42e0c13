#include "server/devices/meter_access.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "hal/api/write_ledger.h"
#include "hal/drivers/bus/bus_set.h"
#include "hal/rt/clock.h"
#include "server/devices/fragment.h"

namespace abcds {
namespace {

constexpr Nanoseconds kLook = std::chrono::milliseconds(20);

// A meter is only read: it has no memory that writing could wear out.
class NoLedger final : public WriteLedger {
 public:
  uint64_t Writes(const std::string&) const override { return 0; }
  void AddWrites(const std::string&, uint64_t) override {}
  bool Knows(const std::string&, const std::string&) const override { return false; }
  void Remember(const std::string&, const std::string&) override {}
};

}  // namespace

bool AwaitActive(const std::function<bool()>& active, Nanoseconds limit, const Cancelled& cancelled) {
  const MonotonicTime deadline = MonotonicNow() + limit;
  while (!active()) {
    if (MonotonicNow() >= deadline || cancelled()) return false;
    SleepUntil(MonotonicNow() + kLook);
  }
  return true;
}

absl::Status NoAnswer(const DirectAccess& access, const DirectTarget& target, const std::string& trouble) {
  return absl::UnavailableError(
      trouble.empty() ? absl::StrCat("no answer from ", access.type(), " at ", access.ConnectionText(target)) : trouble);
}

absl::StatusOr<DirectReport> MeterAccess::Probe(const DirectTarget& target, Nanoseconds limit,
                                                const Cancelled& cancelled) const {
  const absl::StatusOr<v1::Meter> config = MeterOf(target);
  if (!config.ok()) return config.status();
  const Site site;
  BusSet buses;
  NoLedger ledger;
  BuildContext context{site, buses, ledger, {}};
  const absl::StatusOr<std::shared_ptr<GridMeter>> meter = device_type().BuildMeter(*config, context);
  if (!meter.ok()) return absl::InvalidArgumentError(meter.status().message());
  (*meter)->Start();
  const bool active = AwaitActive([&meter] { return (*meter)->Latest().lifecycle == Lifecycle::kActive; },
                                  limit, cancelled);
  DirectReport report;
  report.details = (*meter)->Details();
  (*meter)->Stop();
  // A meter that has spoken once is there, though not yet to be trusted.
  if (!active && report.details.readings.count("power_w") == 0 &&
      report.details.readings.count("retained_power_w") == 0) {
    return NoAnswer(*this, target, report.details.trouble);
  }
  return report;
}

std::string MeterAccess::ConfigText(const DirectTarget& target) const {
  v1::Config config;
  absl::StatusOr<v1::Meter> meter = MeterOf(target);
  if (!meter.ok()) return "";
  *config.mutable_meter() = *std::move(meter);
  return FragmentText(config);
}

}  // namespace abcds
