#include "server/devices/mqtt.h"

#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "hal/drivers/mqtt_meter/codec.h"
#include "hal/drivers/mqtt_meter/device.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"
#include "server/devices/meter_access.h"
#include "server/devices/password_file.h"
#include "server/devices/refused_body.h"

namespace abcds {

namespace {

using mqtt_meter::Codec;
using mqtt_meter::CodecOptions;

CodecOptions CodecOptionsOf(const v1::Meter& meter) {
  const v1::MqttMeter& options = meter.mqtt();
  CodecOptions codec;
  codec.json_path = options.json_path();
  codec.scale = NumberInForce(options, v1::MqttMeter::kScaleFieldNumber);
  codec.strip_unit = FlagInForce(options, v1::MqttMeter::kStripUnitFieldNumber);
  codec.invert = FlagInForce(meter, v1::Meter::kInvertFieldNumber);
  codec.plausible = Watts(NumberInForce(meter, v1::Meter::kPlausibleWFieldNumber));
  return codec;
}

absl::StatusOr<bool> ParseFlag(const std::string& key, const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return absl::InvalidArgumentError(absl::StrCat(key, " must be true or false"));
}

absl::StatusOr<CodecOptions> CodecOptionsOf(const std::map<std::string, std::string>& settings) {
  CodecOptions codec;
  for (const auto& [key, value] : settings) {
    if (key == "json_path") {
      codec.json_path = value;
    } else if (key == "scale") {
      if (!absl::SimpleAtod(value, &codec.scale)) return absl::InvalidArgumentError("scale must be a number");
    } else if (key == "invert" || key == "strip_unit") {
      const auto flag = ParseFlag(key, value);
      if (!flag.ok()) return flag.status();
      (key == "invert" ? codec.invert : codec.strip_unit) = *flag;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("mqtt has no setting \"", key, "\": json_path, scale, strip_unit, invert"));
    }
  }
  return codec;
}

// Listens for the meter's messages.
class Access final : public MeterAccess {
 public:
  std::string type() const override { return "mqtt"; }
  std::vector<Setting> settings() const override {
    return {{"topic", "of the grid power; required, no wildcards"},
            {"json_path", "where the number is in a JSON payload"},
            {"scale", "watts per unit of the payload; default 1"},
            {"strip_unit", "true: \"412 W\" is a number too"},
            {"invert", "true: the meter counts export as positive"},
            {"user", "where the broker wants a login"},
            {"password_file", "full path of a file whose first line is the password"}};
  }
  std::string advice() const override {
    return "Does the meter publish on exactly this topic? `mosquitto_sub -h HOST -t '#' -v` shows all there are.";
  }

 protected:
  const DeviceType& device_type() const override { return MqttType(); }
  absl::StatusOr<v1::Meter> MeterOf(const DirectTarget& target) const override {
    v1::Meter meter;
    v1::MqttMeter& device = *meter.mutable_mqtt();
    device.mutable_broker()->set_host(target.host);
    if (target.network_port != 0) device.mutable_broker()->set_port(static_cast<uint32_t>(target.network_port));
    std::map<std::string, std::string> codec_settings;
    for (const auto& [name, value] : target.settings) {
      if (name == "topic") {
        device.set_topic(value);
      } else if (name == "user") {
        device.mutable_broker()->set_user(value);
      } else if (name == "password_file") {
        device.mutable_broker()->set_password_file(value);
      } else {
        codec_settings[name] = value;
      }
    }
    if (device.topic().empty()) return absl::InvalidArgumentError("mqtt wants a topic: --set topic=…");
    const auto codec = CodecOptionsOf(codec_settings);
    if (!codec.ok()) return codec.status();
    if (codec_settings.count("json_path") > 0) device.set_json_path(codec->json_path);
    if (codec_settings.count("scale") > 0) device.set_scale(codec->scale);
    if (codec->strip_unit) device.set_strip_unit(true);
    if (codec->invert) meter.set_invert(true);
    return meter;
  }
};

class Mqtt final : public DeviceType {
 public:
  DeviceKind kind() const override { return DeviceKind::kMeter; }
  std::string name() const override { return "mqtt"; }
  std::string arm() const override { return "mqtt"; }

  void CheckMeter(const v1::Meter& meter, const Scope& scope) const override {
    const v1::MqttMeter& options = meter.mqtt();
    const Scope mqtt = scope.Nested(Field(meter, v1::Meter::kMqttFieldNumber));
    if (options.topic().find_first_of("#+") != std::string::npos) {
      mqtt.Add(
          Field(options, v1::MqttMeter::kTopicFieldNumber),
          absl::StrCat("= \"", options.topic(), "\" has a wildcard (# or +): name the one topic of the grid power"));
    }
    // Empty would quietly mean "no path".
    if (options.has_json_path() && options.json_path().empty()) {
      mqtt.Add(Field(options, v1::MqttMeter::kJsonPathFieldNumber), "is empty: leave it out for a plain number");
    }
    // Only the path's syntax is left to the driver; ranges are checked elsewhere.
    CodecOptions path_only;
    path_only.json_path = options.json_path();
    const auto codec = Codec::Create(path_only);
    if (!codec.ok()) {
      mqtt.Add(Field(options, v1::MqttMeter::kJsonPathFieldNumber),
               absl::StrCat("= ", options.json_path(),
                            " is no path: ", std::string(absl::StripPrefix(codec.status().message(), "json_path: "))));
    }
  }

  void AddExample(v1::Config& config) const override {
    v1::MqttMeter& options = *config.mutable_meter()->mutable_mqtt();
    options.mutable_broker()->set_host("192.168.1.10");
    options.set_topic("tele/tasmota/SENSOR");
    options.set_json_path("StatusSNS.SML.Power_curr");
  }

  absl::StatusOr<std::shared_ptr<GridMeter>> BuildMeter(const v1::Meter& meter, BuildContext&) const override {
    const v1::MqttMeter& options = meter.mqtt();
    const v1::MqttBroker& broker = options.broker();
    MqttMeterOptions driver;
    driver.broker.host = broker.host();
    driver.broker.port = static_cast<int>(BrokerPort(broker));
    driver.broker.user = broker.user();
    driver.broker.password = broker.password();
    if (broker.has_password_file()) {
      auto password = ReadPasswordFile(broker.password_file());
      if (!password.ok()) return password.status();
      driver.broker.password = *std::move(password);
    }
    driver.broker.tls.enabled = broker.has_tls();
    driver.broker.tls.ca_file = broker.tls().ca_file();
    driver.broker.tls.certificate_file = broker.tls().certificate_file();
    driver.broker.tls.key_file = broker.tls().key_file();
    driver.broker.tls.insecure = broker.tls().insecure();
    driver.topic = options.topic();
    const CodecOptions codec = CodecOptionsOf(meter);
    driver.json_path = codec.json_path;
    driver.scale = codec.scale;
    driver.strip_unit = codec.strip_unit;
    driver.invert = codec.invert;
    driver.plausible = codec.plausible;
    driver.interval = FromSeconds(NumberInForce(meter, v1::Meter::kIntervalSFieldNumber));
    auto made = MqttMeter::Create(driver);
    if (!made.ok()) return made.status();
    return std::shared_ptr<GridMeter>(*std::move(made));
  }

  bool decodes() const override { return true; }
  bool decodes_text() const override { return true; }
  std::string decode_usage() const override {
    return "[--set json_path=PATH] [--set scale=N] [--set strip_unit=true] [--set invert=true] < PAYLOAD";
  }

  absl::StatusOr<std::map<std::string, double>> Decode(const DecodeInput& input) const override {
    if (!input.frames.empty() || input.request.has_value()) {
      return absl::InvalidArgumentError("mqtt reads a message's payload from standard input, and no frames");
    }
    const auto options = CodecOptionsOf(input.settings);
    if (!options.ok()) return options.status();
    const auto codec = Codec::Create(*options);
    if (!codec.ok()) return codec.status();
    const auto decoded =
        codec->Decode(std::span(reinterpret_cast<const uint8_t*>(input.body.data()), input.body.size()));
    if (decoded.refusal != Refusal::kNone) {
      return RefusedBody("the payload", decoded.refusal, RefusalText(decoded.refusal), input.body);
    }
    return std::map<std::string, double>{{"power_w", decoded.power.value()}};
  }

  const DirectAccess* direct_access() const override {
    static const Access access;
    return &access;
  }
};

}  // namespace

const DeviceType& MqttType() {
  static const Mqtt type;
  return type;
}

}  // namespace abcds
