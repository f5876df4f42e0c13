// The lines that several devices share, for whoever assembles devices but must not know transports.
#ifndef ABCDS_HAL_DRIVERS_BUS_BUS_SET_H_
#define ABCDS_HAL_DRIVERS_BUS_BUS_SET_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace abcds {

class ByteBus;
class CanBus;
class ModbusBus;

// Where a CAN bus is. Either `interface` or `slcan_port` is set.
struct CanLineSettings {
  std::string interface{};   // of the kernel: "can0"
  std::string slcan_port{};  // of an SLCAN adapter: device node, pty, or "tcp://host:port"
  int bitrate = 250'000;
  bool bring_up = false;  // an interface that is down
};

class BusSet {
 public:
  BusSet();
  ~BusSet();
  BusSet(const BusSet&) = delete;
  BusSet& operator=(const BusSet&) = delete;

  // The Modbus line with this name, made when it is first asked for. Before Start(). Lives as long as the set.
  [[nodiscard]] ModbusBus& Modbus(const std::string& name, const std::string& port, int baud);

  // The same for a line whose devices frame their bytes themselves. FailedPrecondition where devices on it speak Modbus.
  [[nodiscard]] absl::StatusOr<ByteBus*> Bytes(const std::string& name, const std::string& port, int baud);

  // The CAN bus with this name.
  [[nodiscard]] CanBus& Can(const std::string& name, const CanLineSettings& line);

  // After the devices are made and started. Every line is started, whatever becomes of the others; one that is absent or
  // in other hands is tried again for ever. InvalidArgument where a port can never be one: Stop() then.
  [[nodiscard]] absl::Status Start();
  // LineOwnedError() while a daemon that runs owns one of the lines, this one included.
  [[nodiscard]] absl::Status OwnedByDaemon() const;
  // After the devices are stopped. Idempotent.
  void Stop();

 private:
  std::map<std::string, std::unique_ptr<ModbusBus>> modbus_;
  std::map<std::string, std::unique_ptr<ByteBus>> bytes_;
  std::map<std::string, std::unique_ptr<CanBus>> can_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_BUS_BUS_SET_H_
