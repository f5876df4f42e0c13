#include "server/devices/fragment.h"

#include <cctype>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

namespace abcds {
// What may be in a name, of the last part of the port's: "192-168-1-7-502".
std::string LineNameOf(const std::string& port) {
  constexpr size_t kLongest = 40;
  std::string name;
  for (const char letter : port.substr(port.rfind('/') + 1)) {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '-') {
      name += letter;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  if (name.size() > kLongest) name = name.substr(name.size() - kLongest);
  return name.empty() ? "line" : name;
}

v1::Bus& AddBus(const DirectTarget& target, v1::Config& config) {
  v1::Bus& bus = *config.add_bus();
  bus.set_name(LineNameOf(target.port));
  bus.set_port(target.port);
  bus.set_baud(static_cast<uint32_t>(target.baud));
  return bus;
}

v1::Converter& AddConverter(const DirectTarget& target, const std::string& name, v1::Config& config) {
  AddBus(target, config);
  v1::Converter& converter = *config.add_converter();
  converter.set_name(target.address <= 1 ? name : absl::StrCat(name, "-", target.address));
  return converter;
}

std::string FragmentText(const v1::Config& config) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(config, &text);
  return text;
}

}  // namespace abcds
