#include "clients/verbs.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/control_verbs.h"
#include "clients/device_verbs.h"
#include "clients/help.h"
#include "clients/state_verbs.h"
#include "clients/tool_verbs.h"

namespace abcds {
namespace {

constexpr char kDefaultAddress[] = "127.0.0.1:50051";

int RunHelp(const Invocation& invocation);
int RunCompletion(const Invocation& invocation);

constexpr Option kCommonOptions[] = {
    {"address", "HOST:PORT", "where the daemon is (default: ABCDS_ADDRESS or 127.0.0.1:50051)"},
    {"json", "", "prints JSON, with the field names of the .proto files"},
    {"timeout", "TIME", "longest wait for an answer (default 5s)"},
    {"abcdsd", "PATH", "the daemon's binary, for verbs that need it"},
    {"help", "", "what this verb does"},
};

constexpr Option kWatchOptions[] = {
    {"interval", "TIME", "shortest time between two states (default 1s)"},
    {"count", "N", "ends after N states (default: never)"},
};
constexpr Option kTopOptions[] = {{"interval", "TIME", "time between two redraws (default 1s)"}};
constexpr Option kLeaseOptions[] = {{"lease", "TIME", "how long it holds, up to 7d (default 15m)"}};
constexpr Option kModeOptions[] = {
    {"power", "POWER", "forced: 500W charges, -500W discharges"},
    {"until-soc", "PERCENT", "forced: ends when the battery's state of charge has passed this"},
    {"lease", "TIME", "how long it holds, up to 7d (default 15m)"},
};
constexpr Option kMeanwellOptions[] = {
    {"config", "FILE", "whose DEVICE is meant (default: /etc/abcds/abcds.textproto)"},
    {"can", "PORT", "in place of DEVICE: interface, device node of an SLCAN adapter, or tcp://HOST:PORT"},
    {"type", "npb|bic", "with --can: which family"},
    {"unit", "HEX", "with --can: its address on the bus (default: 03, of a BIC 00)"},
    {"state-dir", "DIR", "where writes to its memory are counted (default: /var/lib/abcds)"},
    {"yes", "", "commission: does not ask"},
};
constexpr Option kClearOptions[] = {{"device", "NAME", "only the fault of this device"}};
constexpr std::string_view kShells[] = {"bash", "zsh"};

constexpr Verb kVerbs[] = {
    {.name = "status",
     .arguments = "",
     .summary = "shows the plant now",
     .details = "",
     .options = {},
     .choices = {},
     .run = RunStatus},
    {.name = "watch",
     .arguments = "",
     .summary = "prints a line for each new state",
     .details = "Ends with Ctrl-C, or when the daemon ends (exit code 3). With --json: one JSON object a line.\n",
     .options = kWatchOptions,
     .choices = {},
     .run = RunWatch},
    {.name = "top",
     .arguments = "",
     .summary = "the plant as a live screen",
     .details = "Ends with q or Ctrl-C. Needs a terminal, 80x24 is enough.\n",
     .options = kTopOptions,
     .choices = {},
     .run = RunTop},
    {.name = "explain",
     .arguments = "",
     .summary = "says why the setpoints are what they are",
     .details = "",
     .options = {},
     .choices = {},
     .run = RunExplain},
    {.name = "enable",
     .arguments = "charger|discharger",
     .summary = "allows charging or discharging",
     .details = "Undoes `disable`. What the configuration forbids is forbidden again after the next restart.\n",
     .options = {},
     .choices = kDirections,
     .words_min = 1,
     .words_max = 1,
     .run = RunEnable},
    {.name = "disable",
     .arguments = "charger|discharger",
     .summary = "forbids charging or discharging",
     .details = "Stays so over restarts, upgrades and changes of the configuration, until `enable`.\n",
     .options = {},
     .choices = kDirections,
     .words_min = 1,
     .words_max = 1,
     .run = RunDisable},
    {.name = "target",
     .arguments = "POWER",
     .summary = "the grid power to hold, + imports",
     .details = "A lease: falls back to the configured target by itself.\n",
     .options = kLeaseOptions,
     .choices = {},
     .words_min = 1,
     .words_max = 1,
     .run = RunTarget},
    {.name = "mode",
     .arguments = "MODE",
     .summary = "sets the mode of operation",
     .details = "automatic       holds the grid at the target\n"
                "idle            0 W\n"
                "observe         computes and explains everything, holds every converter at 0 W\n"
                "charge-only     automatic, but never discharges\n"
                "discharge-only  automatic, but never charges\n"
                "forced          charges or discharges with --power, until --until-soc or the lease's end\n"
                "All but automatic are leases: they fall back to automatic by themselves.\n",
     .options = kModeOptions,
     .choices = kModes,
     .words_min = 1,
     .words_max = 1,
     .run = RunMode},
    {.name = "clear-fault",
     .arguments = "[ID]",
     .summary = "clears latched faults whose cause has gone",
     .details = "Without an ID: all that can be cleared. IDs are shown by `abcdsctl status`.\n",
     .options = kClearOptions,
     .choices = {},
     .words_max = 1,
     .run = RunClearFault},
    {.name = "device",
     .arguments = "list|scan|probe|read|write ...",
     .summary = "finds and asks devices, also those of no configuration",
     .details = kDeviceDetails,
     .options = kDeviceOptions,
     .choices = kDeviceActions,
     .words_min = 1,
     .words_max = 40,
     .run = RunDeviceVerb},
    {.name = "config",
     .arguments = "check FILE | print DEVICES",
     .summary = "checks a configuration, or prints one to start from",
     .details = "check FILE     reports all problems of a file at once, with line and what is allowed\n"
                "print DEVICES  a commented file for a set of devices, for example lumentree+mqtt\n"
                "Both work without a running daemon.\n",
     .options = {},
     .choices = kConfigActions,
     .words_min = 2,
     .words_max = 2,
     .run = RunConfig},
    {.name = "decode",
     .arguments = "DEVICE [--request HEX] [--set KEY=VALUE]... [HEX...]",
     .summary = "what a device's bytes mean, as JSON",
     .details = "Runs exactly the driver's decoder, without a daemon. Text bodies (plain numbers, JSON) come on "
                "standard input.\n"
                "`abcdsctl decode --list` shows the devices.\n",
     .options = {},
     .choices = {},
     .words_min = 1,
     .words_max = 1000,
     .raw = true,
     .run = RunDecode},
    {.name = "meanwell",
     .arguments = "VERB [VALUE] [DEVICE]",
     .summary = "ask and set up a Mean Well device",
     .details = "The verbs of the original's mwcancmd (on, off, vread, cvset, ...), with values in units: 27.6V, 7.2A; an\n"
                "integer alone is the device's raw value. `abcdsctl meanwell commission DEVICE` sets it up for this\n"
                "system step by step; `abcdsctl meanwell help` shows all verbs. While a daemon drives the device, reading shows\n"
                "what the daemon has, and nothing is written.\n",
     .options = kMeanwellOptions,
     .choices = {},
     .words_min = 1,
     .words_max = 1000,
     .raw = true,
     .run = RunMeanwell},
    {.name = "version",
     .arguments = "",
     .summary = "versions of this program and of the daemon",
     .details = "",
     .options = {},
     .choices = {},
     .run = RunVersion},
    {.name = "completion",
     .arguments = "bash|zsh",
     .summary = "prints a completion script for a shell",
     .details = "In bash: source <(abcdsctl completion bash)\n",
     .options = {},
     .choices = kShells,
     .words_min = 1,
     .words_max = 1,
     .run = RunCompletion},
    {.name = "help",
     .arguments = "[VERB]",
     .summary = "this overview, or all about one verb",
     .details = "",
     .options = {},
     .choices = {},
     .words_max = 1,
     .run = RunHelp},
};

const Verb* FindVerb(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const Verb& verb) { return verb.name == name; });
  return found == std::end(kVerbs) ? nullptr : found;
}

int NoSuchVerb(const Invocation& invocation, const std::string& word) {
  std::vector<std::string_view> names;
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  const std::string closest = Closest(word, names);
  return invocation.UsageError(absl::StrCat("there is no verb \"", word, "\"",
                                            closest.empty() ? "" : absl::StrCat("; did you mean ", closest, "?")));
}

int RunHelp(const Invocation& invocation) {
  if (invocation.line.words.empty()) {
    invocation.out << OverviewText(kVerbs, kCommonOptions);
    return kExitOk;
  }
  const Verb* const verb = FindVerb(invocation.line.words[0]);
  if (verb == nullptr) return NoSuchVerb(invocation, invocation.line.words[0]);
  invocation.out << VerbText(*verb, kCommonOptions);
  return kExitOk;
}

int RunCompletion(const Invocation& invocation) {
  invocation.out << CompletionScript(invocation.line.words[0], kVerbs, kCommonOptions);
  return kExitOk;
}

// Checks number and choice of the words; the sentence of what is wrong, or "".
std::string WordsProblem(const Verb& verb, const std::vector<std::string>& words) {
  const std::string usage =
      absl::StrCat("abcdsctl ", std::string(verb.name), verb.arguments.empty() ? "" : " ", std::string(verb.arguments));
  if (words.size() > verb.words_max) {
    return absl::StrCat("\"", words[verb.words_max], "\" is one too many: ", usage);
  }
  const std::string choices =
      absl::StrJoin(verb.choices, ", ", [](std::string* out, std::string_view choice) { out->append(choice); });
  if (!words.empty() && !verb.choices.empty() &&
      std::find(verb.choices.begin(), verb.choices.end(), words[0]) == verb.choices.end()) {
    const std::string closest = Closest(words[0], verb.choices);
    return absl::StrCat("\"", words[0], "\" is none of ", choices,
                        closest.empty() ? "" : absl::StrCat("; did you mean ", closest, "?"));
  }
  if (words.size() < verb.words_min) {
    return absl::StrCat("something is missing: ", usage, choices.empty() ? "" : absl::StrCat(" (", choices, ")"));
  }
  return "";
}

// Takes `--name value` or `--name=value` out of a raw command line.
std::optional<std::string> TakeOption(std::vector<std::string>& raw, const std::string& name) {
  for (auto at = raw.begin(); at != raw.end(); ++at) {
    const bool own_word = *at == name && at + 1 != raw.end();
    if (!own_word && !absl::StartsWith(*at, name + "=")) continue;
    std::string value = own_word ? *(at + 1) : at->substr(name.size() + 1);
    raw.erase(at, at + (own_word ? 2 : 1));
    return value;
  }
  return std::nullopt;
}

// Fills everything of the invocation that comes from the command line.
absl::Status Parse(std::span<const std::string> arguments, size_t verb_at, const Verb& verb, Invocation& invocation) {
  std::vector<std::string> parsed(arguments.begin(), arguments.begin() + static_cast<ptrdiff_t>(verb_at));
  if (verb_at < arguments.size())
    invocation.raw.assign(arguments.begin() + static_cast<ptrdiff_t>(verb_at) + 1, arguments.end());
  if (!verb.raw) parsed.insert(parsed.end(), invocation.raw.begin(), invocation.raw.end());
  std::vector<Option> options(std::begin(kCommonOptions), std::end(kCommonOptions));
  // A raw verb's own ones are read by the tool.
  if (!verb.raw) options.insert(options.end(), verb.options.begin(), verb.options.end());
  auto line = ParseCommandLine(parsed, options);
  if (!line.ok()) return line.status();
  invocation.line = *std::move(line);
  invocation.json = invocation.line.Has("json");
  if (verb.raw) {  // what every verb takes is ours even among the tool's own
    for (const Option& option : kCommonOptions) {
      const std::string name(option.name);
      if (option.value.empty()) continue;
      if (auto value = TakeOption(invocation.raw, "--" + name)) invocation.line.options[name] = *std::move(value);
    }
    if (std::erase(invocation.raw, "--json") > 0) invocation.json = true;
    if (std::erase(invocation.raw, "--help") > 0) invocation.line.options.emplace("help", "");
  }
  invocation.abcdsd = invocation.line.Get("abcdsd", "");
  invocation.address =
      invocation.line.Get("address", invocation.address.empty() ? kDefaultAddress : invocation.address);
  const auto timeout = ParseDuration(invocation.line.Get("timeout", "5s"));
  if (!timeout.ok())
    return absl::InvalidArgumentError(absl::StrCat("--timeout: ", std::string(timeout.status().message())));
  invocation.timeout = *timeout;
  return absl::OkStatus();
}

}  // namespace

std::span<const Verb> Verbs() { return kVerbs; }

std::span<const Option> CommonOptions() { return kCommonOptions; }

int RunCommand(std::span<const std::string> arguments, const Surroundings& surroundings) {
  Invocation invocation{.verb = "",
                        .line = {},
                        .raw = {},
                        .address = surroundings.address,
                        .abcdsd = "",
                        .out = surroundings.out,
                        .err = surroundings.err};
  const size_t verb_at = FirstWord(arguments, kCommonOptions);
  const Verb* verb = FindVerb("help");
  if (verb_at < arguments.size()) {
    verb = FindVerb(arguments[verb_at]);
    if (verb == nullptr) return NoSuchVerb(invocation, arguments[verb_at]);
    invocation.verb = std::string(verb->name);
  }
  const absl::Status parsed = Parse(arguments, verb_at, *verb, invocation);
  if (!parsed.ok()) return invocation.UsageError(std::string(parsed.message()));
  if (invocation.line.Has("help") && !invocation.verb.empty()) {
    invocation.out << VerbText(*verb, kCommonOptions);
    return kExitOk;
  }
  const std::string problem = WordsProblem(*verb, verb->raw ? invocation.raw : invocation.line.words);
  if (!problem.empty()) return invocation.UsageError(problem);
  const int code = verb->run(invocation);
  return arguments.empty() ? kExitUsage : code;  // a bare `abcdsctl` shows the overview, but was no command
}

}  // namespace abcds
