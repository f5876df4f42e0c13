// A Modbus RTU line with its own framing and checksum, and any number of units.
#ifndef ABCDS_HAL_SIM_WIRE_MODBUS_LINE_H_
#define ABCDS_HAL_SIM_WIRE_MODBUS_LINE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/sim/wire/serial_line.h"
#include "hal/units/time.h"

namespace abcds::sim {

// One device on the line. Called by the line's thread.
class ModbusUnit {
 public:
  virtual ~ModbusUnit() = default;
  // Both return 0, or a Modbus exception code.
  virtual uint8_t Read(uint16_t address, uint16_t count, std::vector<uint16_t>& values) = 0;
  virtual uint8_t Write(uint16_t address, const std::vector<uint16_t>& values) = 0;
  // A device without power says nothing at all.
  virtual bool Powered() { return true; }
  // Before each answer, on top of the line's turnaround.
  [[nodiscard]] virtual Nanoseconds thinks() const { return Nanoseconds(0); }
};

class ModbusLine final : public SerialLine {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ModbusLine>> Open(const LineOptions& options);
  ~ModbusLine() override;

  // Before Start(). Not owned.
  void Attach(uint8_t address, ModbusUnit& unit) { units_[address] = &unit; }

 private:
  ModbusLine(const LineOptions& options, std::unique_ptr<Pty> pty);

  [[nodiscard]] int RequestLength(std::span<const uint8_t> heard) const override;
  [[nodiscard]] uint8_t AddressOf(std::span<const uint8_t> request) const override;
  [[nodiscard]] Nanoseconds Thinks(std::span<const uint8_t> request) const override;
  [[nodiscard]] std::vector<uint8_t> Answer(std::span<const uint8_t> request, const LineFaults& faults) override;

  std::map<uint8_t, ModbusUnit*> units_;
};

// CRC-16/MODBUS (start 0xFFFF, reflected polynomial 0xA001): a good frame with its checksum, low byte first, gives 0.
[[nodiscard]] uint16_t ModbusChecksum(std::span<const uint8_t> bytes);

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_MODBUS_LINE_H_
