// abcds-sim: a house behind real wires, for the daemon to regulate.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/rt/clock.h"
#include "hal/sim/console.h"
#include "hal/sim/profiles.h"
#include "hal/sim/site.h"

ABSL_FLAG(std::string, meter, "mqtt", "the grid meter: mqtt, or shelly-3em (HTTP on loopback, no broker)");
ABSL_FLAG(int, http_port, 0, "port of the shelly-3em; 0: a free one");
ABSL_FLAG(std::string, broker, "",
          "HOST:PORT of a running MQTT broker; empty: starts a mosquitto of its own on a free loopback port");
ABSL_FLAG(std::string, topic, "sim/grid/power", "MQTT topic of the grid meter");
ABSL_FLAG(std::string, payload, "number", "what the meter publishes: number, or json (power at SML.Power_curr)");
ABSL_FLAG(double, meter_interval, 1.0, "seconds between two meter messages, 0.05 to 60");
ABSL_FLAG(double, meter_latency, 0.5, "seconds from the end of the meter's measuring window to the message");
ABSL_FLAG(double, meter_averaging, -1.0, "width of that window in seconds; -1: the same as meter_interval");
ABSL_FLAG(double, meter_noise, 2.0, "standard deviation of the meter's noise in W");
ABSL_FLAG(double, meter_jitter, 0.03, "each message comes up to so many seconds earlier or later");
ABSL_FLAG(double, meter_loss, 0.0, "share of the messages that never arrive, 0 to 1");
ABSL_FLAG(std::string, inverter, "lumentree:600",
          "inverters on one serial line, KIND[:MODEL][@ADDRESS] with commas: lumentree:600, lumentree:1000, "
          "lumentree:2000, trucki:1000, trucki:2000 (SUN GTIL2 with a Trucki board); addresses count from 1; or none");
ABSL_FLAG(
    std::string, charger, "none",
    "none, a Mean Well on a CAN bus: meanwell-npb-1200-24, meanwell-bic-2200-48 (both directions) and their kin, or a "
    "charger behind a smart plug, with its watts: plug-tasmota-600, plug-shelly-gen1-600, plug-shelly-gen2-600");
ABSL_FLAG(std::string, can_pty, "/tmp/abcds-sim-can", "path that the CAN bus's SLCAN adapter gets");
ABSL_FLAG(std::string, can, "", "a CAN interface of the kernel (vcan0) in place of that adapter");
ABSL_FLAG(bool, old_firmware, false, "the Mean Well stores every setpoint in its memory, and cannot be told not to");
ABSL_FLAG(std::string, pty, "/tmp/abcds-sim-lumentree", "path that the inverters' serial line gets");
ABSL_FLAG(std::string, bms, "none", "battery management system on a serial line of its own: none, or jk");
ABSL_FLAG(std::string, bms_pty, "/tmp/abcds-sim-bms", "path that the BMS's serial line gets");
ABSL_FLAG(double, soc, 0.6, "state of charge at the start, 0 to 1");
ABSL_FLAG(std::string, load, "household",
          "what the house draws: steps, kettle, household, constant:WATTS, or a CSV file with load_w");
ABSL_FLAG(std::string, sun, "none", "what the sun gives: none, cloudy:WATTS, or a CSV file with pv_w");
ABSL_FLAG(uint64_t, seed, 1, "of everything random");
ABSL_FLAG(double, spread, 1.3,
          "the devices' true delays and speeds are up to this factor off what the configuration says; 1: exact");
ABSL_FLAG(double, speed, 1.0,
          "the house lives so much faster than the clock, 0.1 to 10; the written configuration follows");
ABSL_FLAG(std::string, write_config, "/tmp/abcds-sim.textproto",
          "file to write the daemon's configuration to; empty: none");
ABSL_FLAG(double, print_interval, 1.0, "seconds between two status lines; 0: none");
ABSL_FLAG(double, duration, 0.0, "ends by itself after so many seconds; 0: never");

namespace abcds::sim {
namespace {

constexpr Nanoseconds kStep = std::chrono::milliseconds(10);

std::atomic<bool> signalled{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void OnSignal(int) { signalled.store(true); }

absl::Status InRange(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("--%s=%g is outside [%g, %g]", name, value, low, high));
}

absl::StatusOr<SiteOptions> OptionsFromFlags() {
  SiteOptions options;
  if (const std::string inverter = absl::GetFlag(FLAGS_inverter); inverter == "none") {
    options.inverters.clear();
  } else {
    absl::StatusOr<std::vector<InverterOptions>> inverters = ParseInverters(inverter);
    if (!inverters.ok())
      return absl::InvalidArgumentError(absl::StrCat("--inverter: ", std::string(inverters.status().message())));
    options.inverters = *std::move(inverters);
  }
  options.cells = 0;
  for (const InverterOptions& inverter : options.inverters)
    options.cells = std::max(options.cells, UsualCells(inverter));
  const std::string charger = absl::GetFlag(FLAGS_charger);
  if (IsPlug(charger)) {
    absl::StatusOr<Plug::Options> plug = ParsePlug(charger);
    if (!plug.ok()) return absl::InvalidArgumentError(absl::StrCat("--charger: ", std::string(plug.status().message())));
    options.plug = *plug;
    if (options.inverters.empty()) options.cells = 8;
  } else if (charger != "none") {
    absl::StatusOr<MeanwellOptions> device = ParseMeanwell(charger);
    if (!device.ok())
      return absl::InvalidArgumentError(absl::StrCat("--charger: ", std::string(device.status().message())));
    device->old_firmware = absl::GetFlag(FLAGS_old_firmware);
    options.meanwell = {.device = *device, .link = absl::GetFlag(FLAGS_can_pty), .interface = absl::GetFlag(FLAGS_can)};
    options.cells = UsualCells(*device);
  }
  if (options.inverters.empty() && !options.meanwell.has_value() && !options.plug.has_value()) {
    return absl::InvalidArgumentError("--inverter=none leaves nothing to regulate with: name a --charger");
  }
  options.pty = absl::GetFlag(FLAGS_pty);
  if (options.pty.empty()) return absl::InvalidArgumentError("--pty must name a path");
  const std::string meter = absl::GetFlag(FLAGS_meter);
  if (meter != "mqtt" && meter != "shelly-3em") return absl::InvalidArgumentError("--meter must be mqtt or shelly-3em");
  options.shelly = meter == "shelly-3em";
  options.http_port = absl::GetFlag(FLAGS_http_port);
  if (options.http_port < 0 || options.http_port > 65535) {
    return absl::InvalidArgumentError("--http_port must be in [0, 65535]");
  }
  const std::string bms = absl::GetFlag(FLAGS_bms);
  if (bms != "none" && bms != "jk") return absl::InvalidArgumentError("--bms must be none or jk");
  if (bms == "jk") {
    options.bms_pty = absl::GetFlag(FLAGS_bms_pty);
    if (options.bms_pty.empty()) return absl::InvalidArgumentError("--bms_pty must name a path");
  }
  options.mqtt.topic = absl::GetFlag(FLAGS_topic);
  if (const std::string broker = absl::GetFlag(FLAGS_broker); !broker.empty()) {
    const size_t colon = broker.rfind(':');
    options.mqtt.broker_host = broker.substr(0, colon);
    if (colon == std::string::npos || !absl::SimpleAtoi(broker.substr(colon + 1), &options.mqtt.broker_port)) {
      return absl::InvalidArgumentError("--broker must be HOST:PORT");
    }
  }
  const std::string payload = absl::GetFlag(FLAGS_payload);
  if (payload != "number" && payload != "json") return absl::InvalidArgumentError("--payload must be number or json");
  options.mqtt.format = payload == "json" ? MqttMeterWire::Format::kJson : MqttMeterWire::Format::kNumber;

  const double interval = absl::GetFlag(FLAGS_meter_interval);
  const double averaging = absl::GetFlag(FLAGS_meter_averaging);
  for (const absl::Status& status :
       {InRange("meter_interval", interval, 0.05, 60),
        InRange("meter_latency", absl::GetFlag(FLAGS_meter_latency), 0, 60),
        InRange("meter_averaging", averaging, -1, 60), InRange("meter_noise", absl::GetFlag(FLAGS_meter_noise), 0, 500),
        InRange("meter_jitter", absl::GetFlag(FLAGS_meter_jitter), 0, 0.5 * interval),
        InRange("meter_loss", absl::GetFlag(FLAGS_meter_loss), 0, 1), InRange("soc", absl::GetFlag(FLAGS_soc), 0, 1),
        InRange("spread", absl::GetFlag(FLAGS_spread), 1, 3), InRange("speed", absl::GetFlag(FLAGS_speed), 0.1, 10)}) {
    if (!status.ok()) return status;
  }
  options.meter.interval = FromSeconds(interval);
  options.meter.latency = FromSeconds(absl::GetFlag(FLAGS_meter_latency));
  options.meter.averaging = averaging < 0 ? options.meter.interval : FromSeconds(averaging);
  options.meter.noise = Watts(absl::GetFlag(FLAGS_meter_noise));
  options.meter.jitter = FromSeconds(absl::GetFlag(FLAGS_meter_jitter));
  options.meter.loss = absl::GetFlag(FLAGS_meter_loss);
  options.meter.quantum = Watts(0.1);
  options.soc = Ratio(absl::GetFlag(FLAGS_soc));
  options.spread = absl::GetFlag(FLAGS_spread);
  options.seed = absl::GetFlag(FLAGS_seed);
  return options;
}

// Complete lines that have come in on standard input; never waits.
class LineReader {
 public:
  bool Next(std::string& line) {
    pollfd in{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    while (open_ && poll(&in, 1, 0) > 0) {
      char buffer[512];
      const ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
      if (got < 0 && errno == EINTR) continue;
      open_ = got > 0;  // without a terminal the simulation goes on
      if (open_) pending_.append(buffer, static_cast<size_t>(got));
    }
    const size_t end = pending_.find('\n');
    if (end == std::string::npos) return false;
    line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    return true;
  }

 private:
  bool open_ = true;
  std::string pending_;
};

void PrintStatus(const SiteView& view, const std::string& faults) {
  std::cout << absl::StrFormat(
      "%7.1f s  grid %+6.0f W  load %5.0f W  sun %5.0f W  inverter %+6.0f W (told %+6.0f W)  battery %.1f "
      "V %.1f %%",
      ToSeconds(view.now), view.grid.value(), view.load.value(), view.sun.value(), view.inverter.value(),
      view.setpoint.value(), view.battery.value(), 100 * view.soc.value());
  if (view.converters.size() > 1) {
    std::cout << "  each";
    for (const SiteView::Converter& each : view.converters) {
      std::cout << absl::StrFormat(" %+.0f W (told %+.0f W)", each.power.value(), each.setpoint.value());
    }
  }
  std::cout << (faults.empty() ? "" : "  faults: ") << faults << std::endl;
}

void PrintSummary(const SiteTotals& totals) {
  if (totals.seconds <= 0) {
    std::cout << "No setpoint ever arrived: nobody regulated this house." << std::endl;
    return;
  }
  std::cout << absl::StrFormat(
                   "Regulated for %.1f s: mean absolute grid error %.1f W, import %.2f Wh, export %.2f Wh, %d setpoint "
                   "writes (%d changes, "
                   "%.0f per hour)",
                   totals.seconds, totals.absolute_error_ws / totals.seconds, totals.import_wh, totals.export_wh,
                   totals.setpoint_writes, totals.setpoint_changes,
                   3600.0 * static_cast<double>(totals.setpoint_changes) / totals.seconds)
            << std::endl;
}

absl::Status WriteConfig(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return file ? absl::OkStatus() : absl::PermissionDeniedError(absl::StrCat("cannot write ", path));
}

// The daemon's time is the clock's; the house's is `speed` times faster.
void Live(Site& site, double speed) {
  Console console(site);
  LineReader reader;
  const Nanoseconds step = FromSeconds(ToSeconds(kStep) * speed);
  const double print_interval = absl::GetFlag(FLAGS_print_interval);
  const double duration = absl::GetFlag(FLAGS_duration);
  const MonotonicTime start = MonotonicNow();
  MonotonicTime due = start;
  MonotonicTime print_due = start;
  while (!signalled.load() && !console.quit() && (duration <= 0 || due - start < FromSeconds(duration))) {
    SleepUntil(due);
    // Suspended, or far too slow: the house does not run after the lost time in a burst.
    if (MonotonicNow() - due > std::chrono::seconds(1)) due = MonotonicNow();
    due += kStep;
    site.Step(step);
    const Nanoseconds house_time = site.View().now;
    if (const std::string ended = console.Tick(house_time); !ended.empty()) std::cout << ended << std::endl;
    for (std::string line; reader.Next(line);) {
      if (const std::string answer = console.Execute(line, house_time); !answer.empty())
        std::cout << answer << std::endl;
    }
    if (print_interval > 0 && due >= print_due) {
      print_due += FromSeconds(print_interval);
      PrintStatus(site.View(), console.Active());
    }
  }
}

absl::Status Run() {
  absl::StatusOr<SiteOptions> options = OptionsFromFlags();
  if (!options.ok()) return options.status();
  absl::StatusOr<std::unique_ptr<Profile>> load = LoadByName(absl::GetFlag(FLAGS_load), options->seed + 2);
  if (!load.ok()) return load.status();
  absl::StatusOr<std::unique_ptr<Profile>> sun = SunByName(absl::GetFlag(FLAGS_sun), options->seed + 3);
  if (!sun.ok()) return sun.status();
  absl::StatusOr<std::unique_ptr<Site>> site = Site::Open(*options, *std::move(load), *std::move(sun));
  if (!site.ok()) return site.status();

  const double speed = absl::GetFlag(FLAGS_speed);
  for (const auto& device : (*site)->devices()) std::cout << device->Description() << "\n";
  if (const std::string path = absl::GetFlag(FLAGS_write_config); !path.empty()) {
    if (const absl::Status status = WriteConfig(path, (*site)->ConfigText(speed)); !status.ok()) return status;
    std::cout << "run: abcdsd --config " << path << "\n";
  }
  std::cout << "commands on standard input: help" << std::endl;
  Live(**site, speed);
  PrintSummary((*site)->View().totals);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  absl::SetProgramUsageMessage(absl::StrCat(
      "a house behind real wires: inverters on a serial line, a meter on an MQTT broker or HTTP, a BMS.\n\n  abcds-sim "
      "[FLAGS]\n  abcdsd --config /tmp/abcds-sim.textproto\n\nCommands on standard input break it while it runs; help "
      "lists them."));
  absl::FlagsUsageConfig usage;
  usage.contains_helpshort_flags =
      usage.contains_help_flags = [](absl::string_view file) { return absl::StrContains(file, "hal/sim/"); };
  absl::SetFlagsUsageConfig(usage);
  if (const std::vector<char*> rest = absl::ParseCommandLine(argc, argv); rest.size() > 1) {
    std::cerr << "abcds-sim: \"" << rest[1] << "\" is no flag; try --help" << std::endl;
    return 2;
  }
  struct sigaction action {};
  action.sa_handler = &OnSignal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  if (const absl::Status status = Run(); !status.ok()) {
    std::cerr << "abcds-sim: " << std::string(status.message()) << std::endl;
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace abcds::sim

int main(int argc, char** argv) { return abcds::sim::Main(argc, argv); }
