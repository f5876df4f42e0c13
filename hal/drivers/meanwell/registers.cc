#include "hal/drivers/meanwell/registers.h"

#include <algorithm>

#include "hal/units/check.h"

namespace abcds::meanwell {

int Registers::IndexOf(Command command) noexcept {
  const auto* found = std::ranges::find(kKept, command);
  return found == kKept.end() ? -1 : static_cast<int>(found - kKept.begin());
}

Register& Registers::operator[](Command command) noexcept {
  const int index = IndexOf(command);
  ABCDS_CHECK(index >= 0);
  return registers_[static_cast<size_t>(index)];
}

const Register& Registers::operator[](Command command) const noexcept {
  const int index = IndexOf(command);
  ABCDS_CHECK(index >= 0);
  return registers_[static_cast<size_t>(index)];
}

void Registers::OnWritten(Command command, uint16_t raw, MonotonicTime now) noexcept {
  (*this)[command] = {.held = std::nullopt, .written = raw, .written_at = now};
  unverified_ = command;
}

Registers::Reading Registers::OnRead(Command command, uint16_t raw) noexcept {
  Register& known = (*this)[command];
  if (unverified_ == command) unverified_.reset();
  const bool was_known = known.held.has_value();
  const bool same = was_known && *known.held == raw;
  known.held = raw;
  if (!was_known) return Reading::kNew;
  if (same) return Reading::kUnchanged;
  known.written.reset();
  return Reading::kChanged;
}

}  // namespace abcds::meanwell
