// What can be broken in a site while it runs, as data: the console knows no device, a device knows no console.
#ifndef ABCDS_HAL_SIM_BREAKABLE_H_
#define ABCDS_HAL_SIM_BREAKABLE_H_

#include <functional>
#include <string>
#include <vector>

namespace abcds::sim {

// Comes, and goes by itself or when told. Called by the console's thread.
struct FaultKind {
  // What the word behind a fault's name means, and its range.
  struct Number {
    std::string name;  // "EVERY"; empty: there is none
    double low = 0;
    double high = 0;
    bool whole = true;
  };

  std::string name;  // "silent"
  Number number;
  std::function<void(double number)> begin;
  std::function<void()> end;
  // Of a fault that several devices can be told of, such as their adapter's: the same words for all. Begun by another
  // of them, it is still one fault.
  std::string shared;
  std::string ended_by;  // a command that ends it as well: "plug"
};

// Done once.
struct Action {
  std::string name;       // "replay"
  std::string arguments;  // for people: "COUNT"
  // Gets the rest of the line; false: it does not understand it.
  std::function<bool(const std::string& rest)> act;
};

struct Breakable {
  std::string name;  // the first word of its commands: "meter"
  std::vector<FaultKind> faults;
  std::vector<Action> actions;
};

// A fault that is only there or not.
[[nodiscard]] inline FaultKind Switch(const std::string& name, const std::function<void(bool)>& set) {
  return {.name = name,
          .number = {},
          .begin = [set](double) { set(true); },
          .end = [set] { set(false); },
          .shared = "",
          .ended_by = ""};
}

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_BREAKABLE_H_
