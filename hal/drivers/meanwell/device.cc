#include "hal/drivers/meanwell/device.h"

#include <chrono>
#include <cmath>
#include <utility>

#include "hal/drivers/meanwell/details.h"

namespace abcds {
namespace {

constexpr Nanoseconds kRestPatience = std::chrono::seconds(2);
constexpr Nanoseconds kRestLook = std::chrono::milliseconds(100);
// A pause of the caller longer than this may have let the previous command expire.
constexpr Nanoseconds kCallerPaused = std::chrono::milliseconds(400);
// People need not see each frame; texts are made that often.
constexpr Nanoseconds kDetailsPeriod = std::chrono::milliseconds(200);

}  // namespace

MeanwellConverter::MeanwellConverter(const MeanwellOptions& options, CanBus& bus)
    : options_(options), bus_(bus), session_(options) {
  states_.Publish(session_.state());
  details_ = meanwell::DetailsOf(options_, session_, MonotonicTime{});
  bus_.Attach(client_);
}

void MeanwellConverter::Start() {
  Phase expected = Phase::kNew;
  if (phase_.compare_exchange_strong(expected, Phase::kRunning)) bus_.waker().Wake();
}

void MeanwellConverter::Stop() {
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

DeviceDetails MeanwellConverter::Details() const {
  const CanBusCounters bus = bus_.counters();
  const std::string bus_trouble = bus_.trouble();
  DeviceDetails details;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    details = details_;
  }
  details.counters["bus_unconfirmed_frames"] = bus.frames.unconfirmed;
  details.counters["bus_refused_frames"] = bus.frames.refused;
  details.counters["bus_foreign_senders"] = bus.frames.foreign_senders;
  details.counters["bus_error_frames"] = bus.frames.error_frames;
  details.counters["bus_offs"] = bus.frames.bus_offs;
  details.counters["bus_garbled"] = bus.frames.garbled;
  details.counters["bus_links_lost"] = bus.links_lost;
  if (!bus_trouble.empty()) details.trouble = bus_trouble;
  return details;
}

ConverterState MeanwellConverter::Latest() noexcept { return states_.Latest(); }

void MeanwellConverter::Command(const ConverterCommand& command) noexcept {
  commands_.Publish(command);
  // The bus's thread reads the mailbox before each of its own steps anyway. It is woken only for what cannot wait:
  // another setpoint, an earlier end, or a start after the previous command has expired.
  const bool changed = std::lround(command.power.value()) != std::lround(last_command_.power.value()) ||
                       command.may_idle_charging != last_command_.may_idle_charging ||
                       command.may_idle_discharging != last_command_.may_idle_discharging;
  const bool other_end = command.expires_at < last_command_.expires_at ||
                         last_command_.expires_at == MonotonicTime::min() ||
                         command.expires_at - last_command_.expires_at > kCallerPaused;
  last_command_ = command;
  if (changed || other_end) bus_.waker().Wake();
}

bool MeanwellConverter::Asked() const noexcept {
  const Phase phase = phase_.load();
  return phase == Phase::kRunning || phase == Phase::kStopping;
}

void MeanwellConverter::TakeOrders() noexcept {
  if (phase_.load() == Phase::kStopping) session_.Rest();
  session_.SetCommand(commands_.Latest());
}

// Details first: who sees a state finds its details, too.
void MeanwellConverter::Publish(MonotonicTime now) {
  const bool rests = session_.AtRest() && !at_rest_;
  const Lifecycle lifecycle = session_.state().lifecycle;
  const bool due = published_at_ == MonotonicTime::min() || now - published_at_ >= kDetailsPeriod;
  if (rests || due || lifecycle != published_lifecycle_) {
    published_at_ = now;
    published_lifecycle_ = lifecycle;
    DeviceDetails details = meanwell::DetailsOf(options_, session_, now);
    const std::lock_guard<std::mutex> lock(mutex_);
    details_ = std::move(details);
  }
  states_.Publish(session_.state());
  if (!rests) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  at_rest_ = true;
  phase_ = Phase::kStopped;
  rested_.notify_all();
}

std::span<const CanFilter> MeanwellConverter::Client::Filters() const noexcept { return converter_.session_.Filters(); }

std::optional<CanFrame> MeanwellConverter::Client::NextFrame(MonotonicTime now) noexcept {
  if (!converter_.Asked()) return std::nullopt;
  converter_.TakeOrders();
  std::optional<CanFrame> frame = converter_.session_.NextFrame(now);
  // Silence is noticed here, and so is a setpoint that the device has already.
  converter_.Publish(now);
  return frame;
}

MonotonicTime MeanwellConverter::Client::NextDue(MonotonicTime now) noexcept {
  return converter_.Asked() ? converter_.session_.NextDue(now) : MonotonicTime::max();
}

void MeanwellConverter::Client::OnSent(const CanFrame& frame, MonotonicTime now) noexcept {
  converter_.session_.OnSent(frame, now);
}

void MeanwellConverter::Client::OnFrame(const CanFrame& frame, MonotonicTime now) noexcept {
  converter_.session_.OnFrame(frame, now);
  converter_.Publish(now);
}

void MeanwellConverter::Client::OnLink(bool up, MonotonicTime now) noexcept {
  converter_.session_.OnLink(up, now);
  converter_.Publish(now);
}

}  // namespace abcds
