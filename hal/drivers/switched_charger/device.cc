#include "hal/drivers/switched_charger/device.h"

#include <cmath>

#include "hal/rt/clock.h"

namespace abcds {
namespace {

constexpr std::chrono::seconds kRestPatience(2);
// A pause of the caller longer than this may have let the previous command expire.
constexpr Nanoseconds kCallerPaused = std::chrono::milliseconds(400);
// Another process may end at any time.
constexpr Nanoseconds kClaimAgain = std::chrono::seconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<SwitchedCharger>> SwitchedCharger::Create(const SwitchedChargerOptions& options) {
  if (const absl::Status status = switched_charger::CheckOptions(options); !status.ok()) return status;
  return std::unique_ptr<SwitchedCharger>(new SwitchedCharger(options));
}

SwitchedCharger::SwitchedCharger(const SwitchedChargerOptions& options)
    : states_(ConverterState{}),
      options_(options),
      session_(switched_charger::SessionOf(options)),
      connection_(switched_charger::ServerOf(options), *this) {
  states_.Publish(session_.StateAt(MonotonicNow()));
}

SwitchedCharger::~SwitchedCharger() { Stop(); }

void SwitchedCharger::Start() {
  if (!started_.exchange(true)) connection_.Start();
}

void SwitchedCharger::Stop() {
  if (!started_.load() || stopping_.exchange(true)) return;
  connection_.Wake();
  {
    std::unique_lock lock(session_mutex_);
    rested_.wait_for(lock, kRestPatience, [this] { return session_.AtRest() || !claimed_by_another_.empty(); });
  }
  connection_.Stop();
  claim_.Reset();
}

DeviceDetails SwitchedCharger::Details() const {
  DeviceDetails details;
  const HttpCounters counters = connection_.Counters();
  details.counters["requests"] = counters.requests;
  details.counters["replies"] = counters.replies;
  details.counters["connections"] = counters.connections;
  details.counters["lookups"] = counters.lookups;
  details.counters["login_challenges"] = counters.challenges;
  const std::lock_guard lock(session_mutex_);
  session_.Describe(MonotonicNow(), details);
  if (!claimed_by_another_.empty()) details.trouble = claimed_by_another_;
  return details;
}

ConverterState SwitchedCharger::Latest() noexcept { return states_.Latest(); }

void SwitchedCharger::Command(const ConverterCommand& command) noexcept {
  commands_.Publish(command);
  // The connection's thread reads the mailbox before each of its own steps anyway. It is woken only for what cannot
  // wait: another setpoint, an earlier end, or a start after the previous command has expired.
  const bool changed = std::lround(command.power.value()) != std::lround(last_command_.power.value());
  const bool other_end = command.expires_at < last_command_.expires_at ||
                         last_command_.expires_at == MonotonicTime::min() ||
                         command.expires_at - last_command_.expires_at > kCallerPaused;
  last_command_ = command;
  if (changed || other_end) connection_.Wake();
}

void SwitchedCharger::TakeOrders() noexcept {
  if (stopping_.load()) session_.Rest();
  session_.SetCommand(commands_.Latest());
}

void SwitchedCharger::Publish(MonotonicTime now) noexcept {
  ConverterState state = session_.StateAt(now);
  if (!claimed_by_another_.empty()) state.lifecycle = Lifecycle::kFaulty;
  states_.Publish(state);
  if (session_.AtRest()) rested_.notify_all();
}

bool SwitchedCharger::Owns(MonotonicTime now) noexcept {
  if (claim_.valid()) return true;
  if (now < claim_at_) return false;
  claim_at_ = now + kClaimAgain;
  try {
    absl::StatusOr<OwnedFd> claim = switched_charger::ClaimPlug(options_);
    claimed_by_another_ = claim.ok() ? "" : std::string(claim.status().message());
    if (claim.ok()) claim_ = *std::move(claim);
  } catch (...) {
    // Out of memory: later, then.
  }
  return claim_.valid();
}

HttpRequest SwitchedCharger::NextRequest() noexcept {
  const MonotonicTime now = MonotonicNow();
  const std::lock_guard lock(session_mutex_);
  TakeOrders();
  const HttpRequest request = Owns(now) ? session_.NextRequest(now) : HttpRequest{};
  Publish(now);
  return request;
}

void SwitchedCharger::OnReply(const HttpReply& reply, MonotonicTime now) noexcept {
  const std::lock_guard lock(session_mutex_);
  try {
    session_.OnReply(reply, now);
  } catch (...) {
    // Out of memory for an excerpt: the state itself needs none.
  }
  Publish(now);
}

bool SwitchedCharger::Abandons() noexcept {
  const std::lock_guard lock(session_mutex_);
  TakeOrders();
  return session_.Abandons(MonotonicNow());
}

}  // namespace abcds
