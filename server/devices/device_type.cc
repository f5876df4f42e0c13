#include "server/devices/device_type.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace abcds {

const char* KindName(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::kMeter:
      return "meter";
    case DeviceKind::kConverter:
      return "converter";
    case DeviceKind::kBms:
      return "battery";
  }
  return "";
}

absl::StatusOr<std::shared_ptr<GridMeter>> DeviceType::BuildMeter(const v1::Meter&, BuildContext&) const {
  return absl::InternalError(absl::StrCat(name(), " is no meter"));
}

absl::StatusOr<std::shared_ptr<PowerConverter>> DeviceType::BuildConverter(const v1::Converter&, BuildContext&) const {
  return absl::InternalError(absl::StrCat(name(), " is no converter"));
}

absl::StatusOr<std::shared_ptr<BatteryMonitor>> DeviceType::BuildBms(const v1::Bms&, BuildContext&) const {
  return absl::InternalError(absl::StrCat(name(), " is no BMS"));
}

absl::Status DeviceType::CommandSafeState(const v1::Converter&, const SafeStateContext&) const {
  return absl::UnimplementedError(absl::StrCat(name(), " has no safe state"));
}

absl::StatusOr<DecodedValues> DeviceType::DecodeAll(const DecodeInput& input) const {
  const auto numbers = Decode(input);
  if (!numbers.ok()) return numbers.status();
  return DecodedValues(numbers->begin(), numbers->end());
}

absl::StatusOr<std::map<std::string, double>> DeviceType::Decode(const DecodeInput&) const {
  return absl::UnimplementedError(absl::StrCat(name(), " has no frames of its own to decode"));
}

}  // namespace abcds
