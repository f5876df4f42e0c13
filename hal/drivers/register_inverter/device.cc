#include "hal/drivers/register_inverter/device.h"

#include <chrono>
#include <cmath>
#include <utility>

namespace abcds {
namespace {

constexpr Nanoseconds kRestPatience = std::chrono::seconds(2);
constexpr Nanoseconds kRestLook = std::chrono::milliseconds(100);
// A pause of the caller longer than this may have let the previous command expire.
constexpr Nanoseconds kCallerPaused = std::chrono::milliseconds(400);

}  // namespace

RegisterInverter::RegisterInverter(const RegisterInverterOptions& options,
                                   std::unique_ptr<const register_inverter::RegisterMap> map, ModbusBus& bus)
    : options_(options), bus_(bus), session_(std::move(map), options.address) {
  published_.state = session_.state();
  states_.Publish(session_.state());
  bus_.Attach(client_);
}

void RegisterInverter::Start() {
  Phase expected = Phase::kNew;
  if (phase_.compare_exchange_strong(expected, Phase::kRunning)) bus_.waker().Wake();
}

void RegisterInverter::Stop() {
  Phase expected = Phase::kRunning;
  if (!phase_.compare_exchange_strong(expected, Phase::kStopping)) return;
  bus_.waker().Wake();
  std::unique_lock<std::mutex> lock(mutex_);
  // The bus may end without a word, so that its state is looked at now and then.
  for (Nanoseconds waited{0}; waited < kRestPatience && bus_.running(); waited += kRestLook) {
    if (rested_.wait_for(lock, kRestLook, [this] { return at_rest_; })) break;
  }
  phase_ = Phase::kStopped;
}

DeviceDetails RegisterInverter::Details() const {
  DeviceDetails details;
  details.identity = {
      {"model", options_.model}, {"port", options_.port_label}, {"address", std::to_string(options_.address)}};
  const ModbusBusCounters bus = bus_.counters();
  const std::string bus_trouble = bus_.trouble();

  const std::lock_guard<std::mutex> lock(mutex_);
  const auto read = [&details](const char* name, const auto& sample) {
    if (sample.valid) details.readings[name] = sample.value.value();
  };
  read("ac_power_w", published_.state.power);
  read("dc_voltage_v", published_.state.dc_voltage);
  read("ac_voltage_v", published_.ac_voltage);
  read("temperature_c", published_.temperature);
  read("setpoint_w", published_.state.acknowledged);
  const register_inverter::Counters& own = published_.counters;
  details.counters = {{"requests", own.requests},
                      {"unanswered", own.unanswered},
                      {"exceptions", own.exceptions},
                      {"implausible_readings", own.implausible},
                      {"setpoint_writes", own.setpoint_writes},
                      {"setpoint_rewrites", own.rewrites},
                      {"contacts_lost", own.contacts_lost},
                      {"bus_timeouts", bus.timeouts},
                      {"bus_corrupt_replies", bus.corrupt},
                      {"bus_stray_bytes", bus.stray_bytes},
                      {"bus_foreign_frames", bus.foreign_frames},
                      {"bus_links_lost", bus.links_lost}};
  details.trouble = bus_trouble.empty() ? published_.trouble : bus_trouble;
  return details;
}

ConverterState RegisterInverter::Latest() noexcept { return states_.Latest(); }

void RegisterInverter::Command(const ConverterCommand& command) noexcept {
  commands_.Publish(command);
  // The bus's thread reads the mailbox before each of its own steps anyway. It is woken only for what cannot wait:
  // another setpoint, an earlier end, or a start after the previous command has expired.
  const bool changed = std::lround(command.power.value()) != std::lround(last_command_.power.value());
  const bool other_end = command.expires_at < last_command_.expires_at ||
                         last_command_.expires_at == MonotonicTime::min() ||
                         command.expires_at - last_command_.expires_at > kCallerPaused;
  last_command_ = command;
  if (changed || other_end) bus_.waker().Wake();
}

bool RegisterInverter::Asked() const noexcept {
  const Phase phase = phase_.load();
  return phase == Phase::kRunning || phase == Phase::kStopping;
}

void RegisterInverter::TakeOrders(MonotonicTime now) noexcept {
  if (phase_.load() == Phase::kStopping) session_.Rest();
  session_.SetCommand(commands_.Latest(), now);
}

// Details first: who sees a state finds its details, too.
void RegisterInverter::Publish(MonotonicTime now) {
  Published published = {.state = session_.state(),
                         .ac_voltage = session_.ac_voltage(),
                         .temperature = session_.temperature(),
                         .counters = session_.counters(),
                         .trouble = session_.Trouble(options_.port_label, now)};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    published_ = std::move(published);
  }
  states_.Publish(session_.state());
  if (!session_.AtRest() || at_rest_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  at_rest_ = true;
  phase_ = Phase::kStopped;
  rested_.notify_all();
}

std::optional<ModbusClient::Due> RegisterInverter::Client::NextRequest(MonotonicTime now) noexcept {
  if (!converter_.Asked()) return std::nullopt;
  converter_.TakeOrders(now);
  return converter_.session_.NextRequest(now);
}

MonotonicTime RegisterInverter::Client::NextDue(MonotonicTime now) noexcept {
  return converter_.Asked() ? converter_.session_.NextDue(now) : MonotonicTime::max();
}

void RegisterInverter::Client::OnReply(const ModbusRequest& request, const ModbusReply& reply, MonotonicTime sent_at,
                                       MonotonicTime now) noexcept {
  converter_.session_.OnReply(request, reply, sent_at, now);
  converter_.Publish(now);
}

void RegisterInverter::Client::OnLink(bool up, MonotonicTime now) noexcept {
  converter_.session_.OnLink(up, now);
  converter_.Publish(now);
}

}  // namespace abcds
