#include "hal/sim/console.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace abcds::sim {
namespace {

using MeterFault = MqttMeterWire::Fault;
using ShellyFault = ShellyMeterWire::Fault;

const std::map<std::string, MeterFault>& MeterFaults() {
  static const auto* const kFaults = new std::map<std::string, MeterFault>{
      {"silent", MeterFault::kSilent},
      {"garbage", MeterFault::kGarbage},
      {"nan", MeterFault::kNan},
      {"empty", MeterFault::kEmpty},
      {"implausible", MeterFault::kImplausible},
      {"flip", MeterFault::kFlipped},
      {"kilowatts", MeterFault::kKilowatts},
      {"frozen", MeterFault::kFrozen},
      {"retained", MeterFault::kRetained},
  };
  return *kFaults;
}

// Of the Shelly: what its server does, and what its documents say.
const std::map<std::string, HttpServerFault>& ShellyServerFaults() {
  static const auto* const kFaults = new std::map<std::string, HttpServerFault>{
      {"silent", HttpServerFault::kSilent},    {"refuse", HttpServerFault::kRefuse},
      {"drip", HttpServerFault::kDrip},        {"stall", HttpServerFault::kStallBody},
      {"reset", HttpServerFault::kResetBody},  {"endless", HttpServerFault::kEndlessBody},
      {"long", HttpServerFault::kLengthLong},  {"short", HttpServerFault::kLengthShort},
      {"not_http", HttpServerFault::kNotHttp},
  };
  return *kFaults;
}

const std::map<std::string, ShellyFault>& ShellyFaults() {
  static const auto* const kFaults = new std::map<std::string, ShellyFault>{
      {"empty", ShellyFault::kEmpty},         {"html", ShellyFault::kHtml},
      {"truncated", ShellyFault::kTruncated}, {"deep", ShellyFault::kDeep},
      {"null", ShellyFault::kNull},           {"nan", ShellyFault::kNan},
      {"missing", ShellyFault::kMissing},     {"invalid", ShellyFault::kInvalid},
      {"flip", ShellyFault::kFlipped},        {"implausible", ShellyFault::kImplausible},
      {"kilowatts", ShellyFault::kKilowatts}, {"frozen", ShellyFault::kFrozen},
      {"dead", ShellyFault::kDead},
  };
  return *kFaults;
}

// A fault of the serial line, with or without a number behind its name.
struct LineFaultKind {
  const char* name;
  const char* number;  // what the number means; null: none
  void (*set)(LineFaults& faults, int number);
};
constexpr std::array<LineFaultKind, 10> kLineFaults = {{
    {"silent", nullptr, [](LineFaults& f, int n) { f.silent = n != 0; }},
    {"mute", nullptr, [](LineFaults& f, int n) { f.mute = n != 0; }},
    {"echo", nullptr, [](LineFaults& f, int n) { f.echo = n != 0; }},
    {"wrong_address", nullptr, [](LineFaults& f, int n) { f.wrong_address = n != 0; }},
    {"exception", "CODE", [](LineFaults& f, int n) { f.exception = static_cast<uint8_t>(n); }},
    {"corrupt", "EVERY", [](LineFaults& f, int n) { f.corrupt_every = n; }},
    {"stray", "EVERY", [](LineFaults& f, int n) { f.stray_byte_every = n; }},
    {"drop", "EVERY", [](LineFaults& f, int n) { f.drop_every = n; }},
    {"half", "EVERY", [](LineFaults& f, int n) { f.half_every = n; }},
    {"slow", "MILLISECONDS", [](LineFaults& f, int n) { f.delay = std::chrono::milliseconds(n); }},
}};

constexpr char kTryHelp[] = "; try help";

}  // namespace

std::string Console::Help() {
  return "A number of seconds at the end of a fault lets it go away by itself.\n"
         "  meter silent|garbage|nan|empty|implausible|flip|kilowatts|frozen|retained [SECONDS]\n"
         "  meter replay COUNT       send the last COUNT values again, at once\n"
         "  meter raw TEXT           send this payload once\n"
         "  meter ok                 end all faults of the meter\n"
         "  With --meter=shelly-3em: meter silent|refuse|drip|stall|reset|endless|long|short|not_http [SECONDS]\n"
         "  meter empty|html|truncated|deep|null|nan|missing|invalid|flip|implausible|kilowatts|frozen|dead [SECONDS]\n"
         "  meter status CODE [SECONDS]       an HTTP status in place of its replies\n"
         "  broker stop|freeze [SECONDS]      kill it, or let it answer nothing\n"
         "  broker ok                start or thaw it\n"
         "  lumentree silent|mute|echo|wrong_address [SECONDS]    mute: obeys, but does not answer\n"
         "  lumentree corrupt|stray|drop|half EVERY [SECONDS]     spoil each EVERY-th reply\n"
         "  lumentree slow MILLISECONDS [SECONDS]\n"
         "  lumentree exception CODE [SECONDS]\n"
         "  lumentree unplug [SECONDS]        pull the serial adapter; lumentree plug puts it back\n"
         "  lumentree mains_off [SECONDS]     with the mains back it starts at full power by itself\n"
         "  lumentree limit WATTS [SECONDS]   gives less than it is told\n"
         "  lumentree ok             end all faults of the inverter\n"
         "  bms silent|echo|half|zero_cell|foreign [SECONDS]      foreign: another master talks in between\n"
         "  bms corrupt EVERY [SECONDS]       one wrong bit in each EVERY-th reply\n"
         "  bms unplug [SECONDS]     pull its serial adapter; bms plug puts it back\n"
         "  bms ok                   end all faults of the BMS\n"
         "  load WATTS [SECONDS]     a load in place of the profile's; load ok ends it\n"
         "  ok                       end all faults\n"
         "  faults                   which are present\n"
         "  quit";
}

std::string Console::Execute(const std::string& line, Nanoseconds now) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  if (words.empty()) return "";
  if (words[0] == "help" || words[0] == "?") return Help();
  if (words[0] == "meter") {
    if (site_.shelly() != nullptr) return Shelly(words, now);
    if (words.size() > 2 && words[1] == "raw") {
      site_.meter()->SendRaw(line.substr(line.find("raw") + 4));
      return "sent";
    }
    return Meter(words, now);
  }
  if (words[0] == "broker") return Broker(words, now);
  if (words[0] == "lumentree") return Lumentree(words, now);
  if (words[0] == "bms") return Bms(words, now);
  if (words[0] == "load") return Load(words, now);
  if (words[0] == "ok") return End("");
  if (words[0] == "faults") return faults_.empty() ? "none" : Active();
  if (words[0] == "quit") {
    quit_ = true;
    return "";
  }
  return absl::StrCat("unknown command ", words[0], kTryHelp);
}

std::string Console::Begin(const std::string& name, const Words& words, size_t at, Nanoseconds now,
                           const std::function<void()>& make, std::function<void()> undo) {
  double seconds = 0;
  if (words.size() > at && (!absl::SimpleAtod(words[at], &seconds) || !(seconds > 0 && seconds <= 1e6))) {
    return absl::StrCat("\"", words[at], "\" is no number of seconds", kTryHelp);
  }
  if (words.size() > at + 1) return absl::StrCat("too many words", kTryHelp);
  // Begun again, it gets a new end.
  faults_.erase(std::remove_if(faults_.begin(), faults_.end(), [&](const Fault& f) { return f.name == name; }),
                faults_.end());
  make();
  faults_.push_back({name, seconds > 0 ? now + FromSeconds(seconds) : Nanoseconds::max(), std::move(undo)});
  return seconds > 0 ? absl::StrCat(name, " for ", seconds, " s") : name;
}

std::string Console::End(const std::string& prefix) {
  Words ended;
  for (auto fault = faults_.begin(); fault != faults_.end();) {
    if (fault->name.rfind(prefix, 0) != 0) {
      ++fault;
      continue;
    }
    fault->undo();
    ended.push_back(absl::StrCat("over: ", fault->name));
    fault = faults_.erase(fault);
  }
  return ended.empty() ? "nothing to end" : absl::StrJoin(ended, "\n");
}

std::string Console::Tick(Nanoseconds now) {
  Words ended;
  for (auto fault = faults_.begin(); fault != faults_.end();) {
    if (fault->until > now) {
      ++fault;
      continue;
    }
    fault->undo();
    ended.push_back(absl::StrCat("over: ", fault->name));
    fault = faults_.erase(fault);
  }
  return absl::StrJoin(ended, "\n");
}

std::string Console::Active() const {
  return absl::StrJoin(faults_, ", ", [](std::string* out, const Fault& fault) { out->append(fault.name); });
}

std::string Console::Meter(const Words& words, Nanoseconds now) {
  const std::string what = words.size() > 1 ? words[1] : "";
  if (what == "ok") return End("meter ");
  if (what == "replay") {
    uint32_t count = 0;
    if (words.size() != 3 || !absl::SimpleAtoi(words[2], &count)) return absl::StrCat("meter replay COUNT", kTryHelp);
    site_.meter()->Replay(count);
    return "sent";
  }
  const auto fault = MeterFaults().find(what);
  if (fault == MeterFaults().end()) return absl::StrCat("the meter has no \"", what, "\"", kTryHelp);
  const MeterFault kind = fault->second;
  return Begin(
      "meter " + what, words, 2, now, [&] { site_.meter()->SetFault(kind, true); },
      [this, kind] { site_.meter()->SetFault(kind, false); });
}

std::string Console::Shelly(const Words& words, Nanoseconds now) {
  ShellyMeterWire* const shelly = site_.shelly();
  const std::string what = words.size() > 1 ? words[1] : "";
  if (what == "ok") return End("meter ");
  if (what == "status") {
    int status = 0;
    if (words.size() < 3 || !absl::SimpleAtoi(words[2], &status) || status < 201 || status > 599) {
      return absl::StrCat("meter status CODE [SECONDS]", kTryHelp);
    }
    return Begin(
        "meter status", words, 3, now, [&] { shelly->SetStatus(status); }, [shelly] { shelly->SetStatus(0); });
  }
  if (const auto fault = ShellyServerFaults().find(what); fault != ShellyServerFaults().end()) {
    const HttpServerFault kind = fault->second;
    return Begin(
        "meter " + what, words, 2, now, [&] { shelly->server().SetFault(kind, true); },
        [shelly, kind] { shelly->server().SetFault(kind, false); });
  }
  const auto fault = ShellyFaults().find(what);
  if (fault == ShellyFaults().end()) return absl::StrCat("the meter has no \"", what, "\"", kTryHelp);
  const ShellyFault kind = fault->second;
  return Begin(
      "meter " + what, words, 2, now, [&] { shelly->SetFault(kind, true); },
      [shelly, kind] { shelly->SetFault(kind, false); });
}

std::string Console::Broker(const Words& words, Nanoseconds now) {
  BrokerProcess* const broker = site_.broker();
  if (broker == nullptr)
    return "there is no broker of ours: start the simulation without --broker, and with --meter=mqtt";
  const std::string what = words.size() > 1 ? words[1] : "";
  if (what == "ok") return End("broker ");
  if (what == "stop") {
    return Begin(
        "broker stop", words, 2, now, [&] { broker->Stop(); }, [broker] { broker->Start().IgnoreError(); });
  }
  if (what == "freeze") {
    return Begin(
        "broker freeze", words, 2, now, [&] { broker->Freeze(true); }, [broker] { broker->Freeze(false); });
  }
  return absl::StrCat("the broker has no \"", what, "\"", kTryHelp);
}

std::string Console::Lumentree(const Words& words, Nanoseconds now) {
  const std::string what = words.size() > 1 ? words[1] : "";
  if (what == "ok") return End("lumentree ");
  if (what == "plug") return End("lumentree unplug");
  if (what == "unplug") {
    return Begin(
        "lumentree unplug", words, 2, now, [&] { site_.line().Unplug(); },
        [this] { site_.line().Plug().IgnoreError(); });
  }
  if (what == "mains_off") {
    return Begin(
        "lumentree mains_off", words, 2, now, [&] { site_.SetMains(false); }, [this] { site_.SetMains(true); });
  }
  if (what == "limit") {
    double watts = 0;
    if (words.size() < 3 || !absl::SimpleAtod(words[2], &watts) || !(watts >= 0)) {
      return absl::StrCat("lumentree limit WATTS [SECONDS]", kTryHelp);
    }
    return Begin(
        "lumentree limit", words, 3, now, [&] { site_.SetInverterLimit(Watts(watts)); },
        [this] { site_.SetInverterLimit(std::nullopt); });
  }
  return LineFault(words, now);
}

std::string Console::Bms(const Words& words, Nanoseconds now) {
  JkBmsLine* const bms = site_.bms();
  if (bms == nullptr) return "there is no BMS: start the simulation with --bms=jk";
  static constexpr std::array<std::pair<const char*, bool JkFaults::*>, 5> kSwitches = {{
      {"silent", &JkFaults::silent},
      {"echo", &JkFaults::echo},
      {"half", &JkFaults::half},
      {"zero_cell", &JkFaults::zero_cell},
      {"foreign", &JkFaults::foreign},
  }};
  const std::string what = words.size() > 1 ? words[1] : "";
  if (what == "ok") return End("bms ");
  if (what == "plug") return End("bms unplug");
  if (what == "unplug") {
    return Begin(
        "bms unplug", words, 2, now, [&] { bms->Unplug(); }, [bms] { bms->Plug().IgnoreError(); });
  }
  if (what == "corrupt") {
    int every = 0;
    if (words.size() < 3 || !absl::SimpleAtoi(words[2], &every) || every < 1) {
      return absl::StrCat("bms corrupt EVERY [SECONDS]", kTryHelp);
    }
    const auto set = [bms](int n) {
      JkFaults faults = bms->faults();
      faults.corrupt_every = n;
      bms->SetFaults(faults);
    };
    return Begin(
        "bms corrupt", words, 3, now, [&] { set(every); }, [set] { set(0); });
  }
  for (const auto& [name, fault] : kSwitches) {
    if (what != name) continue;
    const auto set = [bms, fault = fault](bool present) {
      JkFaults faults = bms->faults();
      faults.*fault = present;
      bms->SetFaults(faults);
    };
    return Begin(
        "bms " + what, words, 2, now, [&] { set(true); }, [set] { set(false); });
  }
  return absl::StrCat("the BMS has no \"", what, "\"", kTryHelp);
}

std::string Console::LineFault(const Words& words, Nanoseconds now) {
  const std::string what = words.size() > 1 ? words[1] : "";
  const auto* const kind =
      std::find_if(kLineFaults.begin(), kLineFaults.end(), [&](const LineFaultKind& k) { return k.name == what; });
  if (kind == kLineFaults.end()) return absl::StrCat("the inverter has no \"", what, "\"", kTryHelp);
  int number = 1;
  size_t at = 2;
  if (kind->number != nullptr) {
    if (words.size() < 3 || !absl::SimpleAtoi(words[2], &number) || number < 1 || number > 100'000) {
      return absl::StrCat("lumentree ", what, " ", kind->number, " [SECONDS]", kTryHelp);
    }
    at = 3;
  }
  const auto set = [this, kind](int value) {
    LineFaults faults = site_.line().faults();
    kind->set(faults, value);
    site_.line().SetFaults(faults);
  };
  return Begin(
      "lumentree " + what, words, at, now, [&] { set(number); }, [set] { set(0); });
}

std::string Console::Load(const Words& words, Nanoseconds now) {
  if (words.size() == 2 && words[1] == "ok") return End("load");
  double watts = 0;
  if (words.size() < 2 || !absl::SimpleAtod(words[1], &watts) || !(watts > -1e6 && watts < 1e6)) {
    return absl::StrCat("load WATTS [SECONDS]", kTryHelp);
  }
  return Begin(
      "load", words, 2, now, [&] { site_.SetLoad(Watts(watts)); }, [this] { site_.SetLoad(std::nullopt); });
}

}  // namespace abcds::sim
