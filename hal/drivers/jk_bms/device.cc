#include "hal/drivers/jk_bms/device.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace abcds {
namespace {

void AddIdentity(const jk_bms::Status& status, DeviceDetails& details) {
  const auto add = [&details](const char* name, const char* text) {
    if (text[0] != '\0') details.identity[name] = text;
  };
  add("device_id", status.device_id.data());
  add("software_version", status.software.data());
  add("manufacturer_id", status.manufacturer_id.data());
  if (!status.chemistry.has_value()) return;
  static constexpr const char* kChemistries[] = {"LiFePO4", "NMC", "LTO"};
  add("chemistry", *status.chemistry < std::size(kChemistries) ? kChemistries[*status.chemistry] : "unknown");
}

void AddReadings(const jk_bms::Status& status, DeviceDetails& details) {
  const auto read = [&details](const char* name, const auto& value) {
    if (value.has_value()) details.readings[name] = static_cast<double>(*value);
  };
  const auto temperature = [&details](const char* name, const std::optional<Celsius>& value) {
    if (value.has_value()) details.readings[name] = value->value();
  };
  details.readings["pack_voltage_v"] = status.voltage.value();
  if (status.current.has_value()) details.readings["current_a"] = status.current->value();
  details.readings["soc_percent"] = status.soc_percent;
  for (size_t i = 0; i < status.cells; ++i) {
    details.readings[absl::StrFormat("cell_%02d_voltage_v", i + 1)] = status.cell_mv[i] / 1000.0;
  }
  temperature("fet_temperature_c", status.fet_temperature);
  temperature("box_temperature_c", status.box_temperature);
  temperature("battery_temperature_c", status.battery_temperature);
  details.readings["charge_switch_on"] = status.charge_fet() ? 1 : 0;
  details.readings["discharge_switch_on"] = status.discharge_fet() ? 1 : 0;
  details.readings["balancing"] = status.balancing() ? 1 : 0;
  details.readings["warning_bits"] = status.warnings;
  read("cycles", status.cycles);
  read("charged_total_ah", status.charged_total_ah);
  read("capacity_ah", status.capacity_ah);
  const auto read_mv = [&details](const char* name, const std::optional<uint16_t>& mv) {
    if (mv.has_value()) details.readings[name] = *mv / 1000.0;
  };
  read_mv("cell_overvoltage_v", status.cell_overvoltage_mv);
  read_mv("cell_undervoltage_v", status.cell_undervoltage_mv);
  read("charge_overcurrent_a", status.charge_overcurrent_a);
  read("discharge_overcurrent_a", status.discharge_overcurrent_a);
  read("running_time_min", status.running_minutes);
}

}  // namespace

JkBmsBattery::JkBmsBattery(const JkBmsOptions& options, ByteBus& bus)
    : options_(options),
      bus_(bus),
      session_({.codec = {.below_zero_one_lower = options.below_zero_one_lower}, .cells = options.cells}) {
  bus_.Attach(client_);
}

void JkBmsBattery::Start() {
  if (!asked_.exchange(true)) bus_.waker().Wake();
}

void JkBmsBattery::Stop() { asked_ = false; }

DeviceDetails JkBmsBattery::Details() const {
  DeviceDetails details;
  details.identity = {{"model", "JK BMS"}, {"port", options_.port_label}};
  const ByteBusCounters bus = bus_.counters();
  const std::string bus_trouble = bus_.trouble();

  const std::lock_guard<std::mutex> lock(mutex_);
  if (published_.known) {
    AddIdentity(published_.status, details);
    AddReadings(published_.status, details);
  }
  const jk_bms::Counters& own = published_.counters;
  details.counters = {{"requests", own.requests},
                      {"samples", own.samples},
                      {"unanswered", own.unanswered},
                      {"damaged_frames", own.damaged_frames},
                      {"checksum_errors", own.checksum_errors},
                      {"skipped_bytes", own.skipped_bytes},
                      {"echoes", own.echoes},
                      {"foreign_frames", own.foreign_frames},
                      {"malformed", own.malformed},
                      {"implausible", own.implausible},
                      {"unconfirmed", own.unconfirmed},
                      {"unknown_identifiers", own.unknown_identifiers},
                      {"wake_ups", own.wake_ups},
                      {"contacts_lost", own.contacts_lost},
                      {"bus_stray_bytes", bus.stray_bytes},
                      {"bus_never_quiet", bus.never_quiet},
                      {"bus_links_lost", bus.links_lost}};
  details.trouble = bus_trouble.empty() ? published_.trouble : bus_trouble;
  return details;
}

// Details first: who sees a state finds its details, too.
void JkBmsBattery::Publish() {
  Published published = {.known = session_.state().voltage.valid,
                         .state = session_.state(),
                         .status = session_.status(),
                         .counters = session_.counters(),
                         .trouble = session_.Trouble(options_.port_label)};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    published_ = std::move(published);
  }
  states_.Publish(session_.state());
}

std::optional<ByteRequest> JkBmsBattery::Client::NextRequest(MonotonicTime now) noexcept {
  if (!battery_.asked_) return std::nullopt;
  return battery_.session_.NextRequest(now);
}

MonotonicTime JkBmsBattery::Client::NextDue(MonotonicTime now) noexcept {
  return battery_.asked_ ? battery_.session_.NextDue(now) : MonotonicTime::max();
}

void JkBmsBattery::Client::OnSent(MonotonicTime now) noexcept { battery_.session_.OnSent(now); }

bool JkBmsBattery::Client::OnBytes(std::span<const uint8_t> bytes, MonotonicTime now) noexcept {
  const bool answered = battery_.session_.OnBytes(bytes, now);
  if (answered) battery_.Publish();
  return answered;
}

MonotonicTime JkBmsBattery::Client::ReplyDeadline() const noexcept { return battery_.session_.ReplyDeadline(); }

bool JkBmsBattery::Client::OnDeadline(MonotonicTime now) noexcept {
  const bool answered = battery_.session_.OnDeadline(now);
  battery_.Publish();
  return answered;
}

void JkBmsBattery::Client::OnLink(bool up, MonotonicTime now) noexcept {
  battery_.session_.OnLink(up, now);
  battery_.Publish();
}

}  // namespace abcds
