#include "hal/sim/meters.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace abcds::sim {
namespace {

template <class Kind>
struct Row {
  const char* name;
  Kind kind;
};

using MqttFault = MqttMeterWire::Fault;
constexpr Row<MqttFault> kMqttFaults[] = {
    {"silent", MqttFault::kSilent}, {"garbage", MqttFault::kGarbage},     {"nan", MqttFault::kNan},
    {"empty", MqttFault::kEmpty},   {"flip", MqttFault::kFlipped},        {"implausible", MqttFault::kImplausible},
    {"frozen", MqttFault::kFrozen}, {"kilowatts", MqttFault::kKilowatts}, {"retained", MqttFault::kRetained},
};

// Of the Shelly: what its server does, and what its documents say.
constexpr Row<HttpServerFault> kServerFaults[] = {
    {"silent", HttpServerFault::kSilent},    {"refuse", HttpServerFault::kRefuse},
    {"drip", HttpServerFault::kDrip},        {"stall", HttpServerFault::kStallBody},
    {"reset", HttpServerFault::kResetBody},  {"endless", HttpServerFault::kEndlessBody},
    {"long", HttpServerFault::kLengthLong},  {"short", HttpServerFault::kLengthShort},
    {"not_http", HttpServerFault::kNotHttp},
};
using ShellyFault = ShellyMeterWire::Fault;
constexpr Row<ShellyFault> kShellyFaults[] = {
    {"empty", ShellyFault::kEmpty},         {"html", ShellyFault::kHtml},
    {"truncated", ShellyFault::kTruncated}, {"deep", ShellyFault::kDeep},
    {"null", ShellyFault::kNull},           {"nan", ShellyFault::kNan},
    {"missing", ShellyFault::kMissing},     {"invalid", ShellyFault::kInvalid},
    {"flip", ShellyFault::kFlipped},        {"implausible", ShellyFault::kImplausible},
    {"kilowatts", ShellyFault::kKilowatts}, {"frozen", ShellyFault::kFrozen},
    {"dead", ShellyFault::kDead},
};

std::string TimesText(const MeterOptions& meter, double latency_s, double speed) {
  return absl::StrFormat("meter {\n  interval_s: %g\n  latency_s: %g\n  averaging_s: %g\n",
                         ToSeconds(meter.interval) / speed, latency_s / speed, ToSeconds(meter.averaging) / speed);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MqttMeterDevice>> MqttMeterDevice::Open(const MqttMeterOptions& options,
                                                                       const MeterOptions& nominal) {
  std::unique_ptr<MqttMeterDevice> meter(new MqttMeterDevice(options, nominal));
  MqttMeterOptions& own = meter->options_;
  if (own.broker_host.empty()) {
    meter->broker_.emplace();
    if (const absl::Status status = meter->broker_->Start(); !status.ok()) return status;
    own.broker_host = "127.0.0.1";
    own.broker_port = meter->broker_->port();
  }
  meter->wire_ = std::make_unique<MqttMeterWire>(MqttMeterWire::Options{
      .host = own.broker_host, .port = own.broker_port, .topic = own.topic, .format = own.format});
  if (const absl::Status status = meter->wire_->Connect(); !status.ok()) return status;
  return meter;
}

std::string MqttMeterDevice::Description() const {
  return absl::StrCat("meter: topic ", options_.topic, " at ", options_.broker_host, ":", options_.broker_port);
}

std::vector<Breakable> MqttMeterDevice::Breakables() {
  Breakable meter{.name = "meter", .faults = {}, .actions = {}};
  for (const auto& [name, kind] : kMqttFaults) {
    meter.faults.push_back(Switch(name, [this, kind = kind](bool present) { wire_->SetFault(kind, present); }));
  }
  meter.actions.push_back({.name = "replay", .arguments = "COUNT", .act = [this](const std::string& rest) {
                             uint32_t count = 0;
                             if (!absl::SimpleAtoi(rest, &count)) return false;
                             wire_->Replay(count);
                             return true;
                           }});
  meter.actions.push_back({.name = "raw", .arguments = "TEXT", .act = [this](const std::string& rest) {
                             wire_->SendRaw(rest);
                             return true;
                           }});
  std::vector<Breakable> all = {std::move(meter)};
  if (broker_.has_value()) {
    all.push_back({.name = "broker",
                   .faults = {Switch("stop",
                                     [this](bool stop) {
                                       if (stop) {
                                         broker_->Stop();
                                       } else {
                                         broker_->Start().IgnoreError();
                                       }
                                     }),
                              Switch("freeze", [this](bool freeze) { broker_->Freeze(freeze); })},
                   .actions = {}});
  }
  return all;
}

std::string MqttMeterDevice::ConfigText(double speed) const {
  return absl::StrCat(
      TimesText(nominal_, ToSeconds(nominal_.latency), speed),
      absl::StrFormat(
          "  mqtt {\n    broker {\n      host: \"%s\"\n      port: %d\n    }\n    topic: \"%s\"\n%s  }\n}\n\n",
          options_.broker_host, options_.broker_port, options_.topic,
          options_.format == MqttMeterWire::Format::kJson ? "    json_path: \"SML.Power_curr\"\n" : ""));
}

absl::StatusOr<std::unique_ptr<ShellyMeterDevice>> ShellyMeterDevice::Open(int port, const MeterOptions& nominal) {
  ShellyMeterWire::Options options;
  options.port = port;
  auto wire = std::make_unique<ShellyMeterWire>(options);
  if (const absl::Status status = wire->Start(); !status.ok()) return status;
  return std::unique_ptr<ShellyMeterDevice>(new ShellyMeterDevice(std::move(wire), nominal));
}

std::string ShellyMeterDevice::Description() const {
  return absl::StrCat("meter: Shelly 3EM at http://127.0.0.1:", wire_->port());
}

std::vector<Breakable> ShellyMeterDevice::Breakables() {
  Breakable meter{.name = "meter", .faults = {}, .actions = {}};
  for (const auto& [name, kind] : kServerFaults) {
    meter.faults.push_back(
        Switch(name, [this, kind = kind](bool present) { wire_->server().SetFault(kind, present); }));
  }
  for (const auto& [name, kind] : kShellyFaults) {
    meter.faults.push_back(Switch(name, [this, kind = kind](bool present) { wire_->SetFault(kind, present); }));
  }
  meter.faults.push_back({.name = "status",
                          .number = {.name = "CODE", .low = 201, .high = 599},
                          .begin = [this](double code) { wire_->SetStatus(static_cast<int>(code)); },
                          .end = [this] { wire_->SetStatus(0); },
                          .shared = "",
                          .ended_by = ""});
  return {std::move(meter)};
}

std::string ShellyMeterDevice::ConfigText(double speed) const {
  // A polled value has waited for the question, half an interval on average.
  return absl::StrCat(
      TimesText(nominal_, ToSeconds(nominal_.latency) + 0.5 * ToSeconds(nominal_.interval), speed),
      absl::StrFormat("  shelly_3em {\n    host: \"127.0.0.1\"\n    port: %d\n  }\n}\n\n", wire_->port()));
}

}  // namespace abcds::sim
