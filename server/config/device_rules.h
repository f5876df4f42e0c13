// What the check of a configuration must know about a type of device. server/devices implements it once per type; this
// folder knows no device by name.
#ifndef ABCDS_SERVER_CONFIG_DEVICE_RULES_H_
#define ABCDS_SERVER_CONFIG_DEVICE_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "abcds/v1/config.pb.h"
#include "control/core/settings.h"
#include "server/config/scope.h"

namespace abcds {

// What kind of line the `bus` field of a device names.
enum class BusKind : uint8_t { kSerial, kCan };

enum class DeviceKind : uint8_t { kMeter, kConverter, kBms };

class DeviceRules {
 public:
  virtual ~DeviceRules() = default;

  [[nodiscard]] virtual DeviceKind kind() const = 0;
  // What users call the type: "lumentree". Several types may share one name ("house" is a meter, two converters and a
  // BMS): --print_config takes them together.
  [[nodiscard]] virtual std::string name() const = 0;
  // Its field in the `device` oneof of Meter, Converter or Bms.
  [[nodiscard]] virtual std::string arm() const = 0;
  // True: no hardware behind it. Simulated and real devices must not be mixed in one site.
  [[nodiscard]] virtual bool simulated() const { return false; }
  // The baud rate it expects of its bus where the bus names none; 0: the device is on no bus.
  [[nodiscard]] virtual uint32_t baud() const { return 0; }
  // The kind of that bus. Its bit rate is the bus's own affair where it is CAN.
  [[nodiscard]] virtual BusKind bus_kind() const { return BusKind::kSerial; }
  // What is spoken on its bus: "Modbus RTU". Devices share a bus only where they speak the same and have addresses.
  // Empty: the device is on no bus.
  [[nodiscard]] virtual std::string bus_protocol() const { return ""; }

  // What the generic checks (ranges, required fields, bus references, addresses) cannot see. Of the three only the one
  // of kind() is called, with the arm set; `scope` is at the meter, converter or BMS.
  virtual void CheckMeter(const v1::Meter&, const Scope&) const {}
  virtual void CheckConverter(const v1::Converter&, const Scope&) const {}
  virtual void CheckBms(const v1::Bms&, const Scope&) const {}
  // Likewise, of a converter in a site without a BMS.
  virtual void CheckWithoutBms(const v1::Converter&, const Scope&) const {}
  // Likewise, where a converter's own voltages must fit the battery's cells; their number is in its range.
  virtual void CheckAgainstBattery(const v1::Converter&, const v1::Battery&, const Scope&) const {}

  // Converters only: everything that is assumed of the device where the file says nothing, its abilities and power
  // limits. Must give an answer also while the arm is incomplete (the check goes on after a problem).
  [[nodiscard]] virtual ConverterSettings ConverterDefaults(const v1::Converter&) const { return {}; }

  // Converters only: whether it reports the battery's voltage.
  [[nodiscard]] virtual bool measures_battery() const { return true; }

  // What a converter acts on, however it is written, where the generic check of buses and addresses does not see it:
  // two converters of a site cannot share it. Empty: nothing of that kind.
  [[nodiscard]] virtual std::string place(const v1::Converter&) const { return ""; }

  // Adds this device to an example, with values that pass the check; buses it needs as well. For a battery device also
  // the battery that fits.
  virtual void AddExample(v1::Config& config) const = 0;
};

// All types known to this build, in the order they are shown.
using DeviceCatalog = std::vector<const DeviceRules*>;

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_DEVICE_RULES_H_
