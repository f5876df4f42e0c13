#include "server/devices/serial_bus.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/devices/hex.h"

namespace abcds {

absl::StatusOr<Site::SerialBus> SerialBusOf(const Site& site, const std::string& name) {
  for (const Site::SerialBus& bus : site.buses) {
    if (bus.name == name) return bus;
  }
  return absl::InternalError(absl::StrCat("no bus \"", name, "\""));
}

std::string ExampleModbusBus(v1::Config& config) {
  static constexpr char kName[] = "serial";
  for (const v1::Bus& bus : config.bus()) {
    if (bus.name() == kName) return kName;
  }
  v1::Bus& bus = *config.add_bus();
  bus.set_name(kName);
  bus.set_port("/dev/ttyUSB0");
  return kName;
}

absl::StatusOr<std::map<std::string, double>> DecodeModbusReply(const std::string& device, const std::string& what,
                                                                const DecodeInput& input,
                                                                const ModbusReplyDecoder& decode) {
  if (!input.settings.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(device, " has no setting \"", input.settings.begin()->first, "\""));
  }
  if (input.frames.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(device, " wants one frame in hexadecimal, ", what));
  }
  const auto reply = ParseHex(input.frames[0]);
  if (!reply.ok()) return reply.status();
  if (!input.request.has_value()) return decode(std::nullopt, *reply);
  const auto request = ParseHex(*input.request);
  if (!request.ok()) return request.status();
  return decode(*request, *reply);
}

}  // namespace abcds
