#include "server/main/make_safe.h"

#include <sys/prctl.h>

#include <csignal>
#include <cstdio>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/units/line_owner.h"
#include "server/devices/registry.h"
#include "server/devices/safe_state.h"
#include "server/state/last_config.h"
#include "server/state/state_file.h"

namespace abcds {

void MakeSafe::Say(LogLevel level, const std::string& sentence) const {
  if (voice == Voice::kLogged) log.Write(level, prefix + sentence);
  if (voice != Voice::kPrinted) return;
  // Each by one of several processes, all at once.
  std::printf("%s\n", sentence.c_str());
  std::fflush(stdout);
}

bool MakeSafe::Of(const Site& site) const {
  prctl(PR_SET_NAME, kSafeStateProcess);
  // A tcp:// port whose other end has gone.
  std::signal(SIGPIPE, SIG_IGN);
  const auto report = [this](const std::string& name, const absl::Status& status) {
    // What another daemon owns is in its care; who was refused because of that has said so.
    const bool owned = OwnerOf(status) == LineOwner::kDaemon;
    Say(status.ok() ? LogLevel::kInfo : owned ? LogLevel::kDebug : LogLevel::kError,
        name + ": " + (status.ok() ? "0 W confirmed" : std::string(status.message())));
  };
  return CommandSafeState(site, StateFile(state_dir, site.name), limit, report);
}

MakeSafe::Outcome MakeSafe::OfLast(const std::string& config) const {
  const LastConfig last(state_dir, config);
  const absl::StatusOr<std::string> text = last.Read();
  if (absl::IsNotFound(text.status())) return Outcome::kNothingKept;
  const absl::StatusOr<Site> site = text.ok() ? LoadSiteText(*text, last.path(), KnownDevices()) : text.status();
  if (!site.ok()) {
    Say(LogLevel::kError, "the configuration that regulated last cannot be used either: " +
                              std::string(site.status().message()));
    return Outcome::kUnconfirmed;
  }
  Say(LogLevel::kWarning, "with " + config + " as it is nobody regulates: the converters of the configuration that "
                          "regulated last (" + last.path() + ") are brought to 0 W");
  return Of(*site) ? Outcome::kConfirmed : Outcome::kUnconfirmed;
}

}  // namespace abcds
