#include "hal/drivers/meanwell/memory.h"

namespace abcds::meanwell {
namespace {

constexpr const char* kLacksEepromOff = "lacks_eeprom_off";
constexpr Nanoseconds kTooEarly = std::chrono::hours(1);
constexpr double kSecondsPerYear = 365.25 * 86400;

}  // namespace

void Memory::SetDevice(const std::string& serial_number) {
  device_ = "meanwell " + serial_number;
  if (ledger_ != nullptr && unassigned_ > 0) {
    ledger_->AddWrites(device_, unassigned_);
    unassigned_ = 0;
  }
}

bool Memory::LacksEepromOff() const {
  return ledger_ != nullptr && !device_.empty() && ledger_->Knows(device_, kLacksEepromOff);
}

void Memory::SetLacksEepromOff() {
  if (ledger_ != nullptr && !device_.empty()) ledger_->Remember(device_, kLacksEepromOff);
}

void Memory::OnWrite(Command command, MonotonicTime now) {
  const bool always_stored = command == Command::kSystemConfig || command == Command::kCurveConfig ||
                             command == Command::kBidirectionalConfig || command == Command::kDirectionCtrl;
  if (eeprom_off_ && !always_stored) return;
  if (first_at_ == MonotonicTime::min()) first_at_ = now;
  ++counted_here_;
  if (ledger_ != nullptr && !device_.empty()) {
    ledger_->AddWrites(device_, 1);
  } else {
    ++unassigned_;
  }
}

uint64_t Memory::Writes() const {
  return unassigned_ + (ledger_ != nullptr && !device_.empty() ? ledger_->Writes(device_) : 0);
}

double Memory::LifetimeYears(MonotonicTime now) const {
  if (counted_here_ == 0 || now - first_at_ < kTooEarly) return -1;
  const uint64_t writes = Writes();
  if (writes >= kLife) return 0;
  const double per_second = static_cast<double>(counted_here_) / ToSeconds(now - first_at_);
  return static_cast<double>(kLife - writes) / per_second / kSecondsPerYear;
}

}  // namespace abcds::meanwell
