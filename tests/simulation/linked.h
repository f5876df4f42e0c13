// A converter of any kind behind a bad link: silent, slow, lying, deaf to 0 W, restarting by itself.
#ifndef ABCDS_TESTS_SIMULATION_LINKED_H_
#define ABCDS_TESTS_SIMULATION_LINKED_H_

#include <deque>

#include "hal/api/power_converter.h"
#include "hal/sim/house/converter_model.h"
#include "hal/sim/house/random.h"
#include "hal/units/time.h"

namespace abcds::simulation {

// Keeps the contract of all drivers as far as the link lets it: 0 W first, commands expire, what was not confirmed is told
// again, and so is what the reading contradicts.
class Linked final : public PowerConverter {
 public:
  Linked(sim::ConverterModel& model, sim::Random& random) : model_(model), random_(random) {}

  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] ThreadProgress progress() const noexcept override { return {}; }
  [[nodiscard]] ConverterState Latest() noexcept override { return state_; }
  void Command(const ConverterCommand& command) noexcept override { command_ = command; }

  void Step(MonotonicTime now);
  // Its power was away: it gives by itself what it gives after that.
  void Restart() { model_.Restart(); }

  bool silent = false;      // hears nothing, says nothing
  bool lossy = false;       // every second command or its confirmation is lost
  bool stuck = false;       // its reading stays what it is
  bool keeps_on = false;    // confirms 0 W, and does not obey it
  bool latched = false;     // confirms everything, and obeys nothing
  Nanoseconds delay = std::chrono::milliseconds(60);  // each way

 private:
  struct Told {
    MonotonicTime arrives_at;
    Watts power;
  };
  void Tell(MonotonicTime now);
  void Arrive(MonotonicTime now);
  void Read(MonotonicTime now);

  sim::ConverterModel& model_;
  sim::Random& random_;
  ConverterState state_;
  ConverterCommand command_;
  std::deque<Told> on_the_way_;
  Watts told_{1e9};  // unlike anything: 0 W comes first
  bool confirmed_ = false;
  MonotonicTime told_at_{};
  MonotonicTime heard_at_ = MonotonicTime::min();
  MonotonicTime read_at_{};
  MonotonicTime off_since_ = MonotonicTime::max();
  Watts reading_;
};

}  // namespace abcds::simulation

#endif  // ABCDS_TESTS_SIMULATION_LINKED_H_
