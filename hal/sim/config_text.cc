#include "hal/sim/config_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace abcds::sim {
namespace {

std::string ResponseText(const ConverterOptions& inverter, double speed) {
  return absl::StrFormat(
      "  response {\n"
      "    dead_time_s: %g\n"
      "    start_delay_s: %g\n"
      "    ramp_up_w_per_s: %g\n"
      "    ramp_down_w_per_s: %g\n"
      "    readback_latency_s: %g\n"
      "  }\n",
      ToSeconds(inverter.dead_time) / speed, ToSeconds(inverter.start_delay) / speed, inverter.ramp_up.value() * speed,
      inverter.ramp_down.value() * speed, (ToSeconds(inverter.readback_refresh) + 0.1) / speed);
}

// A polled value has waited for the question, half an interval on average.
double LatencyS(const SiteOptions& options) {
  return ToSeconds(options.meter.latency) + (options.shelly ? 0.5 * ToSeconds(options.meter.interval) : 0.0);
}

}  // namespace

std::string ConfigText(const SiteOptions& options, int meter_port, double speed) {
  const std::string host = options.broker_host.empty() ? "127.0.0.1" : options.broker_host;
  std::string text = "# Written by abcds-sim for the site that it simulates.\n\nsite: \"simulated\"\n\n";
  absl::StrAppendFormat(&text, "bus {\n  name: \"line\"\n  port: \"%s\"\n  baud: 9600\n}\n\n", options.pty);
  absl::StrAppendFormat(&text, "meter {\n  interval_s: %g\n  latency_s: %g\n  averaging_s: %g\n",
                        ToSeconds(options.meter.interval) / speed, LatencyS(options) / speed,
                        ToSeconds(options.meter.averaging) / speed);
  if (options.shelly) {
    absl::StrAppendFormat(&text, "  shelly_3em {\n    host: \"127.0.0.1\"\n    port: %d\n  }\n}\n\n", meter_port);
  } else {
    absl::StrAppendFormat(
        &text, "  mqtt {\n    broker {\n      host: \"%s\"\n      port: %d\n    }\n    topic: \"%s\"\n%s  }\n}\n\n",
        host, meter_port, options.topic,
        options.format == MqttMeterWire::Format::kJson ? "    json_path: \"SML.Power_curr\"\n" : "");
  }
  absl::StrAppendFormat(&text,
                        "converter {\n  name: \"inverter\"\n  lumentree {\n    model: MODEL_%d\n    bus: \"line\"\n"
                        "    address: %d\n  }\n%s}\n\n",
                        options.lumentree_model, options.address,
                        // At the clock's own speed the driver's defaults are the nominal values.
                        speed == 1.0 ? "" : ResponseText(NominalInverter(options.lumentree_model), speed));
  if (!options.bms_pty.empty()) {
    absl::StrAppendFormat(&text,
                          "bus {\n  name: \"bms-line\"\n  port: \"%s\"\n  baud: 115200\n}\n\n"
                          "bms {\n  jk_bms {\n    bus: \"bms-line\"\n  }\n}\n\n",
                          options.bms_pty);
  }
  // Generous, so that the battery's current limit is not what the simulation shows.
  const double max_current_a = 1.2 * options.lumentree_model / (3.0 * options.cells);
  absl::StrAppendFormat(
      &text, "battery {\n  cells: %d\n  capacity_ah: %g\n  resistance_mohm: %g\n  max_discharge_current_a: %.0f\n}\n",
      options.cells, options.capacity_ah, 1.5 * options.cells, max_current_a);
  return text;
}

}  // namespace abcds::sim
