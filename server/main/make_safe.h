// Every converter to 0 W without a daemon: before one runs, after one has ended, and where none can be started.
#ifndef ABCDS_SERVER_MAIN_MAKE_SAFE_H_
#define ABCDS_SERVER_MAIN_MAKE_SAFE_H_

#include <cstdint>
#include <string>

#include "hal/units/time.h"
#include "server/config/site.h"
#include "server/log/log.h"

namespace abcds {

// Of one thread only, since it forks.
struct MakeSafe {
  enum class Voice : uint8_t {
    kPrinted,  // for people and service managers: a line for each converter on standard output
    kLogged,
    kSilent,
  };

  std::string state_dir;  // as --state_dir
  Nanoseconds limit;
  Voice voice;
  Log& log;
  std::string prefix{};  // of what is logged

  // Whether all have confirmed 0 W.
  [[nodiscard]] bool Of(const Site& site) const;

  enum class Outcome : uint8_t { kNothingKept, kUnconfirmed, kConfirmed };
  // Where the file `config` cannot be used: the converters of the one that regulated last under this path.
  [[nodiscard]] Outcome OfLast(const std::string& config) const;

 private:
  void Say(LogLevel level, const std::string& sentence) const;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_MAKE_SAFE_H_
