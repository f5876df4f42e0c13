// What device types on serial lines share.
#ifndef ABCDS_SERVER_DEVICES_SERIAL_BUS_H_
#define ABCDS_SERVER_DEVICES_SERIAL_BUS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "server/config/site.h"
#include "server/devices/device_type.h"

namespace abcds {

// The site's bus of that name. The check of the configuration has seen to it that there is one; else InternalError.
[[nodiscard]] absl::StatusOr<Site::SerialBus> SerialBusOf(const Site& site, const std::string& name);

// The name of the bus that the Modbus devices of an example share; adds it to `config` where it is not there.
[[nodiscard]] std::string ExampleModbusBus(v1::Config& config);

// A driver's decoder of one Modbus reply, which may need the request that it answers.
using ModbusReplyDecoder = std::function<absl::StatusOr<std::map<std::string, double>>(
    std::optional<std::span<const uint8_t>> request, std::span<const uint8_t> reply)>;

// `abcdsctl decode` for a device behind Modbus registers: one reply, perhaps its request, no settings. `what` is the
// frame, as a sentence calls it: "the inverter's reply".
[[nodiscard]] absl::StatusOr<std::map<std::string, double>> DecodeModbusReply(const std::string& device,
                                                                              const std::string& what,
                                                                              const DecodeInput& input,
                                                                              const ModbusReplyDecoder& decode);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_SERIAL_BUS_H_
