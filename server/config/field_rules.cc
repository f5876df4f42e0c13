#include "server/config/field_rules.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "abcds/v1/config.pb.h"
#include "absl/strings/str_cat.h"
#include "hal/units/check.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

template <class T>
FieldRule Number(int number, double low, double high, const char* fallback = nullptr) {
  return {T::descriptor(), number, false, low, high, fallback};
}

template <class T>
FieldRule RequiredNumber(int number, double low, double high) {
  return {T::descriptor(), number, true, low, high, nullptr};
}

// Text, flags and enumerations.
template <class T>
FieldRule Value(int number, const char* fallback = nullptr) {
  return {T::descriptor(), number, false, 0, 0, fallback};
}

template <class T>
FieldRule Required(int number) {
  return {T::descriptor(), number, true, 0, 0, nullptr};
}

std::vector<FieldRule> MeterRules() {
  using v1::Meter, v1::MqttMeter, v1::MqttBroker, v1::Shelly3em;
  using Tls = v1::MqttBroker::Tls;
  return {
      Value<Meter>(Meter::kNameFieldNumber, "grid"),
      Number<Meter>(Meter::kIntervalSFieldNumber, 0.05, 60, "1"),
      Number<Meter>(Meter::kLatencySFieldNumber, 0, 60, "0.5"),
      Number<Meter>(Meter::kAveragingSFieldNumber, 0, 60),  // interval_s
      Number<Meter>(Meter::kTimingUncertaintyFieldNumber, 0, 1, "0.45"),
      Number<Meter>(Meter::kNoiseWFieldNumber, 0, 500, "4"),
      Number<Meter>(Meter::kPlausibleWFieldNumber, 100, 1'000'000, "50000"),
      Value<Meter>(Meter::kInvertFieldNumber, "false"),

      Required<MqttMeter>(MqttMeter::kTopicFieldNumber),
      Value<MqttMeter>(MqttMeter::kJsonPathFieldNumber),
      Number<MqttMeter>(MqttMeter::kScaleFieldNumber, 0.000001, 1'000'000, "1"),
      Value<MqttMeter>(MqttMeter::kStripUnitFieldNumber, "false"),

      Required<Shelly3em>(Shelly3em::kHostFieldNumber),
      Number<Shelly3em>(Shelly3em::kPortFieldNumber, 1, 65535, "80"),
      Value<Shelly3em>(Shelly3em::kUserFieldNumber),
      Value<Shelly3em>(Shelly3em::kPasswordFieldNumber),
      Value<Shelly3em>(Shelly3em::kPasswordFileFieldNumber),

      Required<MqttBroker>(MqttBroker::kHostFieldNumber),
      Number<MqttBroker>(MqttBroker::kPortFieldNumber, 1, 65535),  // depends on TLS
      Value<MqttBroker>(MqttBroker::kUserFieldNumber),
      Value<MqttBroker>(MqttBroker::kPasswordFieldNumber),
      Value<MqttBroker>(MqttBroker::kPasswordFileFieldNumber),

      Value<Tls>(Tls::kCaFileFieldNumber),
      Value<Tls>(Tls::kCertificateFileFieldNumber),
      Value<Tls>(Tls::kKeyFileFieldNumber),
      Value<Tls>(Tls::kInsecureFieldNumber, "false"),
  };
}

std::vector<FieldRule> ConverterRules() {
  using v1::Bus, v1::CanBus, v1::Converter, v1::Response, v1::Lumentree, v1::Trucki,
      v1::MeanwellNpb, v1::MeanwellBic, v1::SwitchedCharger;
  return {
      Required<Bus>(Bus::kNameFieldNumber),
      Required<Bus>(Bus::kPortFieldNumber),
      Number<Bus>(Bus::kBaudFieldNumber, 1200, 115200),  // what the devices expect; CheckBuses knows the steps

      Required<CanBus>(CanBus::kNameFieldNumber),
      Value<CanBus>(CanBus::kInterfaceFieldNumber),
      Value<CanBus>(CanBus::kSlcanPortFieldNumber),
      Number<CanBus>(CanBus::kBitrateFieldNumber, 10'000, 1'000'000, "250000"),  // CheckBuses knows the steps
      Value<CanBus>(CanBus::kBringUpFieldNumber, "false"),

      // What has no default here has the device's.
      Required<Converter>(Converter::kNameFieldNumber),
      Number<Converter>(Converter::kMaxChargeWFieldNumber, 0, 20000),
      Number<Converter>(Converter::kMaxDischargeWFieldNumber, 0, 20000),
      Number<Converter>(Converter::kMinChargeWFieldNumber, 0, 2000),
      Number<Converter>(Converter::kMinDischargeWFieldNumber, 0, 2000),
      Number<Converter>(Converter::kDeadbandWFieldNumber, 0, 500),
      Number<Converter>(Converter::kMinimumIntervalSFieldNumber, 0, 60),
      Number<Converter>(Converter::kSlewWPerSFieldNumber, 1, 100'000),
      Number<Converter>(Converter::kEfficiencyFieldNumber, 0.5, 1),
      Number<Converter>(Converter::kWritesPerHourFieldNumber, 0, 3600),

      Number<Response>(Response::kDeadTimeSFieldNumber, 0, 30),
      Number<Response>(Response::kStartDelaySFieldNumber, 0, 60),
      Number<Response>(Response::kRampUpWPerSFieldNumber, 1, 100'000),
      Number<Response>(Response::kRampDownWPerSFieldNumber, 1, 100'000),
      Number<Response>(Response::kLagSFieldNumber, 0, 30),
      Number<Response>(Response::kReadbackLatencySFieldNumber, 0, 30),
      Number<Response>(Response::kUncertaintyFieldNumber, 0, 1, "0.45"),

      Required<Lumentree>(Lumentree::kModelFieldNumber),
      Required<Lumentree>(Lumentree::kBusFieldNumber),
      Number<Lumentree>(Lumentree::kAddressFieldNumber, 1, 247, "1"),

      Required<Trucki>(Trucki::kModelFieldNumber),
      Required<Trucki>(Trucki::kBusFieldNumber),
      Number<Trucki>(Trucki::kAddressFieldNumber, 1, 15, "1"),
      Value<Trucki>(Trucki::kNewerFirmwareFieldNumber, "false"),

      Required<MeanwellNpb>(MeanwellNpb::kBusFieldNumber),
      Number<MeanwellNpb>(MeanwellNpb::kAddressFieldNumber, 0, 3, "3"),
      Number<MeanwellNpb>(MeanwellNpb::kChargeVoltageVFieldNumber, 10, 100),  // cells
      Number<MeanwellNpb>(MeanwellNpb::kVoltageCorrectionVFieldNumber, -2, 2, "0"),
      Value<MeanwellNpb>(MeanwellNpb::kVoltageAdjustFieldNumber, "false"),
      Number<MeanwellNpb>(MeanwellNpb::kMemoryLifetimeYearsFieldNumber, 1, 50, "10"),

      Required<MeanwellBic>(MeanwellBic::kBusFieldNumber),
      Number<MeanwellBic>(MeanwellBic::kAddressFieldNumber, 0, 63, "0"),
      Number<MeanwellBic>(MeanwellBic::kChargeVoltageVFieldNumber, 10, 112),  // cells
      Number<MeanwellBic>(MeanwellBic::kDischargeVoltageVFieldNumber, 10, 112),
      Number<MeanwellBic>(MeanwellBic::kChargeVoltageCorrectionVFieldNumber, -2, 2, "0"),
      Number<MeanwellBic>(MeanwellBic::kDischargeVoltageCorrectionVFieldNumber, -2, 2, "0"),
      Value<MeanwellBic>(MeanwellBic::kAlwaysOnFieldNumber, "false"),
      Number<MeanwellBic>(MeanwellBic::kMemoryLifetimeYearsFieldNumber, 1, 50, "10"),

      Required<SwitchedCharger>(SwitchedCharger::kKindFieldNumber),
      Required<SwitchedCharger>(SwitchedCharger::kHostFieldNumber),
      Number<SwitchedCharger>(SwitchedCharger::kPortFieldNumber, 1, 65535, "80"),
      Value<SwitchedCharger>(SwitchedCharger::kUserFieldNumber, "admin"),
      Value<SwitchedCharger>(SwitchedCharger::kPasswordFieldNumber),
      Value<SwitchedCharger>(SwitchedCharger::kPasswordFileFieldNumber),
      Number<SwitchedCharger>(SwitchedCharger::kRelayFieldNumber, 1, 8, "1"),
      Number<SwitchedCharger>(SwitchedCharger::kPowerWFieldNumber, 20, 4000),  // learned
      Number<SwitchedCharger>(SwitchedCharger::kAutoOffSFieldNumber, 0, 3600, "120"),
      Number<SwitchedCharger>(SwitchedCharger::kMinimumOnSFieldNumber, 0, 3600, "60"),
      Number<SwitchedCharger>(SwitchedCharger::kMinimumOffSFieldNumber, 0, 3600, "60"),
      Number<SwitchedCharger>(SwitchedCharger::kSwitchOnWFieldNumber, 0, 10'000),
      Number<SwitchedCharger>(SwitchedCharger::kSwitchOffWFieldNumber, 0, 10'000),
      Value<SwitchedCharger>(SwitchedCharger::kLearnPowerFieldNumber),
  };
}

std::vector<FieldRule> BatteryRules() {
  using v1::Battery, v1::Bms, v1::JkBms;
  return {
      Value<Bms>(Bms::kNameFieldNumber, "bms"),
      Number<Bms>(Bms::kSilenceGraceSFieldNumber, 0, 3600, "30"),
      Value<Bms>(Bms::kChargeWithoutTemperatureFieldNumber, "false"),

      Required<JkBms>(JkBms::kBusFieldNumber),
      Value<JkBms>(JkBms::kBelowZeroOneLowerFieldNumber, "false"),

      RequiredNumber<Battery>(Battery::kCellsFieldNumber, 1, 64),
      RequiredNumber<Battery>(Battery::kCapacityAhFieldNumber, 1, 10'000),
      Number<Battery>(Battery::kCellVoltageMinFieldNumber, 2.5, 3.65, "3.05"),
      Number<Battery>(Battery::kCellVoltageMinRestartFieldNumber, 2.5, 3.65, "3.20"),
      Number<Battery>(Battery::kCellVoltageMaxFieldNumber, 2.5, 3.65, "3.45"),
      Number<Battery>(Battery::kCellVoltageMaxRestartFieldNumber, 2.5, 3.65, "3.34"),
      Number<Battery>(Battery::kSocMinFieldNumber, 0, 1, "0"),
      Number<Battery>(Battery::kSocRestartFieldNumber, 0, 1, "0.05"),
      Number<Battery>(Battery::kChargeTemperatureMinCFieldNumber, -40, 80, "2"),
      Number<Battery>(Battery::kChargeTemperatureMaxCFieldNumber, -40, 80, "45"),
      Number<Battery>(Battery::kDischargeTemperatureMinCFieldNumber, -40, 80, "-10"),
      Number<Battery>(Battery::kDischargeTemperatureMaxCFieldNumber, -40, 80, "55"),
      Number<Battery>(Battery::kResistanceMohmFieldNumber, 0, 1000, "0"),
      Number<Battery>(Battery::kMaxChargeCurrentAFieldNumber, 0.1, 1000),  // half the capacity
      Number<Battery>(Battery::kMaxDischargeCurrentAFieldNumber, 0.1, 1000),
      Number<Battery>(Battery::kFullCurrentAFieldNumber, 0, 100, "1"),
  };
}

std::vector<FieldRule> PlantRules() {
  using v1::Config, v1::Regulation, v1::RealTime, v1::Services;
  return {
      Value<Config>(Config::kSiteFieldNumber, "home"),

      Number<Regulation>(Regulation::kTargetWFieldNumber, -20000, 20000, "0"),
      Number<Regulation>(Regulation::kChargeBiasWFieldNumber, 0, 500, "0"),
      Number<Regulation>(Regulation::kDischargeBiasWFieldNumber, 0, 500, "0"),
      Number<Regulation>(Regulation::kReversalHoldSFieldNumber, 0, 60, "2"),
      Value<Regulation>(Regulation::kLeadFieldNumber, "true"),
      Value<Regulation>(Regulation::kChargeEnabledFieldNumber, "true"),
      Value<Regulation>(Regulation::kDischargeEnabledFieldNumber, "true"),

      Number<RealTime>(RealTime::kPeriodMsFieldNumber, 1, 200, "20"),
      Number<RealTime>(RealTime::kPriorityFieldNumber, 1, 49, "40"),
      Number<RealTime>(RealTime::kCpuFieldNumber, 0, 255),

      Value<Services>(Services::kGrpcListenFieldNumber, "127.0.0.1:50051"),
      Value<Services>(Services::kMetricsListenFieldNumber, "127.0.0.1:9105"),
  };
}

const FieldDescriptor& FieldOf(const Message& message, int number) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByNumber(number);
  ABCDS_CHECK(field != nullptr);
  return *field;
}

const char* Fallback(const FieldDescriptor& field) {
  const char* fallback = RuleOf(field).fallback;
  ABCDS_CHECK(fallback != nullptr);  // the caller asks for a default that the table leaves to the device
  return fallback;
}

}  // namespace

const std::vector<FieldRule>& FieldRules() {
  static const std::vector<FieldRule>& rules = *[] {
    auto* all = new std::vector<FieldRule>();
    for (const auto& part : {MeterRules(), ConverterRules(), BatteryRules(), PlantRules()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return rules;
}

const FieldRule& RuleOf(const FieldDescriptor& field) {
  for (const FieldRule& rule : FieldRules()) {
    if (rule.message == field.containing_type() && rule.number == field.number()) return rule;
  }
  ABCDS_CHECK(!"a field of config.proto has no row in field_rules.cc");
  std::abort();
}

bool IsGiven(const Message& message, int number) {
  return message.GetReflection()->HasField(message, &FieldOf(message, number));
}

double NumberInForce(const Message& message, int number) {
  const FieldDescriptor& field = FieldOf(message, number);
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.HasField(message, &field)) {
    const char* text = Fallback(field);
    double value = 0;
    const auto result = std::from_chars(text, text + std::strlen(text), value);
    ABCDS_CHECK(result.ec == std::errc());
    return value;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    default:
      ABCDS_CHECK(!"numbers in config.proto are double or uint32");
      return 0;
  }
}

bool FlagInForce(const Message& message, int number) {
  const FieldDescriptor& field = FieldOf(message, number);
  const Reflection& reflection = *message.GetReflection();
  if (reflection.HasField(message, &field)) return reflection.GetBool(message, &field);
  return std::strcmp(Fallback(field), "true") == 0;
}

std::string TextInForce(const Message& message, int number) {
  const FieldDescriptor& field = FieldOf(message, number);
  const Reflection& reflection = *message.GetReflection();
  return reflection.HasField(message, &field) ? reflection.GetString(message, &field) : Fallback(field);
}

bool IsSecret(const FieldDescriptor& field) { return field.name() == "password"; }

std::string AllowedValues(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "text in quotes";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "a block in { }";
    case FieldDescriptor::CPPTYPE_ENUM: {
      std::string names;
      const EnumDescriptor& type = *field.enum_type();
      for (int i = 0; i < type.value_count(); ++i) {
        if (type.value(i)->number() == 0) continue;  // …_UNSPECIFIED
        absl::StrAppend(&names, names.empty() ? "one of " : ", ", type.value(i)->name());
      }
      return names;
    }
    default: {
      const FieldRule& rule = RuleOf(field);
      const bool whole = field.cpp_type() != FieldDescriptor::CPPTYPE_DOUBLE;
      return absl::StrCat(whole ? "a whole number in [" : "a number in [", FormatNumber(rule.low), ", ",
                          FormatNumber(rule.high), "]");
    }
  }
}

std::string FormatNumber(double value) {
  std::array<char, 512> text{};
  const auto result = std::isfinite(value)
                          ? std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed)
                          : std::to_chars(text.data(), text.data() + text.size(), value);
  return std::string(text.data(), result.ptr);
}

}  // namespace abcds
