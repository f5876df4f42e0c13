// abcdsd: keeps a house's grid power at its target with a battery. Here only flags, order and exit codes.
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "server/config/print.h"
#include "server/config/site.h"
#include "server/devices/registry.h"
#include "server/log/log.h"
#include "server/main/daemon.h"
#include "server/main/process.h"
#include "server/main/version.h"
#include "server/tool/tool.h"

ABSL_FLAG(std::string, config, "/etc/abcds/abcds.textproto", "The configuration file.");
ABSL_FLAG(bool, check, false, "Only check the configuration file: print every problem, touch no device, and end.");
ABSL_FLAG(std::string, print_config, "",
          "Print a commented configuration to start from for these devices, such as lumentree+mqtt, and end.");
ABSL_FLAG(
    bool, allow_non_realtime, false,
    "Run on where real-time priority or locked memory is refused. For a desk: control then comes late under load.");
ABSL_FLAG(std::string, log_level, "info", "Least important messages to log: debug, info, warning or error.");

namespace abcds {
namespace {

constexpr int kSuccess = 0;
constexpr int kFailure = 1;
constexpr int kWrongUsage = 2;

constexpr char kHelp[] =
    R"(abcdsd: keeps the grid power of a house at its target with a battery.

  abcdsd [--config=FILE]            run until SIGTERM or Ctrl-C; all converters then go to 0 W first
  abcdsd --check --config=FILE      check a configuration
  abcdsd --print_config=A+B         print a configuration to start from
  abcdsd --tool VERB ...            decode and other tools; this must be the first argument
  abcdsd --version

Flags:
)";

void PrintHelp() {
  std::fputs(kHelp, stdout);
  std::map<std::string, const absl::CommandLineFlag*> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    const std::string file = flag->Filename();
    const std::string own = "server/main/main.cc";
    if (file.size() >= own.size() && file.compare(file.size() - own.size(), own.size(), own) == 0) {
      flags.emplace(std::string(name.data(), name.size()), flag);
    }
  }
  for (const auto& [name, flag] : flags) {
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
      return kSuccess;
    }
    if (argument == "--version" || argument == "-version") {
      std::printf("abcdsd %s\n", kVersion);
      return kSuccess;
    }
  }
  return -1;
}

int PrintConfiguration(const std::string& devices) {
  const absl::StatusOr<std::string> text = PrintConfig(devices, KnownDevices());
  if (!text.ok()) {
    std::fprintf(stderr, "abcdsd: %s\n", std::string(text.status().message()).c_str());
    return kWrongUsage;
  }
  std::fputs(text->c_str(), stdout);
  return kSuccess;
}

// Waits until `done` has been written to; false when `limit` has passed. A signal meanwhile ends the process at once.
bool AwaitOrQuit(int done, Nanoseconds limit, StopSignals& signals, Log& log) {
  if (const int signal = signals.Wait(done, limit); signal != 0) {
    log.Error("ended at once by a second signal; the converters may not have confirmed 0 W");
    _exit(128 + signal);
  }
  eventfd_t count = 0;
  return eventfd_read(done, &count) == 0;
}

// Brings the converters to 0 W, within 3 s confirmed or not. Does not return.
[[noreturn]] void Stop(Daemon& daemon, StopSignals& signals, Log& log) {
  const int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
  std::thread([&daemon, done] {
    daemon.StopPlant();
    static_cast<void>(eventfd_write(done, 1));
    daemon.EndStreams();
    static_cast<void>(eventfd_write(done, 1));
  }).detach();
  if (!AwaitOrQuit(done, std::chrono::seconds(3), signals, log)) {
    log.Error("not all converters have confirmed 0 W within 3 s; check them");
    _exit(kFailure);
  }
  log.Info("all converters that answer are at 0 W");
  static_cast<void>(AwaitOrQuit(done, std::chrono::milliseconds(500), signals, log));
  log.Info("stopped");
  // Not exit(): joining network threads takes seconds, and nothing of them needs it.
  _exit(kSuccess);
}

int RunDaemon(const Site& site, Log& log) {
  PrepareProcess();
  StopSignals signals;
  // Never destroyed: see Daemon::EndStreams().
  Daemon& daemon = *new Daemon(site, absl::GetFlag(FLAGS_allow_non_realtime), log);
  if (absl::Status status = daemon.Start(); !status.ok()) {
    log.Error(std::string(status.message()));
    _exit(kFailure);
  }
  std::fputs(daemon.Greeting().c_str(), stdout);
  std::fflush(stdout);
  int signal = 0;
  while (signal == 0) {
    daemon.Tend();
    signal = signals.Wait(-1, std::chrono::seconds(1));
  }
  log.Info(std::string("stopping: ") + strsignal(signal));
  Stop(daemon, signals, log);
}

int Main(int argc, char** argv) {
  if (const int result = RunBesides({argv + 1, argv + argc}); result >= 0) return result;
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    std::fprintf(stderr, "abcdsd: \"%s\" is not a flag; the configuration is given as --config=FILE (see --help)\n",
                 rest[1]);
    return kWrongUsage;
  }
  const std::optional<LogLevel> level = ParseLogLevel(absl::GetFlag(FLAGS_log_level));
  if (!level) {
    std::fprintf(stderr, "abcdsd: --log_level is debug, info, warning or error\n");
    return kWrongUsage;
  }
  if (const std::string devices = absl::GetFlag(FLAGS_print_config); !devices.empty())
    return PrintConfiguration(devices);

  const std::string file = absl::GetFlag(FLAGS_config);
  const absl::StatusOr<Site> site = LoadSite(file, KnownDevices());
  if (!site.ok()) {
    // One line per problem, each with file and line: for people and editors, so without the log's prefix.
    std::fprintf(stderr, "%s\n", std::string(site.status().message()).c_str());
    return kFailure;
  }
  if (absl::GetFlag(FLAGS_check)) {
    std::printf("%s: good\n", file.c_str());
    return kSuccess;
  }
  LogOptions options;
  options.least = *level;
  options.journald = StandardErrorIsJournal();
  Log log(options);
  return RunDaemon(*site, log);
}

}  // namespace
}  // namespace abcds

int main(int argc, char** argv) { return abcds::Main(argc, argv); }
