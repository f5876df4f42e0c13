#include "server/devices/switched_charger.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/switched_charger/codec.h"
#include "hal/drivers/switched_charger/device.h"
#include "hal/drivers/switched_charger/options.h"
#include "hal/drivers/switched_charger/safe_state.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"
#include "server/devices/example.h"
#include "server/devices/http_login.h"
#include "server/devices/switched_charger_access.h"

namespace abcds {

namespace {

using switched_charger::Kind;
using switched_charger::Question;
using Options = v1::SwitchedCharger;

// Shorter, and a slow answer or two would let the plug's own timer end the charging.
constexpr double kShortestAutoOffS = 30;
// Control's own, where switch_off_w is not given.
constexpr double kSwitchOffShare = 0.6;

bool Learns(const Options& options) {
  return options.has_learn_power() ? options.learn_power() : !options.has_power_w();
}

switched_charger::ChargerRating RatingOf(const Options& options) {
  return switched_charger::RatingOf(Watts(options.power_w()), Learns(options));
}

Kind KindOf(const Options& options) {
  switch (options.kind()) {
    case Options::KIND_SHELLY_GEN1:
      return Kind::kShellyGen1;
    case Options::KIND_SHELLY_GEN2:
      return Kind::kShellyGen2;
    default:
      return Kind::kTasmota;
  }
}

absl::StatusOr<SwitchedChargerOptions> DriverOptions(const Options& options) {
  SwitchedChargerOptions driver;
  if (absl::Status status = ReadHttpLogin(options, driver.server); !status.ok()) return status;
  driver.kind = KindOf(options);
  driver.relay = static_cast<int>(NumberInForce(options, Options::kRelayFieldNumber));
  driver.power = Watts(options.power_w());
  driver.learn_power = Learns(options);
  driver.auto_off = FromSeconds(NumberInForce(options, Options::kAutoOffSFieldNumber));
  return driver;
}

class SwitchedChargerPlug final : public DeviceType {
 public:
  DeviceKind kind() const override { return DeviceKind::kConverter; }
  std::string name() const override { return "switched-charger"; }
  std::string arm() const override { return "switched_charger"; }

  void CheckConverter(const v1::Converter& converter, const Scope& scope) const override {
    const Options& options = converter.switched_charger();
    const Scope plug = scope.Nested(Field(converter, v1::Converter::kSwitchedChargerFieldNumber));
    CheckHttpLogin(options, plug);
    if (options.kind() == Options::KIND_SHELLY_GEN2 && options.has_user() && options.user() != "admin") {
      plug.Add(Field(options, Options::kUserFieldNumber),
               absl::StrCat("= \"", options.user(), "\": these devices know admin only"));
    }
    if (options.auto_off_s() > 0 && options.auto_off_s() < kShortestAutoOffS) {
      plug.Add(Field(options, Options::kAutoOffSFieldNumber),
               absl::StrCat("= ", FormatNumber(options.auto_off_s()), " is too short: 0, or at least ",
                            FormatNumber(kShortestAutoOffS)));
    }
    if (!options.has_power_w() && !Learns(options)) {
      plug.Add(Field(options, Options::kPowerWFieldNumber), "is missing: what is not learned must be written here");
    }
    const ConverterSettings settings = ConverterDefaults(converter);
    const Watts power = RatingOf(options).power;
    const Watts on = settings.switch_on > Watts(0) ? settings.switch_on : power;
    const Watts off = settings.switch_off > Watts(0) ? settings.switch_off : power * kSwitchOffShare;
    if (off >= on) {
      plug.Add(Field(options, Options::kSwitchOffWFieldNumber),
               absl::StrCat("= ", FormatNumber(off.value()), " is not below switch_on_w = ", FormatNumber(on.value())));
    }
    if (converter.has_max_charge_w() && Watts(converter.max_charge_w()) < settings.max_charge) {
      scope.Add(Field(converter, v1::Converter::kMaxChargeWFieldNumber),
                "cannot limit a charger that is only ever on or off: leave it out");
    }
  }

  std::string place(const v1::Converter& converter) const override {
    const Options& options = converter.switched_charger();
    if (options.host().empty()) return "";  // reported as missing
    return absl::StrCat("the plug at ",
                        switched_charger::PlaceOf(options.host(),
                                                  static_cast<int>(NumberInForce(options, Options::kPortFieldNumber)),
                                                  static_cast<int>(NumberInForce(options, Options::kRelayFieldNumber))));
  }

  bool measures_battery() const override { return false; }

  void CheckWithoutBms(const v1::Converter& converter, const Scope& scope) const override {
    const Options& options = converter.switched_charger();
    if (!Learns(options)) return;
    const Scope plug = scope.Nested(Field(converter, v1::Converter::kSwitchedChargerFieldNumber));
    const std::string what =
        "without a bms nothing shows what the charger draws: write what a meter at its plug shows while it is on";
    if (options.has_learn_power()) {
      plug.Add(Field(options, Options::kLearnPowerFieldNumber),
               absl::StrCat("= true: ", what, " into power_w, and leave this out"));
    } else {
      plug.Add(Field(options, Options::kPowerWFieldNumber), absl::StrCat("is missing: ", what));
    }
  }

  ConverterSettings ConverterDefaults(const v1::Converter& converter) const override {
    const Options& options = converter.switched_charger();
    ConverterSettings settings;
    settings.charges = true;
    // The device says its one step itself.
    settings.max_charge = RatingOf(options).most;
    settings.minimum_on = FromSeconds(NumberInForce(options, Options::kMinimumOnSFieldNumber));
    settings.minimum_off = FromSeconds(NumberInForce(options, Options::kMinimumOffSFieldNumber));
    settings.switch_on = Watts(options.switch_on_w());
    settings.switch_off = Watts(options.switch_off_w());
    settings.deadband = Watts(10);
    settings.minimum_interval = std::chrono::milliseconds(500);
    settings.reports_power = true;
    // One exchange over a radio link, then a charger that wakes up in 1 to 3 s; looked at every 2 s.
    settings.response.dead_time = std::chrono::milliseconds(300);
    settings.response.start_delay = std::chrono::milliseconds(1500);
    settings.response.ramp_up = WattsPerSecond(600);
    settings.response.ramp_down = WattsPerSecond(5000);
    settings.response.readback_latency = std::chrono::milliseconds(2200);
    settings.response.uncertainty = 0.45;
    return settings;
  }

  void AddExample(v1::Config& config) const override {
    const int number = config.converter_size() + 1;
    Options& options = *AddExampleConverter(config, "charger").mutable_switched_charger();
    options.set_kind(Options::KIND_TASMOTA);
    options.set_host(absl::StrCat("192.168.1.", 70 + number));
    options.set_power_w(600);
    if (!config.has_battery()) config.mutable_battery()->set_cells(8);
    config.mutable_battery()->set_capacity_ah(100);
  }

  absl::StatusOr<std::shared_ptr<PowerConverter>> BuildConverter(const v1::Converter& converter,
                                                                 BuildContext&) const override {
    const auto driver = DriverOptions(converter.switched_charger());
    if (!driver.ok()) return driver.status();
    auto made = SwitchedCharger::Create(*driver);
    if (!made.ok()) return made.status();
    return std::shared_ptr<PowerConverter>(*std::move(made));
  }

  absl::Status CommandSafeState(const v1::Converter& converter, const SafeStateContext& context) const override {
    const auto driver = DriverOptions(converter.switched_charger());
    if (!driver.ok()) return driver.status();
    return switched_charger::CommandSafeState(*driver, context.deadline);
  }

  const DirectAccess* direct_access() const override { return &SwitchedChargerAccess(); }

  bool decodes() const override { return true; }
  bool decodes_text() const override { return true; }
  std::string decode_usage() const override {
    return "[--set kind=tasmota|shelly_gen1|shelly_gen2] [--set relay=N] < BODY of a look at the relay, or of Status "
           "10";
  }

  absl::StatusOr<std::map<std::string, double>> Decode(const DecodeInput& input) const override {
    if (!input.frames.empty() || input.request.has_value()) {
      return absl::InvalidArgumentError("switched-charger reads a body from standard input, and no frames");
    }
    Kind kind = Kind::kTasmota;
    int relay = 1;
    for (const auto& [key, value] : input.settings) {
      if (key == "relay" && value.size() == 1 && value >= "1" && value <= "8") {
        relay = value[0] - '0';
      } else if (key == "kind" && value == "shelly_gen1") {
        kind = Kind::kShellyGen1;
      } else if (key == "kind" && value == "shelly_gen2") {
        kind = Kind::kShellyGen2;
      } else if (key != "kind" || value != "tasmota") {
        return absl::InvalidArgumentError(absl::StrCat("switched-charger does not know ", key, "=", value, ": ",
                                                       "kind=tasmota|shelly_gen1|shelly_gen2, relay=1 to 8"));
      }
    }
    const bool meter = kind == Kind::kTasmota && input.body.find("StatusSNS") != std::string::npos;
    const auto decoded = switched_charger::Decode(kind, relay, meter ? Question::kPower : Question::kState, input.body);
    if (decoded.login_refused) return absl::InvalidArgumentError("the device refuses user name or password");
    if (decoded.refusal != Refusal::kNone) {
      return absl::InvalidArgumentError(absl::StrCat("the body was refused: it is not what a ",
                                                     switched_charger::KindName(kind), " says about relay ", relay));
    }
    std::map<std::string, double> values;
    const switched_charger::Reading& reading = decoded.reading;
    if (reading.on) values["relay_on"] = *reading.on ? 1 : 0;
    if (reading.power) values["power_w"] = reading.power->value();
    if (reading.voltage) values["ac_voltage_v"] = reading.voltage->value();
    if (reading.temperature) values["temperature_c"] = reading.temperature->value();
    return values;
  }
};

}  // namespace

const DeviceType& SwitchedChargerType() {
  static const SwitchedChargerPlug type;
  return type;
}

}  // namespace abcds
