#include "server/config/check.h"

#include <charconv>

#include "server/config/field_rules.h"

namespace abcds {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

void CheckConfig(const v1::Config& config, const DeviceCatalog& catalog, const Scope& root) {
  v1::Config in_range = config;
  CheckFields(in_range, root);
  CheckDevices(in_range, catalog, root);
  CheckMeter(in_range, root);
  CheckBattery(in_range, catalog, root);
  CheckServices(in_range, root);
}

SelectedDevice DeviceOf(const Message& entry) {
  const OneofDescriptor* device = entry.GetDescriptor()->FindOneofByName("device");
  const FieldDescriptor* field = entry.GetReflection()->GetOneofFieldDescriptor(entry, device);
  if (field == nullptr) return {};
  return {field, &entry.GetReflection()->GetMessage(entry, field)};
}

const DeviceRules* RulesOf(const DeviceCatalog& catalog, DeviceKind kind, const Message& entry) {
  const SelectedDevice device = DeviceOf(entry);
  if (device.field == nullptr) return nullptr;
  for (const DeviceRules* rules : catalog) {
    if (rules->kind() == kind && rules->arm() == device.field->name()) return rules;
  }
  return nullptr;
}

ConverterSettings ConverterSettingsOf(const v1::Converter& converter, const DeviceRules& rules) {
  ConverterSettings settings = rules.ConverterDefaults(converter);
  const auto watts = [&](int number, Watts& value) {
    if (IsGiven(converter, number)) value = Watts(NumberInForce(converter, number));
  };
  watts(v1::Converter::kMinChargeWFieldNumber, settings.min_charge);
  watts(v1::Converter::kMaxChargeWFieldNumber, settings.max_charge);
  watts(v1::Converter::kMinDischargeWFieldNumber, settings.min_discharge);
  watts(v1::Converter::kMaxDischargeWFieldNumber, settings.max_discharge);
  watts(v1::Converter::kDeadbandWFieldNumber, settings.deadband);
  if (converter.has_minimum_interval_s()) settings.minimum_interval = FromSeconds(converter.minimum_interval_s());
  if (converter.has_efficiency()) settings.efficiency = converter.efficiency();
  if (converter.has_writes_per_hour()) settings.writes_per_hour = converter.writes_per_hour();
  if (converter.has_slew_w_per_s()) settings.slew = WattsPerSecond(converter.slew_w_per_s());
  // A device of which the user wants nothing in one direction has no part in it.
  settings.charges = settings.charges && settings.max_charge > Watts(0);
  settings.discharges = settings.discharges && settings.max_discharge > Watts(0);

  const v1::Response& given = converter.response();
  ResponseSettings& response = settings.response;
  if (given.has_dead_time_s()) response.dead_time = FromSeconds(given.dead_time_s());
  if (given.has_start_delay_s()) response.start_delay = FromSeconds(given.start_delay_s());
  if (given.has_ramp_up_w_per_s()) response.ramp_up = WattsPerSecond(given.ramp_up_w_per_s());
  if (given.has_ramp_down_w_per_s()) response.ramp_down = WattsPerSecond(given.ramp_down_w_per_s());
  if (given.has_lag_s()) response.lag = FromSeconds(given.lag_s());
  if (given.has_readback_latency_s()) response.readback_latency = FromSeconds(given.readback_latency_s());
  if (given.has_uncertainty()) response.uncertainty = given.uncertainty();
  return settings;
}

uint32_t BusBaud(const v1::Config& config, const v1::Bus& bus, const DeviceCatalog& catalog) {
  if (bus.has_baud()) return bus.baud();
  // 0 where `entry` is not on this bus. All on one bus expect the same: CheckBaud has seen to it.
  const auto expected_by = [&bus, &catalog](DeviceKind kind, const google::protobuf::Message& entry) -> uint32_t {
    const SelectedDevice device = DeviceOf(entry);
    if (device.field == nullptr) return 0;
    const FieldDescriptor* field = device.options->GetDescriptor()->FindFieldByName("bus");
    if (field == nullptr || device.options->GetReflection()->GetString(*device.options, field) != bus.name()) return 0;
    const DeviceRules* rules = RulesOf(catalog, kind, entry);
    return rules == nullptr ? 0 : rules->baud();
  };
  if (const uint32_t baud = expected_by(DeviceKind::kMeter, config.meter()); baud != 0) return baud;
  if (const uint32_t baud = expected_by(DeviceKind::kBms, config.bms()); baud != 0) return baud;
  for (const v1::Converter& converter : config.converter()) {
    if (const uint32_t baud = expected_by(DeviceKind::kConverter, converter); baud != 0) return baud;
  }
  return 0;
}

uint32_t BrokerPort(const v1::MqttBroker& broker) {
  if (broker.has_port()) return broker.port();
  return broker.has_tls() ? 8883 : 1883;
}

bool SplitHostPort(const std::string& text, std::string& host, int& port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return false;  // an IPv6 address without brackets: where its port begins is anybody's guess
  }
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data() + colon + 1, end, port);
  return !host.empty() && result.ec == std::errc() && result.ptr == end && port >= 1 && port <= 65535;
}

}  // namespace abcds
