// A Mean Well BIC-2200 or NPB as the CAN bus shows it, with its memory, its modes and a battery at its terminals.
//
// Source: BIC-2200 manual (edition 2024-10), the NPB manual as public projects quote it, and what users reported.
// Assumed, and therefore options: what happens to values out of range, the silence after AC on, how long a start takes.
#ifndef ABCDS_HAL_SIM_WIRE_MEANWELL_H_
#define ABCDS_HAL_SIM_WIRE_MEANWELL_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/sim/wire/can_line.h"
#include "hal/transport/can_client.h"
#include "hal/units/time.h"

namespace abcds::sim {

struct MeanwellOptions {
  std::string model = "NPB-1200-24";  // as it reports itself
  uint8_t unit = 3;
  std::string serial = "241105000042";
  bool old_firmware = false;       // EEPROM off sticks for 0.2 s only; no CHG_RST_VBAT, no fan speed
  bool clamps = true;              // values out of range become the nearest limit; else they are ignored
  uint16_t system_config = 0;      // 0: an NPB that starts off; a BIC needs bit 0 as well
  uint16_t curve_config = 0x0004;  // NPB: power supply mode
  uint16_t bidirectional_config = 1;
  bool on = false;  // OPERATION, as a dead controller has left it
  double efficiency = 0.93;
  double noise_steps = 2;                                     // of 10 mV and 10 mA, either way
  double voltage_offset_v = 0;                                // of its read-back, stable
  Nanoseconds start_takes = std::chrono::milliseconds(1200);  // OPERATION on to current
  Nanoseconds silent_after_ac = std::chrono::milliseconds(1500);
  double ramp_a_per_s = 0;  // 0: its largest current in 0.25 s
};

// What is wrong with it now.
struct MeanwellFaults {
  bool silent = false;             // hears and obeys nothing
  bool mute = false;               // obeys, and never answers
  bool ignores_setpoints = false;  // as one in charger mode
  bool stuck_readings = false;     // measured values stay what they are
  bool remote_off = false;         // the bridge at its remote pins is open
  bool drops_hasty = false;        // requests less than 20 ms after the one before
  bool keeps_on = false;           // its output stays on, whatever OPERATION says
  std::string model_text{};        // what it calls itself instead of its model
  int wrong_command_every = 0;     // n-th answers that name another command
  uint16_t fault_bits = 0;         // of FAULT_STATUS, besides OP_OFF; those that stop the output do
  uint16_t status_bits = 0;        // of SYSTEM_STATUS
  Nanoseconds delay = std::chrono::milliseconds(3);
};

// All methods from any thread; `now` never goes back.
class MeanwellDevice final : public SimCanDevice {
 public:
  // InvalidArgument: a model that this simulator does not have.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<MeanwellDevice>> Make(const MeanwellOptions& options);

  [[nodiscard]] std::vector<Answer> OnFrame(const CanFrame& frame, MonotonicTime now) override;
  [[nodiscard]] bool Powered() override;

  // The battery at its terminals: what it has without current, and its resistance with the cables.
  void SetBattery(double open_voltage_v, double resistance_ohm);
  // AC away and back: stored values return, and OPERATION is what SYSTEM_CONFIG says.
  void SetMains(bool present, MonotonicTime now);
  void SetFaults(const MeanwellFaults& faults);
  [[nodiscard]] MeanwellFaults faults() const;
  // Somebody else writes to it.
  void Overwrite(uint16_t command, uint16_t raw);

  // + charges.
  [[nodiscard]] double dc_current_a(MonotonicTime now);
  [[nodiscard]] double ac_power_w(MonotonicTime now);
  [[nodiscard]] double dc_voltage_v(MonotonicTime now);
  [[nodiscard]] uint16_t Value(uint16_t command) const;
  [[nodiscard]] uint64_t eeprom_writes() const;
  // Writes of anything, by command.
  [[nodiscard]] std::map<uint16_t, uint64_t> writes() const;
  // What it was told, after each write of OPERATION, direction or a current: + charges, 0 while off.
  [[nodiscard]] std::vector<double> told_a() const;
  [[nodiscard]] size_t told_count() const;

 private:
  struct Ratings {
    const char* model;
    bool bic;
    double voltage_min, voltage_max;
    double charge_min, charge_max;
    double discharge_min, discharge_max;
    double rated_w;
  };
  static const Ratings kRatings[];

  MeanwellDevice(const MeanwellOptions& options, const Ratings& ratings);
  void StartWithStored(MonotonicTime now);
  void Advance(MonotonicTime now);
  [[nodiscard]] double GoalCurrent() const;
  [[nodiscard]] bool Delivers(MonotonicTime now) const;
  [[nodiscard]] uint16_t StopBits() const;
  void Write(uint16_t command, uint16_t raw, MonotonicTime now);
  void Store(uint16_t command, uint16_t raw);
  [[nodiscard]] uint16_t InRange(uint16_t command, uint16_t raw, uint16_t old) const;
  [[nodiscard]] std::vector<uint8_t> Read(uint16_t command, MonotonicTime now);
  [[nodiscard]] std::vector<uint8_t> Measured(uint16_t command, double value, double step, double noise_steps);
  [[nodiscard]] double Noise();
  void NoteTold();

  const MeanwellOptions options_;
  const Ratings& ratings_;

  mutable std::mutex mutex_;
  MeanwellFaults faults_;
  std::map<uint16_t, uint16_t> values_;  // as they are read back
  std::map<uint16_t, uint16_t> stored_;  // as they come back after AC off
  bool charger_mode_ = false;            // as of its last start
  bool battery_mode_ = true;
  bool mains_ = true;
  uint16_t latched_ = 0;
  MonotonicTime answers_from_ = MonotonicTime::min();
  MonotonicTime delivers_from_ = MonotonicTime::max();
  MonotonicTime forgets_config_at_ = MonotonicTime::max();
  MonotonicTime asked_at_ = MonotonicTime::min();
  MonotonicTime advanced_to_ = MonotonicTime::min();
  double open_voltage_v_ = 0;
  double resistance_ohm_ = 0.012;
  double current_a_ = 0;
  std::map<uint16_t, std::vector<uint8_t>> last_read_;
  uint64_t answers_ = 0;
  uint64_t eeprom_writes_ = 0;
  std::map<uint16_t, uint64_t> writes_;
  std::vector<double> told_a_;
  uint32_t random_ = 1;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_MEANWELL_H_
