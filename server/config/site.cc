#include "server/config/site.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/config/battery_currents.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"
#include "server/config/text.h"

namespace abcds {

namespace {

// A configuration is a page or two; more is the wrong file.
constexpr std::streamsize kLargestFile = 1 << 20;

MeterSettings MakeMeter(const v1::Meter& meter) {
  using v1::Meter;
  MeterSettings settings;
  settings.interval = FromSeconds(NumberInForce(meter, Meter::kIntervalSFieldNumber));
  settings.latency = FromSeconds(NumberInForce(meter, Meter::kLatencySFieldNumber));
  settings.averaging = meter.has_averaging_s() ? FromSeconds(meter.averaging_s()) : settings.interval;
  settings.timing_uncertainty = NumberInForce(meter, Meter::kTimingUncertaintyFieldNumber);
  settings.noise = Watts(NumberInForce(meter, Meter::kNoiseWFieldNumber));
  settings.plausible = Watts(NumberInForce(meter, Meter::kPlausibleWFieldNumber));
  return settings;
}

BatterySettings MakeBattery(const v1::Battery& battery, const v1::Bms& bms) {
  using v1::Battery;
  const auto number = [&](int field) { return NumberInForce(battery, field); };
  const BatteryCurrents currents = CurrentsOf(battery);
  BatterySettings settings;
  settings.cells = static_cast<int>(battery.cells());
  settings.cell_min = Volts(number(Battery::kCellVoltageMinFieldNumber));
  settings.cell_min_restart = Volts(number(Battery::kCellVoltageMinRestartFieldNumber));
  settings.cell_max = Volts(number(Battery::kCellVoltageMaxFieldNumber));
  settings.cell_max_restart = Volts(number(Battery::kCellVoltageMaxRestartFieldNumber));
  settings.soc_min = Ratio(number(Battery::kSocMinFieldNumber));
  settings.soc_restart = Ratio(number(Battery::kSocRestartFieldNumber));
  settings.charge_temperature_min = Celsius(number(Battery::kChargeTemperatureMinCFieldNumber));
  settings.charge_temperature_max = Celsius(number(Battery::kChargeTemperatureMaxCFieldNumber));
  settings.discharge_temperature_min = Celsius(number(Battery::kDischargeTemperatureMinCFieldNumber));
  settings.discharge_temperature_max = Celsius(number(Battery::kDischargeTemperatureMaxCFieldNumber));
  settings.resistance = Ohms(number(Battery::kResistanceMohmFieldNumber) * 1e-3);
  settings.max_charge_current = Amperes(currents.charge);
  settings.max_discharge_current = Amperes(currents.discharge);
  settings.full_current = Amperes(number(Battery::kFullCurrentAFieldNumber));
  settings.silence_grace = FromSeconds(NumberInForce(bms, v1::Bms::kSilenceGraceSFieldNumber));
  settings.charge_without_temperature = FlagInForce(bms, v1::Bms::kChargeWithoutTemperatureFieldNumber);
  return settings;
}

RegulationSettings MakeRegulation(const v1::Regulation& regulation) {
  using v1::Regulation;
  RegulationSettings settings;
  settings.target = Watts(NumberInForce(regulation, Regulation::kTargetWFieldNumber));
  settings.charge_bias = Watts(NumberInForce(regulation, Regulation::kChargeBiasWFieldNumber));
  settings.discharge_bias = Watts(NumberInForce(regulation, Regulation::kDischargeBiasWFieldNumber));
  settings.reversal_hold = FromSeconds(NumberInForce(regulation, Regulation::kReversalHoldSFieldNumber));
  settings.lead = FlagInForce(regulation, Regulation::kLeadFieldNumber);
  settings.charge_enabled = FlagInForce(regulation, Regulation::kChargeEnabledFieldNumber);
  settings.discharge_enabled = FlagInForce(regulation, Regulation::kDischargeEnabledFieldNumber);
  return settings;
}

// `config` has passed all checks.
Site MakeSite(v1::Config config, const DeviceCatalog& catalog) {
  Site site;
  site.name = TextInForce(config, v1::Config::kSiteFieldNumber);

  site.core.meter = MakeMeter(config.meter());
  site.core.battery = MakeBattery(config.battery(), config.bms());
  site.core.regulation = MakeRegulation(config.regulation());

  site.meter = {TextInForce(config.meter(), v1::Meter::kNameFieldNumber),
                RulesOf(catalog, DeviceKind::kMeter, config.meter())->name(), DeviceOf(config.meter()).field->name()};
  if (config.has_bms()) {
    site.battery = {TextInForce(config.bms(), v1::Bms::kNameFieldNumber),
                    RulesOf(catalog, DeviceKind::kBms, config.bms())->name(), DeviceOf(config.bms()).field->name()};
  }
  for (const v1::Converter& converter : config.converter()) {
    const DeviceRules& rules = *RulesOf(catalog, DeviceKind::kConverter, converter);
    site.core.converters[static_cast<size_t>(site.core.converter_count++)] = ConverterSettingsOf(converter, rules);
    site.converters.push_back({converter.name(), rules.name(), rules.arm()});
  }
  for (const v1::Bus& bus : config.bus()) {
    site.buses.push_back({bus.name(), bus.port(), BusBaud(config, bus, catalog)});
  }
  for (const v1::CanBus& bus : config.can_bus()) {
    const double bitrate = NumberInForce(bus, v1::CanBus::kBitrateFieldNumber);
    site.can_buses.push_back(
        {bus.name(), bus.interface(), bus.slcan_port(), static_cast<uint32_t>(bitrate), bus.bring_up()});
  }

  const v1::RealTime& real_time = config.real_time();
  site.period =
      std::chrono::milliseconds(static_cast<int>(NumberInForce(real_time, v1::RealTime::kPeriodMsFieldNumber)));
  site.priority = static_cast<int>(NumberInForce(real_time, v1::RealTime::kPriorityFieldNumber));
  if (real_time.has_cpu()) site.cpu = static_cast<int>(real_time.cpu());

  site.grpc_listen = TextInForce(config.services(), v1::Services::kGrpcListenFieldNumber);
  site.metrics_listen = TextInForce(config.services(), v1::Services::kMetricsListenFieldNumber);
  site.config = std::move(config);
  return site;
}

}  // namespace

absl::StatusOr<Site> LoadSiteText(const std::string& text, const std::string& name, const DeviceCatalog& catalog) {
  Problems problems(name);
  ConfigText read;
  ReadConfigText(text, read, problems);
  if (read.complete) CheckConfig(read.config, catalog, Scope(problems, read.tree.get(), read.unreadable));
  if (!problems.empty()) return problems.ToStatus();
  return MakeSite(std::move(read.config), catalog);
}

absl::StatusOr<std::string> ReadConfigFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  // A folder opens, and fails at the first read.
  if (!file.is_open() || file.peek() == std::ifstream::traits_type::eof()) {
    const int error = errno;
    if (file.is_open() && !file.bad()) return absl::InvalidArgumentError(absl::StrCat(path, ": the file is empty"));
    const std::string sentence = absl::StrCat(path, ": cannot be read: ", std::strerror(error));
    return error == EACCES ? absl::PermissionDeniedError(sentence) : absl::NotFoundError(sentence);
  }
  std::string buffer(static_cast<size_t>(kLargestFile) + 1, '\0');
  file.read(buffer.data(), kLargestFile + 1);
  if (file.gcount() > kLargestFile) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": larger than 1 MiB: not a configuration"));
  }
  buffer.resize(static_cast<size_t>(file.gcount()));
  return buffer;
}

absl::StatusOr<Site> LoadSite(const std::string& path, const DeviceCatalog& catalog) {
  const absl::StatusOr<std::string> text = ReadConfigFile(path);
  if (!text.ok()) return text.status();
  return LoadSiteText(*text, path, catalog);
}

}  // namespace abcds
