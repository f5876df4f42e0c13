// abcdsd: keeps a house's grid power at its target with a battery. Here only flags, order and exit codes.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/print.h"
#include "server/config/site.h"
#include "server/devices/registry.h"
#include "server/guard/agreement.h"
#include "server/guard/guard.h"
#include "server/guard/guarded.h"
#include "server/log/log.h"
#include "server/main/flags.h"
#include "server/main/make_safe.h"
#include "server/main/ports.h"
#include "server/main/process.h"
#include "server/main/version.h"
#include "server/main/worker.h"
#include "server/tool/tool.h"

ABSL_FLAG(std::string, config, "/etc/abcds/abcds.textproto", "The configuration file.");
ABSL_FLAG(bool, check, false, "Only check the configuration file: print every problem, touch no device, and end.");
ABSL_FLAG(std::string, print_config, "",
          "Print a commented configuration to start from for these devices, such as lumentree+mqtt, and end.");
ABSL_FLAG(
    bool, allow_non_realtime, false,
    "Run on where real-time priority or locked memory is refused. For a desk: control then comes late under load.");
ABSL_FLAG(
    bool, safe_state, false,
    "Command 0 W to every converter without starting the daemon, one line for each, and end; status 0 only if all "
    "have confirmed. For a service manager's ExecStopPost, and for people.");
ABSL_FLAG(bool, observe, false,
          "Compute and explain everything, open and command no converter: the safe way to try it beside another "
          "controller. Nothing is kept in --state_dir.");
ABSL_FLAG(
    bool, no_guard, false,
    "For debugging: run in one process, without the small second one that sees the daemon die or hang, brings the "
    "converters to 0 W and starts it again. A crash then leaves the converters as they are.");
ABSL_FLAG(bool, wait_for_devices, false,
          "Start although not one serial port of the configuration is there, and wait for them to be plugged in.");
ABSL_FLAG(std::string, state_dir, "/var/lib/abcds",
          "Directory of the file that keeps what a restart must not forget: latched faults, disabled directions, counts "
          "of writes to memories that wear out, and the configuration that regulated last. Empty: nothing is kept.");
ABSL_FLAG(std::string, log_level, "info", "Least important messages to log: debug, info, warning or error.");

namespace abcds {
namespace {

constexpr char kNoConfigAdvice[] = "; give --config=FILE, or write one: abcdsd --print_config=lumentree+mqtt > FILE";

// From a shell; a serial adapter that is just coming back is worth the wait.
constexpr Nanoseconds kSafeStateLimit = std::chrono::seconds(10);
// By the guard, which tries again: how long a restart of the worker waits for a device that does not answer.
constexpr Nanoseconds kGuardedSafeStateLimit = std::chrono::milliseconds(2500);

constexpr char kSource[] = "server/main/main.cc";
constexpr char kHelp[] =
    R"(abcdsd: keeps the grid power of a house at its target with a battery.

  abcdsd [--config=FILE]            run until SIGTERM or Ctrl-C; all converters then go to 0 W first
  abcdsd --observe --config=FILE    the same without opening or commanding any converter
  abcdsd --check --config=FILE      check a configuration
  abcdsd --safe_state --config=FILE every converter to 0 W, now; then end
  abcdsd --print_config=A+B         print a configuration to start from
  abcdsd --tool VERB ...            decode and other tools; this must be the first argument
  abcdsd --version

Flags:
)";

void PrintHelp() {
  std::fputs(kHelp, stdout);
  for (const auto& [name, flag] : FlagsOf(kSource)) {
    std::printf("  --%-20s %s Default: %s.\n", name.c_str(), flag->Help().c_str(),
                flag->DefaultValue().empty() ? "none" : flag->DefaultValue().c_str());
  }
}

// Everything that is not the daemon itself: an exit code, or -1 to go on.
int RunBesides(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "--tool") return RunTool({arguments.begin() + 1, arguments.end()});
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h" || argument == "-help") {
      PrintHelp();
      return kExitOk;
    }
    if (argument == "--version" || argument == "-version") {
      std::printf("abcdsd %s\n", kVersion);
      return kExitOk;
    }
  }
  return -1;
}

int PrintConfiguration(const std::string& devices) {
  const absl::StatusOr<std::string> text = PrintConfig(devices, KnownDevices());
  if (!text.ok()) {
    std::fprintf(stderr, "abcdsd: %s\n", std::string(text.status().message()).c_str());
    return kExitUsage;
  }
  std::fputs(text->c_str(), stdout);
  return kExitOk;
}

// An observer changes nothing, and what it would have latched or learned is nothing to remember.
std::string StateDir() { return absl::GetFlag(FLAGS_observe) ? "" : absl::GetFlag(FLAGS_state_dir); }

MakeSafe Safely(MakeSafe::Voice voice, Nanoseconds limit, Log& log) {
  return {.state_dir = StateDir(), .limit = limit, .voice = voice, .log = log};
}

int RunSafeState(const Site& site, bool guarded, Log& log) {
  MakeSafe safe = guarded ? Safely(MakeSafe::Voice::kLogged, kGuardedSafeStateLimit, log)
                          : Safely(MakeSafe::Voice::kPrinted, kSafeStateLimit, log);
  safe.prefix = "guard: ";
  return safe.Of(site) ? kExitOk : kExitUnconfirmed;
}

// The configuration cannot be used, and that has been said: nobody will regulate, so what regulated last is stopped. An
// inverter that starts at full power by itself must not be left so.
int RefuseConfig(const std::string& file, Log& log) {
  if (absl::GetFlag(FLAGS_observe)) return kExitRefused;
  if (!absl::GetFlag(FLAGS_safe_state)) {
    static_cast<void>(Safely(MakeSafe::Voice::kLogged, kGuardedSafeStateLimit, log).OfLast(file));
    return kExitRefused;
  }
  switch (Safely(MakeSafe::Voice::kPrinted, kSafeStateLimit, log).OfLast(file)) {
    case MakeSafe::Outcome::kConfirmed:
      return kExitOk;
    case MakeSafe::Outcome::kUnconfirmed:
      return kExitUnconfirmed;
    case MakeSafe::Outcome::kNothingKept:
      std::fprintf(stderr, "no converter was commanded: no configuration is kept that regulated before\n");
  }
  return kExitRefused;
}

// This process as the guard; the others are started with the arguments that it got.
int RunGuard(int argc, char** argv, std::string config, Log& log) {
  GuardOptions options;
  options.worker = {argv[0], kGuardedArgument + std::to_string(getpid())};
  options.worker.insert(options.worker.end(), argv + 1, argv + argc);
  // What was there at the start may be unplugged now, and will be back.
  options.restarted_worker = options.worker;
  options.restarted_worker.push_back("--wait_for_devices");
  if (!absl::GetFlag(FLAGS_observe)) {
    options.safe_state = options.worker;
    options.safe_state.push_back("--safe_state");
  }
  options.config = std::move(config);
  return Guard(std::move(options), log).Run();
}

// Descriptors 0 to 2 exist from here on: no device gets one of them, and with it what is meant for people.
void OpenStandardDescriptors() {
  int fd = 0;
  do {
    fd = open("/dev/null", O_RDWR);  // NOLINT(android-cloexec-open): children have them as well
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO) close(fd);
}

LogOptions LogOptionsFor(LogLevel least) {
  LogOptions options;
  options.least = least;
  options.journald = StandardErrorIsJournal();
  return options;
}

// The configuration of this process: handed down by the guard, or the file's.
absl::StatusOr<std::string> ConfigText(bool guarded, const std::string& file) {
  if (guarded) return ReadHandedConfig();
  return ReadConfigFile(file);
}

// `guard`: the guard's process id, where this process was started by one. `argv` is without the argument that said so.
int RunChosen(int argc, char** argv, std::optional<pid_t> guard) {
  if (const std::string problem = PrepareFlags(FlagsOf(kSource), argc, argv); !problem.empty()) {
    std::fprintf(stderr, "abcdsd: %s\n", problem.c_str());
    return kExitUsage;
  }
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    std::fprintf(stderr, "abcdsd: \"%s\" is not a flag; the configuration is given as --config=FILE (see --help)\n",
                 rest[1]);
    return kExitUsage;
  }
  const std::optional<LogLevel> level = ParseLogLevel(absl::GetFlag(FLAGS_log_level));
  if (!level) {
    std::fprintf(stderr, "abcdsd: --log_level is debug, info, warning or error\n");
    return kExitUsage;
  }
  if (const std::string devices = absl::GetFlag(FLAGS_print_config); !devices.empty())
    return PrintConfiguration(devices);

  if (absl::GetFlag(FLAGS_observe) && absl::GetFlag(FLAGS_safe_state)) {
    std::fprintf(stderr, "abcdsd: --observe commands nothing, --safe_state commands 0 W: leave one of them out\n");
    return kExitUsage;
  }

  const bool guarded = guard.has_value();
  const bool check = absl::GetFlag(FLAGS_check);
  const bool safe_state = absl::GetFlag(FLAGS_safe_state);
  if (!guarded && !check) NeverWaitForReaders();
  Log log(LogOptionsFor(*level));
  const std::string file = absl::GetFlag(FLAGS_config);
  absl::StatusOr<std::string> text = ConfigText(guarded, file);
  if (!text.ok()) {
    const bool missing = absl::IsNotFound(text.status());
    std::fprintf(stderr, "%s%s\n", std::string(text.status().message()).c_str(), missing ? kNoConfigAdvice : "");
    return check ? kExitRefused : RefuseConfig(file, log);
  }
  // What is wrong in the file, the worker says: here nothing is done that takes memory or could fail.
  if (!guarded && !absl::GetFlag(FLAGS_no_guard) && !check && !safe_state)
    return RunGuard(argc, argv, *std::move(text), log);

  const absl::StatusOr<Site> site = LoadSiteText(*text, file, KnownDevices());
  if (!site.ok()) {
    // One line per problem, each with file and line: for people and editors, so without the log's prefix.
    std::fprintf(stderr, "%s\n", std::string(site.status().message()).c_str());
    return check ? kExitRefused : RefuseConfig(file, log);
  }
  if (check) {
    std::printf("%s: good\n", file.c_str());
    return kExitOk;
  }
  if (safe_state) return RunSafeState(*site, guarded, log);
  if (!absl::GetFlag(FLAGS_wait_for_devices) && !absl::GetFlag(FLAGS_observe)) {
    if (const absl::Status ports = CheckPorts(*site); !ports.ok()) {
      log.Error(std::string(ports.message()));
      // What needs none of them, such as a plug, may be running.
      static_cast<void>(Safely(MakeSafe::Voice::kSilent, kGuardedSafeStateLimit, log).Of(*site));
      return kExitRefused;
    }
  }
  if (guarded) FollowTheGuard(*guard);
  RunWorker(*site,
            {.daemon = {.allow_non_realtime = absl::GetFlag(FLAGS_allow_non_realtime),
                        .observe = absl::GetFlag(FLAGS_observe)},
             .state_dir = StateDir(),
             .config = file,
             .config_text = *std::move(text),
             .guard = guard},
            log);
}

int Main(int argc, char** argv) {
  OpenStandardDescriptors();
  std::optional<pid_t> guard;
  if (argc > 1) guard = ParseGuardedArgument(argv[1]);
  if (guard.has_value()) {
    if (!TakeDescriptors()) {
      std::fprintf(stderr, "abcdsd: %s is for the guard's own use\n", kGuardedArgument);
      return kExitUsage;
    }
    std::rotate(argv + 1, argv + 2, argv + argc);
    return RunChosen(argc - 1, argv, guard);
  }
  if (const int result = RunBesides({argv + 1, argv + argc}); result >= 0) return result;
  return RunChosen(argc, argv, guard);
}

}  // namespace
}  // namespace abcds

int main(int argc, char** argv) { return abcds::Main(argc, argv); }
