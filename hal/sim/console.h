// Commands that break a simulated site while it runs.
#ifndef ABCDS_HAL_SIM_CONSOLE_H_
#define ABCDS_HAL_SIM_CONSOLE_H_

#include <functional>
#include <string>
#include <vector>

#include "hal/sim/breakable.h"
#include "hal/sim/site.h"
#include "hal/units/time.h"

namespace abcds::sim {

// One command a line: `meter silent 20`, `lumentree unplug`, `load 800`, `help`. A number of seconds at the end lets a
// fault go away by itself.
class Console {
 public:
  // `site` must outlive it.
  explicit Console(Site& site);

  // Executes one line at simulated time `now`. Returns what to tell the person, possibly several lines; never ends the
  // program: quit() says that it was asked for.
  [[nodiscard]] std::string Execute(const std::string& line, Nanoseconds now);
  // Ends the faults that are due. Returns what ended, one line each.
  [[nodiscard]] std::string Tick(Nanoseconds now);
  [[nodiscard]] bool quit() const { return quit_; }
  // Names of the faults that are present, for the status line.
  [[nodiscard]] std::string Active() const;
  // What can be said to this site.
  [[nodiscard]] std::string Help() const;

 private:
  using Words = std::vector<std::string>;
  struct Fault {
    std::string name;
    std::string shared;  // as FaultKind; the name where it is nobody else's
    Nanoseconds until;   // max(): until told otherwise
    std::function<void()> end;
  };

  [[nodiscard]] std::string ExecuteOn(const Breakable& device, const Words& words, const std::string& rest,
                                      Nanoseconds now);
  // Begins a fault. `words` are what stands behind its name: a number where the kind has one, then perhaps seconds.
  [[nodiscard]] std::string Begin(const std::string& device, const FaultKind& kind, const Words& words,
                                  Nanoseconds now);
  // Ends all faults that are meant. One line each.
  std::string End(const std::function<bool(const Fault&)>& meant);
  [[nodiscard]] std::string Usage(const Breakable& device) const;
  [[nodiscard]] std::string Names() const;

  std::vector<Breakable> devices_;
  std::vector<Fault> faults_;
  bool quit_ = false;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_CONSOLE_H_
