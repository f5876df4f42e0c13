// A type of device as this build knows it: its rules for the configuration, how to make one, and how to read its frames
// by hand. One small class per type, in the file that is named after it.
#ifndef ABCDS_SERVER_DEVICES_DEVICE_TYPE_H_
#define ABCDS_SERVER_DEVICES_DEVICE_TYPE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/api/battery_monitor.h"
#include "hal/api/grid_meter.h"
#include "hal/api/power_converter.h"
#include "hal/api/write_ledger.h"
#include "hal/units/time.h"
#include "server/config/device_rules.h"
#include "server/config/site.h"

namespace abcds {

// "meter", "converter", "battery": the words of the faces.
[[nodiscard]] const char* KindName(DeviceKind kind);

class BusSet;
class DirectAccess;

// What devices of one site are made with.
struct BuildContext {
  const Site& site;
  BusSet& buses;
  WriteLedger& ledger;  // outlives the devices
  // Where several devices are faces of one thing (the simulated house), that thing, by a name of their choice; the
  // first one makes it.
  std::map<std::string, std::shared_ptr<void>> shared;
};

// What a converter is brought to 0 W with, after the worker's death.
struct SafeStateContext {
  const Site& site;
  WriteLedger& ledger;     // kept on the disk only after 0 W is confirmed
  MonotonicTime deadline;
};

// What a codec read, by names that end in the unit. Lists where a device has several of a kind, words where no number
// says it.
using DecodedValue = std::variant<double, bool, std::string, std::vector<double>, std::vector<std::string>>;
using DecodedValues = std::map<std::string, DecodedValue>;

// Recorded input for a device's codec.
struct DecodeInput {
  std::optional<std::string> request;           // hexadecimal
  std::map<std::string, std::string> settings;  // --set KEY=VALUE
  std::vector<std::string> frames;              // hexadecimal, one frame each
  std::string body;                             // text from standard input, where there are no frames
};

class DeviceType : public DeviceRules {
 public:
  // Of the three only the one of kind() is called, with an entry that has passed the check. None touches a wire.
  [[nodiscard]] virtual absl::StatusOr<std::shared_ptr<GridMeter>> BuildMeter(const v1::Meter&, BuildContext&) const;
  [[nodiscard]] virtual absl::StatusOr<std::shared_ptr<PowerConverter>> BuildConverter(const v1::Converter&,
                                                                                       BuildContext&) const;
  [[nodiscard]] virtual absl::StatusOr<std::shared_ptr<BatteryMonitor>> BuildBms(const v1::Bms&, BuildContext&) const;

  // Converters only: 0 W commanded and confirmed before the deadline, synchronously, in a process of its own that runs
  // after the worker's death. One sentence where not; LineOwnedError() where a daemon that runs owns the line.
  [[nodiscard]] virtual absl::Status CommandSafeState(const v1::Converter&, const SafeStateContext&) const;

  // Whether converters of this type that share a bus are told at once, so that a silent one does not keep the others
  // waiting: then those of one bus are all of this driver.
  [[nodiscard]] virtual bool safe_state_together() const { return false; }
  // The same for all of them; `report` is called once for each, by its index, as soon as it is known.
  using SafeStateReports = std::function<void(size_t, const absl::Status&)>;
  virtual void CommandSafeStateTogether(const std::vector<const v1::Converter*>&, const SafeStateContext&,
                                        const SafeStateReports&) const {}

  // Runs the driver's own codec over recorded frames or a text. Names of the values end in their unit. InvalidArgument
  // with one sentence for anything corrupt, truncated or not a value.
  [[nodiscard]] virtual bool decodes() const { return false; }
  // Whether it reads a text body: standard input is then read to its end.
  [[nodiscard]] virtual bool decodes_text() const { return false; }
  // One line on the arguments that Decode takes, for --list.
  [[nodiscard]] virtual std::string decode_usage() const { return ""; }
  [[nodiscard]] virtual absl::StatusOr<std::map<std::string, double>> Decode(const DecodeInput&) const;
  // The same with lists and words, for devices that have more than numbers; else what Decode gives.
  [[nodiscard]] virtual absl::StatusOr<DecodedValues> DecodeAll(const DecodeInput&) const;

  // How such a device is asked without a daemon: scan, probe, read, write. Null: not at all. Lives as long as the type.
  [[nodiscard]] virtual const DirectAccess* direct_access() const { return nullptr; }
};

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_DEVICE_TYPE_H_
