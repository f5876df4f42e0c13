#include "server/config/in_force.h"

#include <cmath>
#include <string>

#include "server/config/battery_currents.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

void FillScalar(Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (reflection.HasField(message, &field) || RuleOf(field).fallback == nullptr) return;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(&message, &field, NumberInForce(message, field.number()));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&message, &field, static_cast<uint32_t>(NumberInForce(message, field.number())));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&message, &field, FlagInForce(message, field.number()));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&message, &field, TextInForce(message, field.number()));
    default:
      return;
  }
}

// The table's defaults, in every block that is given.
void FillFromTable(Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      FillScalar(message, field);
    } else if (field.is_repeated()) {
      for (int j = 0; j < reflection.FieldSize(message, &field); ++j) {
        FillFromTable(*reflection.MutableRepeatedMessage(&message, &field, j));
      }
    } else if (reflection.HasField(message, &field)) {
      FillFromTable(*reflection.MutableMessage(&message, &field));
    }
  }
}

// Nanoseconds are exact to nine digits; without rounding 0.3 s would read as 0.30000000000000004.
double Seconds(Nanoseconds duration) { return std::round(ToSeconds(duration) * 1e6) / 1e6; }

void FillConverter(v1::Converter& converter, const DeviceRules& rules) {
  const ConverterSettings settings = ConverterSettingsOf(converter, rules);
  converter.set_max_charge_w(settings.max_charge.value());
  converter.set_max_discharge_w(settings.max_discharge.value());
  converter.set_min_charge_w(settings.min_charge.value());
  converter.set_min_discharge_w(settings.min_discharge.value());
  converter.set_deadband_w(settings.deadband.value());
  converter.set_minimum_interval_s(Seconds(settings.minimum_interval));
  converter.set_efficiency(settings.efficiency);
  converter.set_writes_per_hour(settings.writes_per_hour);
  v1::Response& response = *converter.mutable_response();
  response.set_dead_time_s(Seconds(settings.response.dead_time));
  response.set_start_delay_s(Seconds(settings.response.start_delay));
  response.set_ramp_up_w_per_s(settings.response.ramp_up.value());
  response.set_ramp_down_w_per_s(settings.response.ramp_down.value());
  response.set_lag_s(Seconds(settings.response.lag));
  response.set_readback_latency_s(Seconds(settings.response.readback_latency));
  response.set_uncertainty(settings.response.uncertainty);
}

void FillMeter(v1::Meter& meter) {
  if (!meter.has_averaging_s()) meter.set_averaging_s(NumberInForce(meter, v1::Meter::kIntervalSFieldNumber));
  if (!meter.has_mqtt()) return;
  v1::MqttBroker& broker = *meter.mutable_mqtt()->mutable_broker();
  if (!broker.has_port()) broker.set_port(BrokerPort(broker));
}

}  // namespace

v1::Config WithDefaults(const v1::Config& config, const DeviceCatalog& catalog) {
  v1::Config filled = config;
  for (v1::Bus& bus : *filled.mutable_bus()) {
    const uint32_t baud = BusBaud(config, bus, catalog);
    if (baud != 0) bus.set_baud(baud);
  }
  FillMeter(*filled.mutable_meter());
  for (v1::Converter& converter : *filled.mutable_converter()) {
    FillConverter(converter, *RulesOf(catalog, DeviceKind::kConverter, converter));
  }
  const BatteryCurrents currents = CurrentsOf(config.battery());
  filled.mutable_battery()->set_max_charge_current_a(currents.charge);
  filled.mutable_battery()->set_max_discharge_current_a(currents.discharge);
  filled.mutable_regulation();
  filled.mutable_real_time();
  filled.mutable_services();
  FillFromTable(filled);
  return filled;
}

}  // namespace abcds
