// A Trucki RS485 board in a SUN GTIL2 inverter as its registers show it. What lies behind them (output, battery, mains)
// is asked for by callbacks, so that any model of a house can stand there.
//
// Source: README of trucki-eu/RS485-Interface-for-Sun-GTIL2-1000. Assumed: that the board starts with 0 W, which values
// are refused, and the residual reading at 0 W.
#ifndef ABCDS_HAL_SIM_WIRE_TRUCKI_H_
#define ABCDS_HAL_SIM_WIRE_TRUCKI_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "hal/sim/wire/inverter_plant.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/units/time.h"

namespace abcds::sim {

struct TruckiBoardOptions {
  int model = 1000;    // 1000 or 2000
  int firmware = 109;  // 106: 1.06. Below that registers 6 and 7 are refused; up to 108 low setpoints jump.
  // How often the inverter's display line brings registers 1 to 3 up to date.
  Nanoseconds display_period = std::chrono::milliseconds(1300);
  // Before each answer. Users see 125 ms for a write and 210 ms for a read of all registers.
  Nanoseconds thinks{0};
};

class TruckiBoard final : public ModbusUnit {
 public:
  TruckiBoard(InverterPlant plant, const TruckiBoardOptions& options);

  uint8_t Read(uint16_t address, uint16_t count, std::vector<uint16_t>& values) override;
  uint8_t Write(uint16_t address, const std::vector<uint16_t>& values) override;
  bool Powered() override;
  [[nodiscard]] Nanoseconds thinks() const override { return options_.thinks; }

  // Any thread, at any time. The display line is cut: registers 1 to 3 stay as they are.
  void SetDisplayCut(bool cut) { display_cut_ = cut; }
  // Somebody pressed the button on the board: it calibrates for `steps` readings.
  void StartCalibration(int steps) { calibration_steps_ = steps; }
  // Writes to the DAC or to the calibration. A controller must never do that.
  [[nodiscard]] int forbidden_writes() const { return forbidden_writes_; }
  // Times the output jumped to its maximum because of a low setpoint.
  [[nodiscard]] int jumps() const { return jumps_; }

 private:
  void RefreshDisplay();
  void Obey(uint16_t setpoint);

  const InverterPlant plant_;
  const TruckiBoardOptions options_;
  bool powered_ = true;
  uint16_t setpoint_ = 0;
  std::array<uint16_t, 3> display_{};  // AC power, AC voltage, DC voltage
  MonotonicTime display_due_ = MonotonicTime::min();
  std::atomic<bool> display_cut_{false};
  std::atomic<int> calibration_steps_{0};
  std::atomic<int> forbidden_writes_{0};
  std::atomic<int> jumps_{0};
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_TRUCKI_H_
