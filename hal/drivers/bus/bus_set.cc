#include "hal/drivers/bus/bus_set.h"

#include "absl/strings/str_cat.h"
#include "hal/transport/byte_bus.h"
#include "hal/transport/modbus_bus.h"
#include "hal/transport/serial_port.h"

namespace abcds {

BusSet::BusSet() = default;
BusSet::~BusSet() { Stop(); }

ModbusBus& BusSet::Modbus(const std::string& name, const std::string& port, int baud) {
  std::unique_ptr<ModbusBus>& bus = modbus_[name];
  if (bus == nullptr) bus = std::make_unique<ModbusBus>(SerialOptions{.port = port, .baud = baud});
  return *bus;
}

absl::StatusOr<ByteBus*> BusSet::Bytes(const std::string& name, const std::string& port, int baud) {
  if (modbus_.count(name) > 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("bus \"", name, "\" has Modbus devices, which do not share a line with others"));
  }
  std::unique_ptr<ByteBus>& bus = bytes_[name];
  if (bus == nullptr) bus = std::make_unique<ByteBus>(SerialOptions{.port = port, .baud = baud});
  return bus.get();
}

absl::Status BusSet::Start() {
  for (const auto& [name, bus] : modbus_) {
    const absl::Status started = bus->Start();
    if (!started.ok()) {
      Stop();
      return started;
    }
  }
  for (const auto& [name, bus] : bytes_) {
    const absl::Status started = bus->Start();
    if (!started.ok()) {
      Stop();
      return started;
    }
  }
  return absl::OkStatus();
}

void BusSet::Stop() {
  for (const auto& [name, bus] : modbus_) bus->Stop();
  for (const auto& [name, bus] : bytes_) bus->Stop();
}

}  // namespace abcds
