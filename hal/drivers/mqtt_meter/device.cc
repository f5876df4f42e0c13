#include "hal/drivers/mqtt_meter/device.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"

namespace abcds {
namespace {

MqttOptions BrokerOf(const MqttMeterOptions& options) {
  MqttOptions broker = options.broker;
  broker.topics = {options.topic};
  return broker;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MqttMeter>> MqttMeter::Create(const MqttMeterOptions& options) {
  if (options.broker.host.empty()) return absl::InvalidArgumentError("broker.host: is missing");
  if (options.topic.empty()) return absl::InvalidArgumentError("topic: is missing");
  if (options.topic.find_first_of("+#") != std::string::npos) {
    return absl::InvalidArgumentError("topic: may not have the wildcards + and #: two publishers on one meter");
  }
  if (options.interval <= Nanoseconds(0)) return absl::InvalidArgumentError("interval_s: must be above 0");
  absl::StatusOr<mqtt_meter::Codec> codec = mqtt_meter::Codec::Create({.json_path = options.json_path,
                                                                       .scale = options.scale,
                                                                       .strip_unit = options.strip_unit,
                                                                       .invert = options.invert,
                                                                       .plausible = options.plausible});
  if (!codec.ok()) return codec.status();
  return std::unique_ptr<MqttMeter>(new MqttMeter(options, *codec));
}

MqttMeter::MqttMeter(const MqttMeterOptions& options, const mqtt_meter::Codec& codec)
    : broker_label_(absl::StrCat(options.broker.host, ":", options.broker.port)),
      state_(MeterState{}),
      session_(codec, {.topic = options.topic, .interval = options.interval}),
      connection_(BrokerOf(options), *this) {}

MqttMeter::~MqttMeter() { Stop(); }

void MqttMeter::Start() { connection_.Start(); }

void MqttMeter::Stop() { connection_.Stop(); }

DeviceDetails MqttMeter::Details() const {
  DeviceDetails details;
  details.identity["model"] = "mqtt";
  details.identity["broker"] = broker_label_;
  const MqttCounters counters = connection_.Counters();
  details.counters["connect_attempts"] = counters.attempts;
  details.counters["connects"] = counters.connects;
  details.counters["oversized"] = counters.oversized;
  const std::lock_guard lock(session_mutex_);
  session_.Describe(MonotonicNow(), details);
  return details;
}

MeterState MqttMeter::Latest() noexcept { return state_.Latest(); }

template <class Step>
void MqttMeter::Advance(Step&& step) noexcept {
  const std::lock_guard lock(session_mutex_);
  try {
    step();
  } catch (...) {
    // Out of memory for an excerpt or a reason: the value itself needs none.
  }
  state_.Publish(session_.state());
}

void MqttMeter::OnConnected(MonotonicTime now) noexcept {
  Advance([&] { session_.OnConnected(now); });
}

void MqttMeter::OnDisconnected(std::string_view reason, MonotonicTime now) noexcept {
  Advance([&] { session_.OnDisconnected(reason, now); });
}

void MqttMeter::OnSubscribed(bool granted, MonotonicTime now) noexcept {
  Advance([&] { session_.OnSubscribed(granted, now); });
}

void MqttMeter::OnMessage(std::string_view /*topic*/, std::span<const uint8_t> payload, bool retained,
                          MonotonicTime now) noexcept {
  Advance([&] { session_.OnMessage(payload, retained, now); });
}

MonotonicTime MqttMeter::NextDue() noexcept {
  const std::lock_guard lock(session_mutex_);
  return session_.NextDue();
}

void MqttMeter::OnTime(MonotonicTime now) noexcept {
  Advance([&] { session_.OnTime(now); });
}

}  // namespace abcds
