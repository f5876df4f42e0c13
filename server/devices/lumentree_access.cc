#include "server/devices/lumentree_access.h"

#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "hal/drivers/lumentree/codec.h"
#include "hal/drivers/lumentree/register_map.h"
#include "server/devices/fragment.h"
#include "server/devices/register_access.h"

namespace abcds {
namespace {

using lumentree::Model;

struct ModelRow {
  const char* setting;
  Model model;
  v1::Lumentree::Model config;
};
// The smallest first, the largest last.
constexpr ModelRow kModels[] = {{"600", Model::k600, v1::Lumentree::MODEL_600},
                                {"1000", Model::k1000, v1::Lumentree::MODEL_1000},
                                {"2000", Model::k2000, v1::Lumentree::MODEL_2000}};

const ModelRow* Find(const std::string& setting) {
  for (const ModelRow& row : kModels) {
    if (setting == row.setting) return &row;
  }
  return nullptr;
}

class Access final : public RegisterAccess {
 public:
  std::string type() const override { return "lumentree"; }
  Addresses addresses() const override { return {.lowest = 1, .highest = 247, .usual = 1}; }
  std::vector<Setting> settings() const override {
    return {{"model", "600, 1000 or 2000; the inverter does not tell. Default for writing: 600"}};
  }

  std::string ConfigText(const DirectTarget& target) const override {
    v1::Config config;
    v1::Converter& converter = AddConverter(target, "inverter", config);
    v1::Lumentree& device = *converter.mutable_lumentree();
    const auto given = target.settings.find("model");
    const ModelRow* row = given == target.settings.end() ? nullptr : Find(given->second);
    device.set_model(row == nullptr ? kModels[0].config : row->config);
    device.set_bus(config.bus(0).name());
    if (target.address != 1) device.set_address(static_cast<uint32_t>(target.address));
    return absl::StrCat(row == nullptr ? "# The inverter does not tell its model: put in yours, MODEL_600, MODEL_1000 or "
                                         "MODEL_2000.\n"
                                       : "",
                        FragmentText(config));
  }

 protected:
  absl::StatusOr<Variant> Choose(const std::map<std::string, std::string>& settings, bool for_writing) const override {
    const auto given = settings.find("model");
    const ModelRow* row = given == settings.end() ? nullptr : Find(given->second);
    if (given != settings.end() && row == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("model \"", given->second, "\" is none of 600, 1000, 2000"));
    }
    if (row == nullptr) row = for_writing ? &kModels[0] : &kModels[std::size(kModels) - 1];
    const lumentree::Traits& traits = lumentree::TraitsOf(row->model);
    return Variant{.model = given == settings.end() ? "" : traits.name,
                   .min_power = traits.min_power,
                   .max_power = traits.max_power,
                   .map = lumentree::MakeRegisterMap(traits)};
  }
};

}  // namespace

const DirectAccess& LumentreeAccess() {
  static const Access access;
  return access;
}

}  // namespace abcds
