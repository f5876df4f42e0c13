// All device types that this build knows. An explicit list: nothing registers itself behind the reader's back.
#ifndef ABCDS_SERVER_DEVICES_REGISTRY_H_
#define ABCDS_SERVER_DEVICES_REGISTRY_H_

#include <string>
#include <vector>

#include "server/config/device_rules.h"
#include "server/devices/device_type.h"

namespace abcds {

// In the order they are shown. The objects live as long as the process.
[[nodiscard]] const std::vector<const DeviceType*>& DeviceTypes();

// The same list as LoadSite and PrintConfig take it.
[[nodiscard]] const DeviceCatalog& KnownDevices();

// The type whose field in the `device` oneof is `arm`; null where there is none.
[[nodiscard]] const DeviceType* FindDeviceType(DeviceKind kind, const std::string& arm);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_REGISTRY_H_
