#include "hal/drivers/bus/bus_set.h"

#include "absl/strings/str_cat.h"
#include "hal/transport/byte_bus.h"
#include "hal/transport/can_bus.h"
#include "hal/transport/can_open.h"
#include "hal/transport/modbus_bus.h"
#include "hal/transport/serial_port.h"
#include "hal/units/line_owner.h"

namespace abcds {
namespace {

// Every one, whatever became of those before it: 0 W waits behind each. The first refusal.
template <class Buses>
absl::Status StartAll(const Buses& buses) {
  absl::Status all;
  for (const auto& [name, bus] : buses) all.Update(bus->Start());
  return all;
}

// The first error that says so.
template <class Buses>
absl::Status OwnedByDaemon(const Buses& buses) {
  for (const auto& [name, bus] : buses) {
    if (absl::Status owned = bus->owned(); OwnerOf(owned) == LineOwner::kDaemon) return owned;
  }
  return absl::OkStatus();
}

}  // namespace

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

CanBus& BusSet::Can(const std::string& name, const CanLineSettings& line) {
  std::unique_ptr<CanBus>& bus = can_[name];
  if (bus == nullptr) {
    bus = std::make_unique<CanBus>(CanOptions{.interface = line.interface,
                                              .slcan_port = line.slcan_port,
                                              .bitrate = line.bitrate,
                                              .bring_up = line.bring_up});
  }
  return *bus;
}

absl::Status BusSet::Start() {
  absl::Status started = StartAll(modbus_);
  started.Update(StartAll(bytes_));
  started.Update(StartAll(can_));
  return started;
}

absl::Status BusSet::OwnedByDaemon() const {
  absl::Status owned = abcds::OwnedByDaemon(modbus_);
  owned.Update(abcds::OwnedByDaemon(bytes_));
  owned.Update(abcds::OwnedByDaemon(can_));
  return owned;
}

void BusSet::Stop() {
  for (const auto& [name, bus] : modbus_) bus->Stop();
  for (const auto& [name, bus] : bytes_) bus->Stop();
  for (const auto& [name, bus] : can_) bus->Stop();
}

}  // namespace abcds
