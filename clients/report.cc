#include "clients/report.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/format.h"
#include "google/protobuf/util/time_util.h"

namespace abcds {
namespace {

using google::protobuf::util::TimeUtil;

constexpr size_t kLabelWidth = 12;

std::string Line(const std::string& label, const std::vector<std::string>& parts) {
  std::vector<std::string> used;
  for (const std::string& part : parts) {
    if (!part.empty()) used.push_back(part);
  }
  return PadRight(label, kLabelWidth) + absl::StrJoin(used, "   ");
}

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(TimeUtil::DurationToMilliseconds(duration)) / 1e3;
}

std::string LifecycleText(v1::Lifecycle lifecycle) { return EnumText(v1::Lifecycle_Name(lifecycle), "LIFECYCLE_"); }

std::string ReasonText(const v1::Decision& decision) {
  std::string text = WordsOf(Printable(decision.reason()));
  if (decision.has_limit_w()) absl::StrAppend(&text, " (", PowerText(decision.limit_w()), ")");
  if (decision.has_since()) absl::StrAppend(&text, " for ", DurationText(Seconds(decision.since())));
  return text;
}

// " until 10:45:03 (14 min left)"
std::string LeaseText(const google::protobuf::Timestamp& ends, const google::protobuf::Timestamp& now) {
  return absl::StrCat(" until ", ClockText(ends, now), " (", DurationText(Seconds(ends - now)), " left)");
}

std::string MeterLine(const v1::PlantState& state) {
  const v1::PlantState::Meter& meter = state.meter();
  std::vector<std::string> parts;
  parts.push_back(meter.has_power_w() ? GridText(meter.power_w()) : "unknown");
  parts.push_back(TargetText(state));
  parts.push_back(absl::StrCat("meter ", Printable(meter.name()), " ", LifecycleText(meter.lifecycle()),
                               meter.has_age_s() ? absl::StrCat(", ", DurationText(meter.age_s()), " old") : ""));
  return Line("Grid", parts);
}

std::string HouseLine(const v1::PlantState& state) {
  if (!state.estimate().has_load_w()) return Line("House", {"unknown"});
  const double load_w = state.estimate().load_w();
  return Line("House", {load_w < -0.5 ? absl::StrCat(PowerText(-load_w), " surplus from the sun")
                                      : absl::StrCat(PowerText(load_w), " consumed")});
}

std::string BatteryLine(const v1::PlantState::Battery& battery) {
  std::vector<std::string> parts;
  if (battery.has_soc_ratio()) parts.push_back(NumberText(battery.soc_ratio() * 100.0, 1, "%"));
  if (battery.has_voltage_v()) parts.push_back(NumberText(battery.voltage_v(), 2, "V"));
  if (battery.has_current_a()) {
    const double current_a = battery.current_a();
    parts.push_back(absl::StrCat(NumberText(std::abs(current_a), 1, "A"), current_a > 0.05    ? " charging"
                                                                          : current_a < -0.05 ? " discharging"
                                                                                              : ""));
  }
  if (battery.has_cell_lowest_v() && battery.has_cell_highest_v()) {
    parts.push_back(absl::StrCat("cells ", NumberText(battery.cell_lowest_v(), 3, ""), " to ",
                                 NumberText(battery.cell_highest_v(), 3, "V")));
  }
  if (battery.has_temperature_lowest_c() && battery.has_temperature_highest_c()) {
    parts.push_back(absl::StrCat(NumberText(battery.temperature_lowest_c(), 0, ""), " to ",
                                 NumberText(battery.temperature_highest_c(), 0, "°C")));
  }
  if (battery.full()) parts.push_back("full");
  if (battery.empty()) parts.push_back("empty");
  if (battery.lifecycle() == v1::LIFECYCLE_CONNECTING || battery.lifecycle() == v1::LIFECYCLE_FAULTY) {
    parts.push_back(absl::StrCat("BMS ", LifecycleText(battery.lifecycle())));
  }
  if (parts.empty()) parts.push_back("unknown");
  return Line("Battery", parts);
}

std::string LimitsLine(const v1::PlantState& state) {
  const v1::PlantState::Battery& battery = state.battery();
  return Line("", {absl::StrCat("takes up to ", PowerText(battery.charge_limit_w())),
                   absl::StrCat("gives up to ", PowerText(battery.discharge_limit_w())),
                   absl::StrCat("charged ", EnergyText(battery.charged_wh()), ", discharged ",
                                EnergyText(battery.discharged_wh()))});
}

std::string ConverterLine(const v1::ConverterStatus& converter) {
  std::string power = converter.has_power_w() ? BatteryPowerText(converter.power_w()) : "power unknown";
  if (converter.has_power_age_s() && converter.power_age_s() > 5.0) {
    absl::StrAppend(&power, " (", DurationText(converter.power_age_s()), " old)");
  }
  std::string setpoint = absl::StrCat("set ", BatteryPowerText(converter.setpoint_w()));
  if (converter.has_acknowledged_w() && std::abs(converter.acknowledged_w() - converter.setpoint_w()) >= 1.0) {
    absl::StrAppend(&setpoint, ", acknowledged ", BatteryPowerText(converter.acknowledged_w()));
  }
  return Line(Clip(Printable(converter.name()), kLabelWidth - 1),
              {power, setpoint, absl::StrCat(Printable(converter.device()), " ", LifecycleText(converter.lifecycle())),
               ReasonText(converter.decision())});
}

std::string CycleLine(const v1::CycleStatistics& cycle) {
  return Line("Cycle", {absl::StrCat("every ", ShortTimeText(cycle.period_s())),
                        absl::StrCat(cycle.sequence(), " run, ", cycle.missed(), " missed"),
                        absl::StrCat("computing <= ", ShortTimeText(cycle.compute_time_max_s())),
                        absl::StrCat("late <= ", ShortTimeText(cycle.lateness_max_s())),
                        cycle.real_time() ? "real time" : "NOT real time"});
}

std::vector<std::string> FaultLines(const google::protobuf::RepeatedPtrField<v1::Fault>& faults,
                                    const google::protobuf::Timestamp& now) {
  if (faults.empty()) return {Line("Faults", {"none"})};
  std::vector<std::string> lines;
  for (const v1::Fault& fault : faults) {
    const std::string what =
        absl::StrCat(EnumText(v1::Fault::Severity_Name(fault.severity()), "SEVERITY_"), ": ", Printable(fault.id()),
                     fault.device().empty() ? "" : absl::StrCat(" of ", Printable(fault.device())),
                     fault.latched() ? ", latched" : "", fault.active() ? "" : ", its cause has gone");
    const std::string since = fault.has_since() ? absl::StrCat("since ", ClockText(fault.since(), now)) : "";
    lines.push_back(Line(lines.empty() ? "Faults" : "", {what, since}));
    if (!fault.text().empty()) lines.push_back(Line("", {absl::StrCat("  ", Printable(fault.text()))}));
    if (fault.latched() && !fault.active()) {
      lines.push_back(Line(
          "", {absl::StrCat("  To go on: abcdsctl clear-fault ", Printable(fault.id()),
                            fault.device().empty() ? "" : absl::StrCat(" --device ", Printable(fault.device())))}));
    }
  }
  return lines;
}

void AppendTrouble(std::vector<std::string>& lines, const std::string& device, const v1::DeviceDetails& details) {
  if (!details.trouble().empty()) {
    lines.push_back(Line("Trouble", {absl::StrCat(Printable(device), ": ", Printable(details.trouble()))}));
  }
}

}  // namespace

std::string ModeText(const v1::PlantState& state) {
  std::string text = EnumText(v1::Mode_Name(state.mode()), "MODE_");
  if (state.has_forced_power_w()) absl::StrAppend(&text, " ", BatteryPowerText(state.forced_power_w()));
  if (state.has_forced_until_soc_ratio()) {
    absl::StrAppend(&text, " to ", NumberText(state.forced_until_soc_ratio() * 100.0, 0, "%"));
  }
  if (state.has_lease_ends()) absl::StrAppend(&text, LeaseText(state.lease_ends(), state.time()));
  const auto append = [&](const char* direction, bool by_operator, const google::protobuf::Timestamp& since) {
    absl::StrAppend(&text, ", ", direction, " disabled by ");
    if (by_operator) {
      absl::StrAppend(&text, "an operator since ", ClockText(since, state.time()), " (survives restarts)");
    } else {
      absl::StrAppend(&text, "the configuration");
    }
  };
  if (!state.charger_enabled()) {
    append("charging", state.has_charging_disabled_since(), state.charging_disabled_since());
  }
  if (!state.discharger_enabled()) {
    append("discharging", state.has_discharging_disabled_since(), state.discharging_disabled_since());
  }
  return text;
}

std::string TargetText(const v1::PlantState& state) {
  const std::string text = absl::StrCat("target ", GridText(state.target_w()));
  return state.has_target_lease_ends() ? text + LeaseText(state.target_lease_ends(), state.time()) : text;
}

std::string ConvertersText(const v1::PlantState& state) {
  double sum_w = 0.0;
  bool any = false;
  for (const v1::ConverterStatus& converter : state.converters()) {
    if (!converter.has_power_w()) continue;
    sum_w += converter.power_w();
    any = true;
  }
  return any ? BatteryPowerText(sum_w) : "";
}

std::vector<std::string> StatusLines(const v1::PlantState& state) {
  std::vector<std::string> lines;
  lines.push_back(Line("Site", {absl::StrCat(Printable(state.site()), " at ", ClockText(state.time(), state.time())),
                                absl::StrCat("abcdsd ", Printable(state.version()))}));
  lines.push_back(Line("Mode", {ModeText(state)}));
  lines.push_back(MeterLine(state));
  lines.push_back(HouseLine(state));
  lines.push_back(BatteryLine(state.battery()));
  lines.push_back(LimitsLine(state));
  for (const v1::ConverterStatus& converter : state.converters()) lines.push_back(ConverterLine(converter));
  lines.push_back(Line(
      "Decision", {absl::StrCat(BatteryPowerText(state.decision().setpoint_w()), ": ", ReasonText(state.decision()))}));
  for (std::string& line : FaultLines(state.faults(), state.time())) lines.push_back(std::move(line));
  AppendTrouble(lines, state.meter().name(), state.meter().details());
  AppendTrouble(lines, state.battery().name(), state.battery().details());
  for (const v1::ConverterStatus& converter : state.converters()) {
    AppendTrouble(lines, converter.name(), converter.details());
  }
  lines.push_back(CycleLine(state.cycle()));
  return lines;
}

std::string WatchLine(const v1::PlantState& state) {
  const std::string grid = state.meter().has_power_w() ? GridText(state.meter().power_w()) : "unknown";
  const std::string house = state.estimate().has_load_w() ? PowerText(state.estimate().load_w()) : "unknown";
  const std::string battery = ConvertersText(state);
  std::string line = absl::StrCat(ClockText(state.time(), state.time()), "  grid ", PadLeft(grid, 17), "  house ",
                                  PadLeft(house, 8), "  battery ", PadLeft(battery.empty() ? "unknown" : battery, 19));
  if (state.battery().has_soc_ratio()) {
    absl::StrAppend(&line, " ", PadLeft(NumberText(state.battery().soc_ratio() * 100.0, 0, "%"), 5));
  }
  absl::StrAppend(&line, "  set ", PadLeft(BatteryPowerText(state.decision().setpoint_w()), 19), "  ",
                  WordsOf(Printable(state.decision().reason())));
  if (!state.faults().empty())
    absl::StrAppend(&line, "  ", state.faults_size(), state.faults_size() == 1 ? " fault" : " faults");
  return line;
}

std::vector<std::string> ExplainLines(const v1::ExplainResponse& explanation, const google::protobuf::Timestamp& now) {
  // The summary's first line is about the plant; what follows it repeats the converters' texts.
  const std::string& summary = explanation.summary();
  std::vector<std::string> lines = {Printable(summary.substr(0, summary.find('\n')))};
  for (const v1::ConverterExplanation& converter : explanation.converters()) {
    lines.push_back(absl::StrCat("  ", Printable(converter.name()), ": ", Printable(converter.text())));
  }
  const v1::Decision& decision = explanation.decision();
  lines.push_back(
      Line("Wanted", {absl::StrCat(BatteryPowerText(decision.wanted_w()), " before limits"),
                      absl::StrCat(BatteryPowerText(decision.setpoint_w()), " after them"), ReasonText(decision)}));
  for (std::string& line : FaultLines(explanation.faults(), now)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace abcds
