#include "server/grpc/devices_proto.h"

#include <algorithm>

#include "abcds/v1/state.pb.h"
#include "absl/strings/str_cat.h"
#include "server/grpc/state_proto.h"

namespace abcds {
namespace {

v1::ListedDevice& Add(const DeviceFacts& facts, const char* kind, const ConnectionOf& connection,
                      v1::ListDevicesResponse& proto) {
  v1::ListedDevice& device = *proto.add_devices();
  device.set_name(facts.name);
  device.set_kind(kind);
  device.set_type(facts.device_type);
  device.set_connection(connection(facts.name));
  return device;
}

}  // namespace

void FillDevices(const SiteFacts& facts, const PlantState& state, const ConnectionOf& connection,
                 v1::ListDevicesResponse& proto) {
  v1::PlantState plant;
  FillState(facts, state, plant);

  v1::ListedDevice& meter = Add(facts.meter, "meter", connection, proto);
  meter.set_lifecycle(plant.meter().lifecycle());
  if (plant.meter().has_age_s()) meter.set_age_s(plant.meter().age_s());
  *meter.mutable_details() = plant.meter().details();

  if (facts.battery) {
    v1::ListedDevice& battery = Add(*facts.battery, "battery", connection, proto);
    battery.set_lifecycle(plant.battery().lifecycle());
    const auto& voltage = state.snapshot.battery.voltage;
    if (voltage.valid) battery.set_age_s(std::max(0.0, ToSeconds(state.snapshot.time - voltage.taken_at)));
    *battery.mutable_details() = plant.battery().details();
  }
  for (int i = 0; i < plant.converters_size(); ++i) {
    const v1::ConverterStatus& status = plant.converters(i);
    v1::ListedDevice& converter = Add(facts.converters[static_cast<size_t>(i)], "converter", connection, proto);
    converter.set_lifecycle(status.lifecycle());
    if (status.has_power_age_s()) converter.set_age_s(status.power_age_s());
    *converter.mutable_details() = status.details();
  }
}

absl::StatusOr<v1::DeviceReport> ReportOf(const SiteFacts& facts, const PlantState& state,
                                          const ConnectionOf& connection, const std::string& name) {
  v1::ListDevicesResponse all;
  FillDevices(facts, state, connection, all);
  const auto found = std::find_if(all.devices().begin(), all.devices().end(),
                                  [&name](const v1::ListedDevice& device) { return device.name() == name; });
  if (found == all.devices().end()) {
    std::string names;
    for (const v1::ListedDevice& device : all.devices()) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", device.name());
    }
    return absl::NotFoundError(absl::StrCat("no device of the configuration is called \"", name, "\"; known: ", names,
                                            "; another one is asked by its type and its port or host"));
  }
  if (found->lifecycle() == v1::LIFECYCLE_CONNECTING) {
    const std::string& trouble = found->details().trouble();
    return absl::UnavailableError(
        absl::StrCat(name, " (", found->type(), ", ", found->connection(), ") does not answer",
                     trouble.empty() ? " yet; try again in a few seconds" : absl::StrCat(": ", trouble)));
  }
  v1::DeviceReport report;
  report.set_type(found->type());
  report.set_connection(found->connection());
  report.set_lifecycle(found->lifecycle());
  *report.mutable_details() = found->details();
  for (size_t i = 0; i < facts.converters.size(); ++i) {
    if (facts.converters[i].name != name) continue;
    const ConverterState& converter = state.snapshot.converter_states[i];
    (*report.mutable_limits())["charge_power_max_w"] = converter.max_charge.value();
    (*report.mutable_limits())["discharge_power_max_w"] = converter.max_discharge.value();
  }
  if (facts.battery && facts.battery->name == name) {
    const auto& limits = state.snapshot.outputs.battery_limits;
    (*report.mutable_limits())["charge_power_max_w"] = limits.charge.value();
    (*report.mutable_limits())["discharge_power_max_w"] = limits.discharge.value();
  }
  return report;
}

}  // namespace abcds
