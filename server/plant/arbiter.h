// Arbiter: settles what the operators want into the one intent that control acts on.
#ifndef ABCDS_SERVER_PLANT_ARBITER_H_
#define ABCDS_SERVER_PLANT_ARBITER_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "control/core/types.h"
#include "control/runtime/snapshot.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"
#include "server/plant/facts.h"

namespace abcds {

struct ModeRequest {
  Mode mode = Mode::kAutomatic;
  std::optional<Watts> power;        // kForced only, and required there: + charges
  std::optional<Ratio> until_soc;    // kForced only
  std::optional<Nanoseconds> lease;  // not for kAutomatic
};

// Checks each wish against ranges, the site and the plant's present state. A refused wish changes nothing and says what
// is allowed or what to do first: InvalidArgument for what can never be, FailedPrecondition for what cannot be now,
// NotFound for an unknown device. Pure: no thread, no clock. Not thread-safe.
class Arbiter {
 public:
  static constexpr Watts kTargetMax{20'000};  // a magnitude; of forced power too
  static constexpr Nanoseconds kLeaseMin = std::chrono::seconds(1);
  static constexpr Nanoseconds kLeaseMax = std::chrono::hours(7 * 24);
  static constexpr Nanoseconds kLeaseDefault = std::chrono::minutes(15);

  // `facts` must outlive it.
  explicit Arbiter(const SiteFacts& facts);

  [[nodiscard]] const Intent& intent() const { return intent_; }

  [[nodiscard]] absl::Status SetChargerEnabled(bool enabled);
  [[nodiscard]] absl::Status SetDischargerEnabled(bool enabled);
  // `target`: grid power, + import.
  [[nodiscard]] absl::Status SetTarget(Watts target, std::optional<Nanoseconds> lease, MonotonicTime now);
  [[nodiscard]] absl::Status SetMode(const ModeRequest& request, const Snapshot& snapshot, MonotonicTime now);
  // Empty strings: any. Refuses while the cause of everything that matches is still there.
  [[nodiscard]] absl::Status ClearFault(const std::string& id, const std::string& device, const Snapshot& snapshot);

  // Makes what has ended by itself (a lease, a forced charge that reached its state of charge) the intent, so that it
  // cannot come back. True when the intent has changed.
  [[nodiscard]] bool Settle(const Snapshot& snapshot, MonotonicTime now);

  // Whether a fault of a snapshot is one that ClearFault(id, device) means.
  [[nodiscard]] bool Matches(const FaultStatus& fault, const std::string& id, const std::string& device) const;

 private:
  [[nodiscard]] absl::Status CheckForced(const ModeRequest& request, const Snapshot& snapshot) const;
  // Magnitudes. What all converters together are configured for; what they say that they can do; the least with which
  // one of them starts.
  [[nodiscard]] Watts ConfiguredPower(bool charge) const;
  [[nodiscard]] Watts ReportedPower(bool charge, const Snapshot& snapshot) const;
  [[nodiscard]] Watts LeastPower(bool charge, const Snapshot& snapshot) const;

  const SiteFacts& facts_;
  Intent intent_;
};

// The device a fault concerns; empty for the plant.
[[nodiscard]] std::string FaultDevice(const SiteFacts& facts, const FaultStatus& fault);

}  // namespace abcds

#endif  // ABCDS_SERVER_PLANT_ARBITER_H_
