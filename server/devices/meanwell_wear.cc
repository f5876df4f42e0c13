#include "server/devices/meanwell_wear.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "hal/drivers/meanwell/identity.h"
#include "hal/drivers/meanwell/memory.h"
#include "hal/drivers/meanwell/values.h"
#include "hal/rt/clock.h"
#include "server/state/safe_state_ledger.h"

namespace abcds {
namespace {

using meanwell::Command;

absl::StatusOr<std::string> SerialNumber(meanwell::Errand& errand) {
  meanwell::Identity identity;
  for (const Command half : {Command::kMfrSerialB0B5, Command::kMfrSerialB6B11}) {
    const auto answer = errand.Read(half);
    if (!answer.ok()) return answer.status();
    if (!identity.OnAnswer(*answer)) return absl::DataLossError("its serial number is no text");
  }
  if (identity.serial_number().empty()) return absl::DataLossError("its serial number is empty");
  return identity.serial_number();
}

// Whether all that was written was written with EEPROM off, as far as that can be told afterwards.
bool EepromWasOff(meanwell::Errand& errand) {
  const auto& written = errand.written();
  if (std::find(written.begin(), written.end(), Command::kSystemConfig) != written.end()) return false;
  const auto config = errand.Read(Command::kSystemConfig);
  return config.ok() && (config->raw() & meanwell::system_config::kEepromOff) != 0;
}

}  // namespace

absl::StatusOr<MeanwellWear> CountMeanwellWrites(meanwell::Errand& errand, const StateFile& file) {
  const auto serial = SerialNumber(errand);
  if (!serial.ok()) return serial.status();
  SafeStateLedger ledger(file);
  meanwell::Memory memory(&ledger);
  memory.SetEepromOff(EepromWasOff(errand));
  memory.SetDevice(*serial);
  for (const Command command : errand.written()) memory.OnWrite(command, MonotonicNow());
  if (absl::Status status = ledger.Flush(); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(std::string(status.message()),
                                                    ": run this with sudo, or name another --state-dir"));
  }
  return MeanwellWear{
      .device = absl::StrCat("meanwell ", *serial), .writes = memory.counted_here(), .all_writes = memory.Writes()};
}

}  // namespace abcds
