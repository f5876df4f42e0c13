// Commands that break a simulated site while it runs.
#ifndef ABCDS_HAL_SIM_CONSOLE_H_
#define ABCDS_HAL_SIM_CONSOLE_H_

#include <functional>
#include <string>
#include <vector>

#include "hal/sim/site.h"
#include "hal/units/time.h"

namespace abcds::sim {

// One command a line: `meter silent 20`, `lumentree unplug`, `load 800`, `help`. A number of seconds at the end lets a
// fault go away by itself.
class Console {
 public:
  explicit Console(Site& site) : site_(site) {}

  // Executes one line at simulated time `now`. Returns what to tell the person, possibly several lines; never ends the
  // program: quit() says that it was asked for.
  [[nodiscard]] std::string Execute(const std::string& line, Nanoseconds now);
  // Ends the faults that are due. Returns what ended, one line each.
  [[nodiscard]] std::string Tick(Nanoseconds now);
  [[nodiscard]] bool quit() const { return quit_; }
  // Names of the faults that are present, for the status line.
  [[nodiscard]] std::string Active() const;
  [[nodiscard]] static std::string Help();

 private:
  using Words = std::vector<std::string>;
  struct Fault {
    std::string name;
    Nanoseconds until;  // max(): until told otherwise
    std::function<void()> undo;
  };

  std::string Meter(const Words& words, Nanoseconds now);
  std::string Shelly(const Words& words, Nanoseconds now);
  std::string Broker(const Words& words, Nanoseconds now);
  std::string Lumentree(const Words& words, Nanoseconds now);
  std::string Bms(const Words& words, Nanoseconds now);
  std::string LineFault(const Words& words, Nanoseconds now);
  std::string Load(const Words& words, Nanoseconds now);
  // Begins a fault; the word at `at`, if any, is how many seconds it lasts.
  std::string Begin(const std::string& name, const Words& words, size_t at, Nanoseconds now,
                    const std::function<void()>& make, std::function<void()> undo);
  // Ends all faults whose name begins with `prefix`.
  std::string End(const std::string& prefix);

  Site& site_;
  std::vector<Fault> faults_;
  bool quit_ = false;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_CONSOLE_H_
