#include "hal/sim/console.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace abcds::sim {
namespace {

constexpr char kTryHelp[] = "; try help";
constexpr double kLongestFaultS = 1e6;

// What stands behind the first `words` words of a line.
std::string RestOf(const std::string& line, int words) {
  size_t at = 0;
  for (int i = 0; i <= words; ++i) {
    at = line.find_first_not_of(" \t", at);
    if (at == std::string::npos) return "";
    if (i < words) at = std::min(line.find_first_of(" \t", at), line.size());
  }
  return line.substr(at);
}

std::string UsageOf(const std::string& device, const FaultKind& kind) {
  std::string usage = device;
  for (const std::string& word : {kind.name, kind.number.name}) {
    if (!word.empty()) absl::StrAppend(&usage, " ", word);
  }
  return usage + " [SECONDS]";
}

std::optional<double> Parse(const std::string& word, const FaultKind::Number& number) {
  double value = 0;
  // Written so that NaN fails.
  if (!absl::SimpleAtod(word, &value) || !(value >= number.low && value <= number.high)) return std::nullopt;
  if (number.whole && value != std::round(value)) return std::nullopt;
  return value;
}

// The load is nobody's device, and its one fault has no name.
Breakable LoadOf(SharedHouse& house) {
  return {.name = "load",
          .faults = {{.name = "",
                      .number = {.name = "WATTS", .low = -1e6, .high = 1e6, .whole = false},
                      .begin = [&house](double watts) { house.SetLoad(Watts(watts)); },
                      .end = [&house] { house.SetLoad(std::nullopt); },
                      .shared = "",
                      .ended_by = ""}},
          .actions = {}};
}

}  // namespace

Console::Console(Site& site) {
  for (const auto& device : site.devices()) {
    for (Breakable& breakable : device->Breakables()) devices_.push_back(std::move(breakable));
  }
  devices_.push_back(LoadOf(site.house()));
}

std::string Console::Usage(const Breakable& device) const {
  std::string switches;
  std::string lines;
  for (const FaultKind& kind : device.faults) {
    if (!kind.number.name.empty()) {
      absl::StrAppend(&lines, "  ", UsageOf(device.name, kind), "\n");
    } else {
      absl::StrAppend(&switches, switches.empty() ? "" : "|", kind.name);
    }
    if (!kind.ended_by.empty()) {
      absl::StrAppend(&lines, "  ", device.name, " ", kind.ended_by, "    ends ", kind.name, "\n");
    }
  }
  for (const Action& action : device.actions) {
    absl::StrAppend(&lines, "  ", device.name, " ", action.name, " ", action.arguments, "\n");
  }
  return absl::StrCat(switches.empty() ? "" : absl::StrCat("  ", device.name, " ", switches, " [SECONDS]\n"), lines,
                      "  ", device.name, " ok    ends all of these\n");
}

std::string Console::Help() const {
  std::string text =
      "A number of seconds at the end of a fault lets it go away by itself. EVERY: each EVERY-th reply.\n"
      "  mute: obeys, but does not answer      echo: an adapter that gives back what is sent\n"
      "  foreign: another master in between    corrupt: one wrong bit      garbled: so many percent of all bytes\n"
      "  stray: one byte more                  half: the first half only   pieces: so many bytes at once\n"
      "  limit: gives less than it is told     mains_off: dead; a lumentree comes back at full power\n";
  for (const Breakable& device : devices_) text += Usage(device);
  return text +
         "  ok        ends all faults\n"
         "  faults    which are present\n"
         "  quit";
}

std::string Console::Names() const {
  return absl::StrJoin(devices_, ", ", [](std::string* out, const Breakable& device) { out->append(device.name); });
}

std::string Console::Execute(const std::string& line, Nanoseconds now) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  if (words.empty()) return "";
  if (words[0] == "help" || words[0] == "?") return Help();
  if (words[0] == "ok") return End([](const Fault&) { return true; });
  if (words[0] == "faults") return faults_.empty() ? "none" : Active();
  if (words[0] == "quit") {
    quit_ = true;
    return "";
  }
  for (const Breakable& device : devices_) {
    if (device.name == words[0]) return ExecuteOn(device, words, RestOf(line, 2), now);
  }
  return absl::StrCat("unknown command ", words[0], ": this site has ", Names(), kTryHelp);
}

std::string Console::ExecuteOn(const Breakable& device, const Words& words, const std::string& rest, Nanoseconds now) {
  const std::string what = words.size() > 1 ? words[1] : "";
  if (what == "ok") {
    const std::string prefix = device.name + " ";
    return End([&](const Fault& fault) { return fault.name == device.name || fault.name.rfind(prefix, 0) == 0; });
  }
  for (const Action& action : device.actions) {
    if (action.name != what) continue;
    if (action.act(rest)) return "done";
    return absl::StrCat(device.name, " ", what, " ", action.arguments, kTryHelp);
  }
  for (const FaultKind& kind : device.faults) {
    if (!kind.ended_by.empty() && kind.ended_by == what) {
      const std::string id = kind.shared.empty() ? absl::StrCat(device.name, " ", kind.name) : kind.shared;
      return End([&](const Fault& fault) { return fault.shared == id; });
    }
    if (kind.name.empty()) return Begin(device.name, kind, Words(words.begin() + 1, words.end()), now);
    if (kind.name == what) return Begin(device.name, kind, Words(words.begin() + 2, words.end()), now);
  }
  return absl::StrCat("the ", device.name, " has no \"", what, "\"", kTryHelp);
}

std::string Console::Begin(const std::string& device, const FaultKind& kind, const Words& words, Nanoseconds now) {
  const std::string name = kind.name.empty() ? device : absl::StrCat(device, " ", kind.name);
  size_t at = 0;
  double number = 0;
  if (!kind.number.name.empty()) {
    const std::optional<double> parsed = words.empty() ? std::nullopt : Parse(words[at], kind.number);
    if (!parsed.has_value()) return absl::StrCat(UsageOf(device, kind), kTryHelp);
    number = *parsed;
    ++at;
  }
  double seconds = 0;
  if (words.size() > at && (!absl::SimpleAtod(words[at], &seconds) || !(seconds > 0 && seconds <= kLongestFaultS))) {
    return absl::StrCat("\"", words[at], "\" is no number of seconds", kTryHelp);
  }
  if (words.size() > at + 1) return absl::StrCat("too many words", kTryHelp);
  const std::string shared = kind.shared.empty() ? name : kind.shared;
  // Begun again, it gets a new end.
  faults_.erase(std::remove_if(faults_.begin(), faults_.end(), [&](const Fault& f) { return f.shared == shared; }),
                faults_.end());
  kind.begin(number);
  faults_.push_back({.name = name,
                     .shared = shared,
                     .until = seconds > 0 ? now + FromSeconds(seconds) : Nanoseconds::max(),
                     .end = kind.end});
  return seconds > 0 ? absl::StrCat(name, " for ", seconds, " s") : name;
}

std::string Console::End(const std::function<bool(const Fault&)>& meant) {
  Words ended;
  for (auto fault = faults_.begin(); fault != faults_.end();) {
    if (!meant(*fault)) {
      ++fault;
      continue;
    }
    fault->end();
    ended.push_back(absl::StrCat("over: ", fault->name));
    fault = faults_.erase(fault);
  }
  return ended.empty() ? "nothing to end" : absl::StrJoin(ended, "\n");
}

std::string Console::Tick(Nanoseconds now) {
  const auto due = [now](const Fault& fault) { return fault.until <= now; };
  return std::any_of(faults_.begin(), faults_.end(), due) ? End(due) : "";
}

std::string Console::Active() const {
  return absl::StrJoin(faults_, ", ", [](std::string* out, const Fault& fault) { out->append(fault.name); });
}

}  // namespace abcds::sim
