#include "server/devices/shelly.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/shelly/codec.h"
#include "hal/drivers/shelly/device.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"
#include "server/devices/http_login.h"
#include "server/devices/meter_access.h"
#include "server/devices/refused_body.h"

namespace abcds {

namespace {

constexpr char kModel[] = "shelly-3em";
// Asked more often, the device begins to lose packets of its radio link.
constexpr double kShortestIntervalS = 0.5;

class Access final : public MeterAccess {
 public:
  std::string type() const override { return kModel; }
  std::vector<Setting> settings() const override {
    return {{"user", "where the device has a login set; its default is admin"},
            {"password_file", "full path of a file whose first line is the password"}};
  }
  std::string advice() const override {
    return "Does its page open in a browser? Is it of the first generation?";
  }

 protected:
  const DeviceType& device_type() const override { return Shelly3emType(); }
  absl::StatusOr<v1::Meter> MeterOf(const DirectTarget& target) const override {
    v1::Meter meter;
    v1::Shelly3em& device = *meter.mutable_shelly_3em();
    device.set_host(target.host);
    if (target.network_port != 0) device.set_port(static_cast<uint32_t>(target.network_port));
    for (const auto& [name, value] : target.settings) {
      if (name == "user") device.set_user(value);
      if (name == "password_file") device.set_password_file(value);
    }
    return meter;
  }
};

class Shelly3em final : public DeviceType {
 public:
  DeviceKind kind() const override { return DeviceKind::kMeter; }
  std::string name() const override { return kModel; }
  std::string arm() const override { return "shelly_3em"; }

  void CheckMeter(const v1::Meter& meter, const Scope& scope) const override {
    using Options = v1::Shelly3em;
    const Options& options = meter.shelly_3em();
    const Scope shelly = scope.Nested(Field(meter, v1::Meter::kShelly3EmFieldNumber));
    CheckHttpLogin(options, shelly);
    if ((options.has_password() || options.has_password_file()) && options.user().empty()) {
      shelly.Add(Field(options, Options::kUserFieldNumber),
                 "is missing: the login needs both (the device's default is admin)");
    }
    const double interval_s = NumberInForce(meter, v1::Meter::kIntervalSFieldNumber);
    if (interval_s < kShortestIntervalS) {
      scope.Add(Field(meter, v1::Meter::kIntervalSFieldNumber),
                absl::StrCat("= ", FormatNumber(interval_s), " is too often for a Shelly: at least ",
                             FormatNumber(kShortestIntervalS), ", and it measures once a second"));
    }
  }

  void AddExample(v1::Config& config) const override {
    config.mutable_meter()->mutable_shelly_3em()->set_host("192.168.1.57");
  }

  absl::StatusOr<std::shared_ptr<GridMeter>> BuildMeter(const v1::Meter& meter, BuildContext&) const override {
    const v1::Shelly3em& options = meter.shelly_3em();
    ShellyOptions driver;
    driver.model = kModel;
    if (absl::Status status = ReadHttpLogin(options, driver.server); !status.ok()) return status;
    driver.invert = FlagInForce(meter, v1::Meter::kInvertFieldNumber);
    driver.plausible = Watts(NumberInForce(meter, v1::Meter::kPlausibleWFieldNumber));
    driver.interval = FromSeconds(NumberInForce(meter, v1::Meter::kIntervalSFieldNumber));
    auto made = ShellyMeter::Create(driver);
    if (!made.ok()) return made.status();
    return std::shared_ptr<GridMeter>(*std::move(made));
  }

  bool decodes() const override { return true; }
  bool decodes_text() const override { return true; }
  std::string decode_usage() const override { return "[--set invert=true] < BODY of /status, or of one /emeter/N"; }

  absl::StatusOr<std::map<std::string, double>> Decode(const DecodeInput& input) const override {
    if (!input.frames.empty() || input.request.has_value()) {
      return absl::InvalidArgumentError("shelly-3em reads the body of /status from standard input, and no frames");
    }
    shelly::DecodeOptions options;
    for (const auto& [key, value] : input.settings) {
      if (key != "invert")
        return absl::InvalidArgumentError(absl::StrCat("shelly-3em has no setting \"", key, "\": invert"));
      if (value != "true" && value != "false") return absl::InvalidArgumentError("invert must be true or false");
      options.invert = value == "true";
    }
    const shelly::Model& model = *shelly::FindModel(kModel);
    const shelly::DecodedReading decoded = shelly::DecodeStatus(input.body, model, options);
    if (decoded.refusal != Refusal::kNone) {
      const shelly::DecodedReading clamp = shelly::DecodeClamp(input.body, options);
      if (clamp.refusal == Refusal::kNone) return ClampValues(clamp.reading.channels.front(), "");
      if (clamp.refusal != Refusal::kMissing) {
        return RefusedBody("the body", clamp.refusal, shelly::RefusalTextHere(clamp.refusal, 0), input.body);
      }
      const std::string other = shelly::OtherDocument(input.body, model);
      if (!other.empty()) return absl::InvalidArgumentError(other);
      return RefusedBody("the body", decoded.refusal, shelly::RefusalTextHere(decoded.refusal, decoded.clamp),
                         input.body);
    }
    return Values(decoded.reading, model);
  }

  const DirectAccess* direct_access() const override {
    static const Access access;
    return &access;
  }

 private:
  static std::map<std::string, double> ClampValues(const shelly::Channel& channel, const std::string& prefix) {
    std::map<std::string, double> values = {{prefix + "power_w", channel.power.value()}};
    if (channel.voltage) values[prefix + "voltage_v"] = channel.voltage->value();
    if (channel.current) values[prefix + "current_a"] = channel.current->value();
    return values;
  }

  static std::map<std::string, double> Values(const shelly::Reading& reading, const shelly::Model& model) {
    // The device says hundredths; a sum of them is not 199.35000000000002.
    std::map<std::string, double> values = {{"power_w", std::round(reading.power.value() * 1000) / 1000}};
    for (size_t i = 0; reading.has_channels && i < model.channels; ++i) {
      values.merge(ClampValues(reading.channels.at(i), absl::StrCat("l", i + 1, "_")));
    }
    if (reading.unixtime_s > 0) values["unixtime_s"] = static_cast<double>(reading.unixtime_s);
    return values;
  }
};

}  // namespace

const DeviceType& Shelly3emType() {
  static const Shelly3em type;
  return type;
}

}  // namespace abcds
