#include "server/devices/example.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"

namespace abcds {

v1::Converter& AddExampleConverter(v1::Config& config, const std::string& name) {
  std::string free = name;
  const auto taken = [&free](const v1::Converter& converter) { return converter.name() == free; };
  for (int number = 2; std::ranges::any_of(config.converter(), taken); ++number) {
    free = absl::StrCat(name, "-", number);
  }
  v1::Converter& converter = *config.add_converter();
  converter.set_name(free);
  return converter;
}

uint32_t FreeAddress(const v1::Config& config, const std::string& bus, uint32_t first, int step) {
  std::set<double> taken;
  for (const v1::Converter& converter : config.converter()) {
    const google::protobuf::Message* const options = DeviceOf(converter).options;
    if (options == nullptr) continue;
    const auto* const bus_field = options->GetDescriptor()->FindFieldByName("bus");
    const auto* const address = options->GetDescriptor()->FindFieldByName("address");
    if (bus_field == nullptr || address == nullptr) continue;
    if (options->GetReflection()->GetString(*options, bus_field) != bus) continue;
    taken.insert(NumberInForce(*options, address->number()));
  }
  uint32_t free = first;
  while (taken.contains(free)) free += static_cast<uint32_t>(step);
  return free;
}

}  // namespace abcds
