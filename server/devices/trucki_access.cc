#include "server/devices/trucki_access.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "hal/drivers/trucki/codec.h"
#include "hal/drivers/trucki/register_map.h"
#include "server/devices/fragment.h"
#include "server/devices/register_access.h"

namespace abcds {
namespace {

using Settings = std::map<std::string, std::string>;

std::string ValueOf(const Settings& settings, const char* name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

class Access final : public RegisterAccess {
 public:
  std::string type() const override { return "trucki"; }
  // Sixteen makes the board the master of a meter.
  Addresses addresses() const override { return {.lowest = 1, .highest = 15, .usual = 1}; }
  std::vector<Setting> settings() const override {
    return {{"model", "1000 or 2000; the board does not tell. Default for writing: 1000"},
            {"newer_firmware", "true: above 1.08; older ones may jump to full power below 76 W. Default false"}};
  }

  std::string ConfigText(const DirectTarget& target) const override {
    v1::Config config;
    v1::Converter& converter = AddConverter(target, "inverter", config);
    v1::Trucki& device = *converter.mutable_trucki();
    const std::string model = ValueOf(target.settings, "model");
    device.set_model(model == "2000" ? v1::Trucki::MODEL_2000 : v1::Trucki::MODEL_1000);
    device.set_bus(config.bus(0).name());
    if (target.address != 1) device.set_address(static_cast<uint32_t>(target.address));
    if (ValueOf(target.settings, "newer_firmware") == "true") device.set_newer_firmware(true);
    return absl::StrCat(
        model.empty() ? "# The board does not tell the inverter's model: put in yours, MODEL_1000 or MODEL_2000.\n" : "",
        FragmentText(config));
  }

 protected:
  absl::StatusOr<Variant> Choose(const Settings& settings, bool for_writing) const override {
    const std::string model = ValueOf(settings, "model");
    const std::string firmware = ValueOf(settings, "newer_firmware");
    if (!model.empty() && model != "1000" && model != "2000") {
      return absl::InvalidArgumentError(absl::StrCat("model \"", model, "\" is none of 1000, 2000"));
    }
    if (!firmware.empty() && firmware != "true" && firmware != "false") {
      return absl::InvalidArgumentError("newer_firmware must be true or false");
    }
    const bool large = model.empty() ? !for_writing : model == "2000";
    const bool old_firmware = firmware != "true";
    const trucki::Traits& traits = trucki::TraitsOf(large ? trucki::Model::k2000 : trucki::Model::k1000);
    return Variant{
        .model = model.empty() ? "" : traits.name,
        .min_power = old_firmware ? std::max(traits.min_power, trucki::kOldFirmwareMinimum) : traits.min_power,
        .max_power = traits.max_power,
        .map = trucki::MakeRegisterMap(traits, old_firmware)};
  }
};

}  // namespace

const DirectAccess& TruckiAccess() {
  static const Access access;
  return access;
}

}  // namespace abcds
