#include "control/core/fault_table.h"

#include "hal/units/check.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// The battery's stop limits act at once in BatteryLimiter and the gate; the debounce here is for latching only.
constexpr std::array<FaultRow, static_cast<size_t>(FaultId::kCount)> kRows = {{
    // id                              debounce  severity            latches
    {FaultId::kMeterSilent,            0s,       Severity::kStop,    false},
    {FaultId::kMeterFrozen,            0s,       Severity::kStop,    false},
    {FaultId::kMeterDisagrees,         0s,       Severity::kStop,    true},
    {FaultId::kBatterySilent,          0s,       Severity::kStop,    false},
    {FaultId::kBatteryVoltageUnknown,  10s,      Severity::kStop,    false},
    {FaultId::kBatteryForbids,         0s,       Severity::kDerate,  false},
    {FaultId::kCellVoltageHigh,        2s,       Severity::kStop,    true},
    {FaultId::kCellVoltageLow,         2s,       Severity::kStop,    true},
    {FaultId::kTemperatureOutside,     2s,       Severity::kStop,    false},
    {FaultId::kConverterSilent,        0s,       Severity::kDerate,  false},
    {FaultId::kConverterFaulty,        0s,       Severity::kDerate,  false},
    {FaultId::kConverterNotFollowing,  10s,      Severity::kWarning, false},
    {FaultId::kCirculation,            0s,       Severity::kStop,    true},
    {FaultId::kClockJump,              0s,       Severity::kWarning, false},
}};

constexpr int kFirstConverterFault = static_cast<int>(FaultId::kConverterSilent);
constexpr int kConverterFaults = 3;

}  // namespace

FaultTable::FaultTable() noexcept {
  holding_since_.fill(MonotonicTime::max());
  for (const FaultRow& row : kRows) {
    const int places = ConcernsConverter(row.id) ? kMaxConverters : 1;
    for (int place = 0; place < places; ++place) {
      const int converter = ConcernsConverter(row.id) ? place : -1;
      FaultStatus& slot = slots_[SlotOf(row.id, converter)];
      slot.id = row.id;
      slot.converter = static_cast<int8_t>(converter);
      slot.severity = row.severity;
    }
  }
}

const FaultRow& FaultTable::Row(FaultId id) noexcept {
  const FaultRow& row = kRows[static_cast<size_t>(id)];
  ABCDS_CHECK(row.id == id);
  return row;
}

bool FaultTable::ConcernsConverter(FaultId id) noexcept {
  const int index = static_cast<int>(id);
  return index >= kFirstConverterFault && index < kFirstConverterFault + kConverterFaults;
}

int FaultTable::SlotOf(FaultId id, int converter) noexcept {
  const int index = static_cast<int>(id);
  if (index < kFirstConverterFault) return index;
  if (ConcernsConverter(id)) return kFirstConverterFault + (index - kFirstConverterFault) * kMaxConverters + converter;
  return index + kConverterFaults * (kMaxConverters - 1);
}

void FaultTable::Report(FaultId id, bool condition, MonotonicTime now, int converter) noexcept {
  const FaultRow& row = Row(id);
  const int index = SlotOf(id, converter);
  FaultStatus& slot = slots_[index];
  if (!condition) {
    holding_since_[index] = MonotonicTime::max();
    slot.active = false;
    return;
  }
  if (holding_since_[index] == MonotonicTime::max()) holding_since_[index] = now;
  if (slot.active || now - holding_since_[index] < row.debounce) return;
  slot.active = true;
  if (slot.latched) return;  // the same occurrence goes on
  slot.latched = row.latches;
  slot.since = now;
  ++slot.occurrences;
}

void FaultTable::Restore(FaultId id, MonotonicTime now, int converter) noexcept {
  if (!Row(id).latches) return;
  FaultStatus& slot = slots_[SlotOf(id, converter)];
  slot.latched = true;
  slot.since = now;
}

void FaultTable::Clear(FaultId id, int converter) noexcept {
  for (FaultStatus& slot : slots_) {
    if (id != FaultId::kCount && slot.id != id) continue;
    if (converter >= 0 && slot.converter != converter) continue;
    if (!slot.active) slot.latched = false;
  }
}

FaultId FaultTable::StopCause() const noexcept {
  for (const FaultStatus& slot : slots_) {
    if (slot.severity == Severity::kStop && (slot.active || slot.latched)) return slot.id;
  }
  return FaultId::kCount;
}

bool FaultTable::Latched() const noexcept {
  for (const FaultStatus& slot : slots_) {
    if (slot.severity == Severity::kStop && slot.latched) return true;
  }
  return false;
}

}  // namespace abcds
