// A charger behind a plug: the driver's real session, and a Shelly of generation 1 without a meter at its other end.
#ifndef ABCDS_TESTS_SIMULATION_PLUG_H_
#define ABCDS_TESTS_SIMULATION_PLUG_H_

#include <string>

#include "hal/api/power_converter.h"
#include "hal/drivers/switched_charger/session.h"
#include "hal/sim/house/converter_model.h"
#include "hal/units/time.h"

namespace abcds::simulation {

// Paths and answers are written down here once more, from the vendor's documentation.
class PlugCharger final : public PowerConverter {
 public:
  PlugCharger(sim::ConverterModel& model, const switched_charger::ChargerRating& rating);

  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] ThreadProgress progress() const noexcept override { return {}; }
  [[nodiscard]] ConverterState Latest() noexcept override { return session_.StateAt(now_); }
  void Command(const ConverterCommand& command) noexcept override { session_.SetCommand(command); }

  void Step(MonotonicTime now);

  // What is wrong with it, from now on.
  bool silent = false;              // hears nothing, says nothing
  bool deaf = false;                // hears, says yes, and does nothing
  Nanoseconds answers_after = std::chrono::milliseconds(60);
  // Its power was away: the relay is as the plug likes it then.
  void Reboot(bool on) { Switch(on); }
  void PressButton() { Switch(!on_); }

  [[nodiscard]] bool on() const { return on_; }
  [[nodiscard]] int clicks() const { return clicks_; }

 private:
  void Switch(bool on);
  [[nodiscard]] std::string Answer(const std::string& path);

  sim::ConverterModel& model_;
  switched_charger::Session session_;
  MonotonicTime now_{};
  bool on_ = false;
  int clicks_ = 0;
  MonotonicTime off_at_ = MonotonicTime::max();
  bool asked_ = false;
  std::string path_;
  MonotonicTime asked_at_{};
};

}  // namespace abcds::simulation

#endif  // ABCDS_TESTS_SIMULATION_PLUG_H_
