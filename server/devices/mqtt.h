// A meter over MQTT: options, decode.
#ifndef ABCDS_SERVER_DEVICES_MQTT_H_
#define ABCDS_SERVER_DEVICES_MQTT_H_

#include "server/devices/device_type.h"

namespace abcds {

[[nodiscard]] const DeviceType& MqttType();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MQTT_H_
