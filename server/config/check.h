// The checks of a configuration, from single fields to relations between devices. Each reports what it finds and goes
// on; none corrects anything.
#ifndef ABCDS_SERVER_CONFIG_CHECK_H_
#define ABCDS_SERVER_CONFIG_CHECK_H_

#include <string>

#include "abcds/v1/config.pb.h"
#include "google/protobuf/message.h"
#include "server/config/device_rules.h"
#include "server/config/scope.h"

namespace abcds {

// All of the following. `root` is at the whole file.
void CheckConfig(const v1::Config& config, const DeviceCatalog& catalog, const Scope& root);

// check_fields.cc: presence and range of every field of `message` and below, by the table in field_rules.h. Removes the
// numbers it has found outside their range, so that the checks of relations do not complain of them again.
void CheckFields(google::protobuf::Message& message, const Scope& scope);

// check_devices.cc: names, buses, which devices there are and whether they fit together.
void CheckDevices(const v1::Config& config, const DeviceCatalog& catalog, const Scope& root);

// check_meter.cc: the meter and its broker.
void CheckMeter(const v1::Config& config, const Scope& root);

// check_battery.cc: order of thresholds, and whether battery and converters fit together.
void CheckBattery(const v1::Config& config, const DeviceCatalog& catalog, const Scope& root);

// check_services.cc: listen addresses.
void CheckServices(const v1::Config& config, const Scope& root);

// ---- Shared by the checks ----

// The message in `entry`'s oneof `device`; null where none is set. `entry` is a Meter, Converter or Bms.
struct SelectedDevice {
  const google::protobuf::FieldDescriptor* field = nullptr;
  const google::protobuf::Message* options = nullptr;
};
[[nodiscard]] SelectedDevice DeviceOf(const google::protobuf::Message& entry);

// The rules for what is set in `entry`; null where nothing is set or the catalog does not have it.
[[nodiscard]] const DeviceRules* RulesOf(const DeviceCatalog& catalog, DeviceKind kind,
                                         const google::protobuf::Message& entry);

// What the file says of a converter over what is assumed of its type. Meaningful only once the ranges are checked.
[[nodiscard]] ConverterSettings ConverterSettingsOf(const v1::Converter& converter, const DeviceRules& rules);

// The rate of a bus: its own, else what the devices on it expect; 0 where neither says.
[[nodiscard]] uint32_t BusBaud(const v1::Config& config, const v1::Bus& bus, const DeviceCatalog& catalog);

// 1883, with TLS 8883, unless the file says otherwise.
[[nodiscard]] uint32_t BrokerPort(const v1::MqttBroker& broker);

// host:port with the port in [1, 65535]; brackets around an IPv6 address are removed. False where it is anything else.
[[nodiscard]] bool SplitHostPort(const std::string& text, std::string& host, int& port);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_CHECK_H_
