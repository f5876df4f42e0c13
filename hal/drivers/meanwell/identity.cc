#include "hal/drivers/meanwell/identity.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace abcds::meanwell {
namespace {

std::string KnownModels() {
  std::string names;
  for (const Model& model : Models()) absl::StrAppend(&names, names.empty() ? "" : ", ", model.name);
  return names;
}

}  // namespace

bool Identity::OnAnswer(const Message& message) {
  const Command command = message.info->command;
  if (command == Command::kScalingFactor) {
    scaling_ = DecodeScaling(message.value());
    return scaling_.has_value();
  }
  if (command == Command::kMfrRevision) {
    revision_ = DecodeRevision(message.value());
    return true;
  }
  std::optional<std::string> text = DecodeText(message.value());
  if (!text.has_value()) return false;
  switch (command) {
    case Command::kMfrModelB0B5:
      model_first_ = *text;
      break;
    case Command::kMfrModelB6B11:
      model_second_ = *text;
      break;
    case Command::kMfrSerialB0B5:
      serial_first_ = *text;
      break;
    case Command::kMfrSerialB6B11:
      serial_second_ = *text;
      break;
    default:
      return true;
  }
  model_text_ = model_first_ + model_second_;
  serial_text_ = serial_first_ + serial_second_;
  model_ = FindModel(model_text_);
  return true;
}

Obstacle Identity::Check(const SetUp& set_up, const Registers& registers) const noexcept {
  if (model_ == nullptr) return Obstacle::kUnknownModel;
  if (model_->family != set_up.family) return Obstacle::kOtherFamily;
  if (!scaling_.has_value() || !IsUsual(*scaling_)) return Obstacle::kScaling;
  const auto outside = [this](Volts voltage) { return voltage < model_->voltage_min || voltage > model_->voltage_max; };
  const bool bic = set_up.family == Family::kBic;
  if (outside(set_up.charge_voltage) || (bic && outside(set_up.discharge_voltage))) return Obstacle::kVoltageRange;
  const uint16_t config = registers[Command::kSystemConfig].held.value_or(0);
  if (bic && (config & system_config::kCanControl) == 0) return Obstacle::kNotCanControl;
  if (bic && (registers[Command::kBidirectionalConfig].held.value_or(0) & 1) == 0) return Obstacle::kFindsDirection;
  if (!bic && (registers[Command::kCurveConfig].held.value_or(0) & curve_config::kChargerMode) != 0) {
    return Obstacle::kChargerMode;
  }
  if ((config & system_config::kOperationInit) != 0) return Obstacle::kStartsByItself;
  return Obstacle::kNone;
}

std::string ObstacleText(Obstacle obstacle, const Identity& identity, const SetUp& set_up, const std::string& name) {
  const std::string commission = absl::StrCat(": run abcdsctl meanwell commission ", name);
  switch (obstacle) {
    case Obstacle::kNone:
      return "";
    case Obstacle::kUnknownModel:
      return absl::StrCat("the device calls itself \"", identity.model_text(),
                          "\", which is no model that is known here: ", KnownModels());
    case Obstacle::kOtherFamily:
      return absl::StrCat("the device is a ", identity.model()->name, ", not a ", FamilyName(set_up.family),
                          ": correct the configuration");
    case Obstacle::kScaling:
      if (!identity.scaling().has_value()) {
        return "the device counts in steps that are not known here (SCALING_FACTOR): it cannot be used";
      }
      return absl::StrFormat(
          "the device counts in steps of %g V and %g A, setpoints are only written in steps of 0.01: it cannot be used",
          identity.scaling()->voltage, identity.scaling()->current);
    case Obstacle::kVoltageRange:
      return absl::StrFormat(
          "its model, %s, can be set to %g to %g V, which %g V%s is not in: check the cells, their voltages and the "
          "corrections",
          identity.model()->name, identity.model()->voltage_min.value(), identity.model()->voltage_max.value(),
          set_up.charge_voltage.value(),
          set_up.family == Family::kBic ? absl::StrFormat(" or %g V", set_up.discharge_voltage.value()) : "");
    case Obstacle::kNotCanControl:
      return absl::StrCat("the device is not set to be controlled by CAN", commission);
    case Obstacle::kFindsDirection:
      return absl::StrCat("the device is not in battery mode and would choose its direction by itself", commission);
    case Obstacle::kChargerMode:
      return absl::StrCat("the device follows its own charge curve and takes no setpoints (charger mode)", commission);
    case Obstacle::kStartsByItself:
      return absl::StrCat("the device switches its output on by itself when its AC comes back", commission);
    case Obstacle::kPowerCycle:
      return "the device is set up now, and goes by it from its next start: switch its AC off for 10 s and on again";
  }
  return "";
}

}  // namespace abcds::meanwell
