#include "server/devices/registry.h"

#include "server/devices/house.h"
#include "server/devices/jk_bms.h"
#include "server/devices/lumentree.h"
#include "server/devices/meanwell.h"
#include "server/devices/mqtt.h"
#include "server/devices/shelly.h"
#include "server/devices/switched_charger.h"
#include "server/devices/trucki.h"

namespace abcds {

const std::vector<const DeviceType*>& DeviceTypes() {
  static const std::vector<const DeviceType*>& types = *new std::vector<const DeviceType*>{
      &HouseMeterType(), &HouseChargerType(), &HouseDischargerType(), &HouseBmsType(),
      &JkBmsType(),      &LumentreeType(),    &MeanwellBicType(),     &MeanwellNpbType(),
      &MqttType(),       &Shelly3emType(),    &SwitchedChargerType(), &TruckiType(),
  };
  return types;
}

const DeviceCatalog& KnownDevices() {
  static const DeviceCatalog& catalog = *new DeviceCatalog(DeviceTypes().begin(), DeviceTypes().end());
  return catalog;
}

const DeviceType* FindDeviceType(DeviceKind kind, const std::string& arm) {
  for (const DeviceType* type : DeviceTypes()) {
    if (type->kind() == kind && type->arm() == arm) return type;
  }
  return nullptr;
}

}  // namespace abcds
