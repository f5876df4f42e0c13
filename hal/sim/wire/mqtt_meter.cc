#include "hal/sim/wire/mqtt_meter.h"

#include <mosquitto.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace abcds::sim {
namespace {

constexpr size_t kPast = 600;

// One after another; none of them is a value.
constexpr std::array<const char*, 8> kGarbage = {"hello",       "1,5",          "0x10",        "412 W",
                                                 "{\"power\":", "\xff\xfe\x00", "unavailable", "12.5.2026"};

}  // namespace

void MqttMeterWire::DestroyClient::operator()(mosquitto* client) const noexcept {
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, /*force=*/true);
  mosquitto_destroy(client);
}

MqttMeterWire::MqttMeterWire(Options options) : options_(std::move(options)) {}

MqttMeterWire::~MqttMeterWire() = default;

absl::Status MqttMeterWire::Connect() {
  static std::once_flag initialised;
  std::call_once(initialised, [] { mosquitto_lib_init(); });
  client_.reset(mosquitto_new(nullptr, /*clean_session=*/true, nullptr));
  if (client_ == nullptr) return absl::InternalError("cannot create an MQTT client");
  mosquitto_int_option(client_.get(), MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_reconnect_delay_set(client_.get(), 1, 5, true);
  const int connected = mosquitto_connect(client_.get(), options_.host.c_str(), options_.port, 30);
  if (connected != MOSQ_ERR_SUCCESS) {
    return absl::UnavailableError(absl::StrCat("cannot connect to the MQTT broker ", options_.host, ":", options_.port,
                                               ": ", mosquitto_strerror(connected)));
  }
  if (const int started = mosquitto_loop_start(client_.get()); started != MOSQ_ERR_SUCCESS) {
    return absl::InternalError(mosquitto_strerror(started));
  }
  return absl::OkStatus();
}

void MqttMeterWire::SetFault(Fault fault, bool present) { faults_.at(static_cast<size_t>(fault)) = present; }

std::string MqttMeterWire::Payload(Watts power) const {
  const double value =
      (HasFault(Fault::kFlipped) ? -power.value() : power.value()) * (HasFault(Fault::kKilowatts) ? 1e-3 : 1.0);
  const std::string number = absl::StrFormat("%.*f", HasFault(Fault::kKilowatts) ? 4 : 1, value);
  if (options_.format == Format::kNumber) return number;
  return absl::StrCat(R"({"Time":"2026-02-03T07:41:20","SML":{"Total_in":18211.4471,"Power_curr":)", number, "}}");
}

void MqttMeterWire::Publish(Watts power) {
  const std::string payload = HasFault(Fault::kFrozen) && !last_.empty() ? last_ : Payload(power);
  last_ = payload;
  past_.push_back(payload);
  if (past_.size() > kPast) past_.pop_front();
  if (HasFault(Fault::kSilent)) return;
  if (HasFault(Fault::kGarbage)) return SendRaw(kGarbage[published_ % kGarbage.size()]);
  if (HasFault(Fault::kNan)) return SendRaw("nan");
  if (HasFault(Fault::kEmpty)) return SendRaw("");
  if (HasFault(Fault::kImplausible)) return SendRaw("-100000");
  SendRaw(payload, HasFault(Fault::kRetained));
}

void MqttMeterWire::Replay(size_t count) {
  const size_t first = past_.size() - std::min(count, past_.size());
  for (size_t i = first; i < past_.size(); ++i) SendRaw(past_[i]);
}

void MqttMeterWire::SendRaw(const std::string& payload, bool retain) {
  ++published_;
  if (client_ == nullptr) return;
  // Without a connection the message is lost, as a meter's would be.
  mosquitto_publish(client_.get(), nullptr, options_.topic.c_str(), static_cast<int>(payload.size()), payload.data(),
                    /*qos=*/0, retain);
}

}  // namespace abcds::sim
