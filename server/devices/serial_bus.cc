#include "server/devices/serial_bus.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/drivers/register_inverter/recorded_line.h"
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
  if (input.frames.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(device, " wants one frame in hexadecimal, ", what));
  }
  const auto line = ParseHex(input.frames);
  if (!line.ok()) return line.status();
  const std::span<const uint8_t> bytes(*line);
  if (!input.request.has_value()) {
    // As a line shows it: the request, then its reply.
    const size_t size = register_inverter::RequestInFront(bytes);
    return size == 0 ? decode(std::nullopt, bytes) : decode(bytes.first(size), bytes.subspan(size));
  }
  const auto request = ParseHex(*input.request);
  if (!request.ok()) return request.status();
  // An adapter's echo.
  const bool echoed = bytes.size() > request->size() && std::equal(request->begin(), request->end(), bytes.begin());
  return decode(*request, echoed ? bytes.subspan(request->size()) : bytes);
}

}  // namespace abcds
