#include "server/plant/plant.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "control/core/names.h"
#include "hal/rt/clock.h"
#include "hal/units/check.h"
#include "server/plant/explain.h"

namespace abcds {
namespace {

LogLevel LevelOf(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kFaultRaised:
    case Event::Kind::kMissedCycles:
      return LogLevel::kWarning;
    case Event::Kind::kFaultLatched:
      return LogLevel::kError;
    case Event::Kind::kFaultCleared:
    case Event::Kind::kModeChanged:
    case Event::Kind::kBatteryFull:
    case Event::Kind::kBatteryEmpty:
      return LogLevel::kInfo;
  }
  return LogLevel::kWarning;
}

// Writes; less is not worth a write of the card.
constexpr int kSavingsStep = 16;

DeviceDetails Ask(const std::function<DeviceDetails()>& source) { return source ? source() : DeviceDetails(); }

// Of what an operator was granted: since when it is disabled. Said again, it keeps its time.
absl::Status Note(absl::Status granted, bool enabled, std::optional<WallTime>& disabled_since) {
  if (granted.ok() && enabled) disabled_since.reset();
  if (granted.ok() && !enabled && !disabled_since) {
    disabled_since = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  return granted;
}

std::string LeaseText(std::optional<Nanoseconds> lease) {
  return absl::StrFormat(", lease %.0f s", ToSeconds(lease.value_or(Arbiter::kLeaseDefault)));
}

}  // namespace

Plant::Plant(SiteFacts facts, DetailsSources sources, PlantBorder border, Log& log, const PlantMemory& before,
             RememberPlant remember)
    : facts_(std::move(facts)),
      sources_(std::move(sources)),
      border_(border),
      log_(log),
      remember_(std::move(remember)),
      arbiter_(facts_),
      charging_disabled_since_(before.charging_disabled_since),
      discharging_disabled_since_(before.discharging_disabled_since),
      memory_(before) {
  auto details = std::make_shared<PlantDetails>();
  details->converters.resize(facts_.converters.size());
  details_ = std::move(details);
  // Disabling is never refused.
  if (charging_disabled_since_) ABCDS_CHECK(arbiter_.SetChargerEnabled(false).ok());
  if (discharging_disabled_since_) ABCDS_CHECK(arbiter_.SetDischargerEnabled(false).ok());
  border_.intents.Publish(arbiter_.intent());
}

Plant::~Plant() { Stop(); }

void Plant::Start() {
  publisher_ = std::thread([this] { RunPublisher(); });
  details_thread_ = std::thread([this] { RunDetails(); });
}

void Plant::Stop() {
  {
    const std::lock_guard lock(state_mutex_);
    stopping_ = true;
  }
  hurry_.notify_all();
  published_.notify_all();
  if (publisher_.joinable()) publisher_.join();
  if (details_thread_.joinable()) details_thread_.join();
}

Plant::StatePtr Plant::Latest() const {
  const std::lock_guard lock(state_mutex_);
  return latest_;
}

bool Plant::Alive() const {
  const StatePtr state = Latest();
  return state != nullptr && MonotonicNow() - state->snapshot.time <= kCycleTimeout;
}

Plant::StatePtr Plant::WaitNewer(uint64_t number, Nanoseconds timeout) const {
  std::unique_lock lock(state_mutex_);
  const auto newer = [&] { return latest_ != nullptr && latest_->number > number; };
  published_.wait_for(lock, timeout, [&] { return stopping_ || newer(); });
  return !stopping_ && newer() ? latest_ : nullptr;
}

absl::StatusOr<Plant::StatePtr> Plant::SetChargerEnabled(bool enabled, const std::string& who) {
  return Apply([&](const Snapshot&, MonotonicTime) {
    return Note(arbiter_.SetChargerEnabled(enabled), enabled, charging_disabled_since_);
  },
               enabled ? "charger enabled" : "charger disabled", who);
}

absl::StatusOr<Plant::StatePtr> Plant::SetDischargerEnabled(bool enabled, const std::string& who) {
  return Apply([&](const Snapshot&, MonotonicTime) {
    return Note(arbiter_.SetDischargerEnabled(enabled), enabled, discharging_disabled_since_);
  },
               enabled ? "discharger enabled" : "discharger disabled", who);
}

absl::StatusOr<Plant::StatePtr> Plant::SetTarget(Watts target, std::optional<Nanoseconds> lease,
                                                 const std::string& who) {
  return Apply([&](const Snapshot&, MonotonicTime now) { return arbiter_.SetTarget(target, lease, now); },
               absl::StrFormat("target %.0f W%s", target.value(), LeaseText(lease)), who);
}

absl::StatusOr<Plant::StatePtr> Plant::SetMode(const ModeRequest& request, const std::string& who) {
  std::string what = absl::StrCat("mode ", ModeWord(request.mode));
  if (request.power) absl::StrAppend(&what, absl::StrFormat(" %.0f W", request.power->value()));
  if (request.until_soc) absl::StrAppend(&what, absl::StrFormat(" until %.0f %%", request.until_soc->value() * 100));
  if (request.mode != Mode::kAutomatic) absl::StrAppend(&what, LeaseText(request.lease));
  return Apply([&](const Snapshot& snapshot, MonotonicTime now) { return arbiter_.SetMode(request, snapshot, now); },
               what, who);
}

absl::StatusOr<Plant::StatePtr> Plant::ClearFault(const std::string& id, const std::string& device,
                                                  const std::string& who) {
  absl::StatusOr<StatePtr> state =
      Apply([&](const Snapshot& snapshot, MonotonicTime) { return arbiter_.ClearFault(id, device, snapshot); },
            "clear faults", who);
  if (!state.ok() || id.empty()) return state;
  for (const FaultStatus& fault : (*state)->snapshot.outputs.faults) {
    if (!fault.latched || !arbiter_.Matches(fault, id, device)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("its cause has come back; remove it first. ", FaultText(fault.id)));
  }
  return state;
}

absl::StatusOr<Plant::StatePtr> Plant::Apply(const Change& change, const std::string& what, const std::string& who) {
  uint32_t generation = 0;
  {
    const std::lock_guard lock(operator_mutex_);
    const StatePtr state = Latest();
    if (ending_) return absl::UnavailableError("abcdsd is stopping");
    if (state == nullptr) return absl::UnavailableError("abcdsd is still starting; try again in a second");
    if (absl::Status status = change(state->snapshot, MonotonicNow()); !status.ok()) {
      log_.WriteLimited(LogLevel::kInfo, "refused",
                        absl::StrCat(who, ": refused: ", what, ": ", std::string(status.message())));
      return status;
    }
    generation = arbiter_.intent().generation;
    border_.intents.Publish(arbiter_.intent());
  }
  log_.WriteLimited(LogLevel::kInfo, "operator", absl::StrCat(who, ": ", what));
  return AwaitGeneration(generation);
}

absl::StatusOr<Plant::StatePtr> Plant::AwaitGeneration(uint32_t generation) {
  std::unique_lock lock(state_mutex_);
  ++hurried_;
  hurry_.notify_all();
  // The difference, not the order: the counter may wrap.
  const auto seen = [&] { return static_cast<int32_t>(latest_->snapshot.intent.generation - generation) >= 0; };
  published_.wait_for(lock, kCycleTimeout, [&] { return stopping_ || seen(); });
  --hurried_;
  if (seen()) return latest_;
  if (stopping_) return absl::UnavailableError("abcdsd is stopping");
  return absl::UnavailableError(
      "no control cycle has taken this over within 1 s: the control loop is stuck or starved; see the log");
}

void Plant::RunPublisher() {
  std::unique_lock lock(state_mutex_);
  while (!stopping_) {
    lock.unlock();
    Publish(MonotonicNow());
    LogEvents();
    lock.lock();
    const int hurried = hurried_;
    hurry_.wait_for(lock, hurried > 0 ? kHurriedPeriod : kPublishPeriod,
                    [&] { return stopping_ || hurried_ > hurried; });
  }
  lock.unlock();
  // The last cycles' word.
  Publish(MonotonicNow());
  LogEvents();
}

void Plant::Publish(MonotonicTime now) {
  const Snapshot& snapshot = border_.snapshots.Latest();
  if (snapshot.time == MonotonicTime::min()) return;
  const StatePtr before = Latest();
  if (before != nullptr && before->snapshot.cycle.sequence == snapshot.cycle.sequence) {
    if (!stuck_ && !ending_ && now - last_progress_ > kCycleTimeout) {
      stuck_ = true;
      log_.Error("the control loop has published nothing for 1 s; commands expire and the converters go to 0 W");
    }
    return;
  }
  last_progress_ = now;
  if (std::exchange(stuck_, false)) log_.Warning("the control loop runs again");

  auto state = std::make_shared<PlantState>();
  {
    const std::lock_guard lock(operator_mutex_);
    if (arbiter_.Settle(snapshot, now)) border_.intents.Publish(arbiter_.intent());
    state->charging_disabled_since = charging_disabled_since_;
    state->discharging_disabled_since = discharging_disabled_since_;
  }
  state->number = before == nullptr ? 1 : before->number + 1;
  state->snapshot = snapshot;
  state->wall_time =
      std::chrono::system_clock::now() - std::chrono::duration_cast<WallTime::duration>(now - snapshot.time);
  RememberChanges(*state);
  {
    const std::lock_guard lock(state_mutex_);
    state->details = details_;
    latest_ = std::move(state);
  }
  published_.notify_all();
}

void Plant::RememberChanges(const PlantState& state) {
  PlantMemory memory;
  memory.charging_disabled_since = state.charging_disabled_since;
  memory.discharging_disabled_since = state.discharging_disabled_since;
  for (const FaultStatus& fault : state.snapshot.outputs.faults) {
    if (fault.latched && fault.id < FaultId::kCount) memory.latches.insert({fault.id, fault.converter});
  }
  memory.learned_w = memory_.learned_w;
  memory.savings = SavingsToKeep(state.snapshot);
  for (int i = 0; i < state.snapshot.converter_count; ++i) {
    const Watts learned = state.snapshot.outputs.converters[static_cast<size_t>(i)].learned;
    const int learned_w = static_cast<int>(std::lround(learned.value()));
    if (learned_w <= 0 || std::exchange(memory.learned_w[static_cast<int8_t>(i)], learned_w) == learned_w) continue;
    log_.Info(absl::StrCat(facts_.converters[static_cast<size_t>(i)].name, ": draws ", learned_w,
                           " W while it is on, as the battery's current shows"));
  }
  if (memory == memory_) return;
  memory_ = memory;
  remember_(memory_);
}

std::map<int8_t, PlantMemory::Savings> Plant::SavingsToKeep(const Snapshot& snapshot) const {
  std::map<int8_t, PlantMemory::Savings> kept = memory_.savings;
  for (int i = 0; i < snapshot.converter_count; ++i) {
    const std::optional<WriteSavings>& now = snapshot.outputs.converters[static_cast<size_t>(i)].savings;
    if (!now) continue;
    const PlantMemory::Savings savings = {.left = static_cast<int>(std::floor(now->left)), .written = now->written};
    const auto [entry, added] = kept.try_emplace(static_cast<int8_t>(i), savings);
    const PlantMemory::Savings& before = entry->second;
    const bool moved = std::abs(savings.left - before.left) >= kSavingsStep || savings.written < before.written ||
                       savings.written - before.written >= kSavingsStep;
    if (added || moved || ending_) entry->second = savings;
  }
  return kept;
}

void Plant::LogEvents() {
  Event event;
  while (border_.events.Pop(event)) {
    const std::string key = absl::StrCat("event ", static_cast<int>(event.kind), " ", static_cast<int>(event.fault),
                                         " ", static_cast<int>(event.converter));
    log_.WriteLimited(LevelOf(event.kind), key, DescribeEvent(facts_, event));
  }
  if (const uint64_t dropped = border_.events.dropped(); dropped != events_dropped_) {
    log_.WriteLimited(LogLevel::kWarning, "events dropped",
                      absl::StrCat(dropped - events_dropped_, " events came too fast and are missing from this log"));
    events_dropped_ = dropped;
  }
}

void Plant::RunDetails() {
  std::shared_ptr<const PlantDetails> before;
  {
    const std::lock_guard lock(state_mutex_);
    before = details_;
  }
  std::unique_lock lock(state_mutex_, std::defer_lock);
  while (true) {
    auto details = std::make_shared<PlantDetails>();
    details->meter = Ask(sources_.meter);
    details->battery = Ask(sources_.battery);
    for (const auto& source : sources_.converters) details->converters.push_back(Ask(source));
    details->converters.resize(facts_.converters.size());

    LogTrouble(facts_.meter.name, before->meter.trouble, details->meter.trouble);
    if (facts_.battery) LogTrouble(facts_.battery->name, before->battery.trouble, details->battery.trouble);
    for (size_t i = 0; i < facts_.converters.size(); ++i) {
      LogTrouble(facts_.converters[i].name, before->converters[i].trouble, details->converters[i].trouble);
    }
    before = details;

    lock.lock();
    details_ = std::move(details);
    hurry_.wait_for(lock, kDetailsPeriod, [&] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
  }
}

void Plant::LogTrouble(const std::string& device, const std::string& before, const std::string& after) {
  if (before == after) return;
  const std::string key = "trouble " + device;
  if (after.empty()) {
    log_.WriteLimited(LogLevel::kInfo, key, device + ": the trouble is over");
  } else {
    log_.WriteLimited(LogLevel::kWarning, key, device + ": " + after);
  }
}

}  // namespace abcds
