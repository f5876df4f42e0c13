// What is wrong, in one sentence with what to do.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/drivers/meanwell/session.h"

namespace abcds::meanwell {

std::string Session::FaultText() const {
  const uint16_t faults = faults_.value_or(0);
  const auto has = [faults](uint16_t bit) { return (faults & bit) != 0; };
  const char* reset = ", then switch its AC off for 10 s and on again";
  if (has(fault::kShort)) return absl::StrCat("short circuit at the DC terminals: check the wiring", reset);
  if (has(fault::kOverVoltage)) {
    return absl::StrCat("DC voltage too high (OVP): check battery and BMS", reset);
  }
  if (has(fault::kOverCurrent)) return absl::StrCat("DC overcurrent (OLP): check the wiring", reset);
  if (has(fault::kBusOverVoltage)) {
    return "its internal bus voltage is too high (HV_OVP): switch its AC off for 10 s and on again";
  }
  if (has(fault::kOverTemperature)) return "too hot (OTP): its output is off until it has cooled, check its fans";
  if (has(fault::kAcFail)) return "it sees no proper AC voltage (AC_FAIL): check its plug and breaker";
  if (has(fault::kFan)) return "a fan is blocked (FAN_FAIL): clean it before the device gets too hot";
  if (has(fault::kHot)) return "hot (HI_TEMP): its power is halved, check its fans";
  return "";
}

std::string Session::Trouble() const {
  if (!link_up_) return "";
  const std::string unit = absl::StrFormat("unit %02X on %s", options_.unit, options_.label);
  if (stage_ == Stage::kSilent) {
    if (dialogue_.unanswered() == 0) return "";
    return absl::StrCat("no answer from ", unit, ": check its AC supply, the CAN wiring and its address switches");
  }
  if (stage_ == Stage::kRefused) return ObstacleText(obstacle_, identity_, set_up_, options_.name);
  if (eeprom_error_) return "its memory is broken (EEPER): it has to be replaced";
  const uint16_t serious = fault::kLatched | fault::kOverTemperature | fault::kAcFail;
  if ((faults_.value_or(0) & serious) != 0) return FaultText();
  if (watch_.has_value() && watch_->verdict() == OutputWatch::Verdict::kFrozen) {
    return absl::StrCat(unit,
                        " reports the same voltage and current again and again although its setpoint changed: "
                        "switch its AC off for 10 s and on again");
  }
  if (ignores_ || (watch_.has_value() && watch_->verdict() == OutputWatch::Verdict::kTooMuch)) {
    return absl::StrCat(unit,
                        " carries another current than it was told: if it was just commissioned switch its AC off "
                        "for 10 s and on again, else check that nobody else controls it");
  }
  if (start_failed_at_.has_value()) {
    return absl::StrCat(unit, " was switched on and its output stays off: check the bridge of its remote on/off pins");
  }
  if (stage_ == Stage::kReady && state_.dc_voltage.valid && !Usable()) {
    return "it sees no battery: check the DC fuse and switch";
  }
  if (memory_.OnlyStopping()) {
    return absl::StrFormat(
        "its memory has had %d of about %d writes: the rest is kept for switching it off, it is not "
        "used any more",
        memory_.Writes(), Memory::kLife);
  }
  return FaultText();
}

}  // namespace abcds::meanwell
