#include "server/devices/meanwell_target.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/site.h"
#include "server/devices/can_bus.h"
#include "server/devices/meanwell_options.h"
#include "server/devices/registry.h"

namespace abcds {
namespace {

using meanwell::Family;

absl::StatusOr<MeanwellTarget> ByPlace(const MeanwellChoice& choice) {
  MeanwellTarget target;
  if (choice.type != "npb" && choice.type != "bic") {
    return absl::InvalidArgumentError("--can needs --type npb or --type bic as well");
  }
  target.options.family = choice.type == "bic" ? Family::kBic : Family::kNpb;
  uint32_t unit = choice.type == "bic" ? 0 : 3;
  if (!choice.unit.empty() && (!absl::SimpleHexAtoi(choice.unit, &unit) || unit > 0x3F)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--unit wants one or two hexadecimal digits, 00 to 3F, not \"", choice.unit, "\""));
  }
  target.options.unit = static_cast<uint8_t>(unit);
  target.options.name = absl::StrCat("--can ", choice.can, " --type ", choice.type);
  target.options.label = choice.can;
  // What has no slash is an interface of the kernel.
  const bool port = absl::StrContains(choice.can, '/');
  (port ? target.line.slcan_port : target.line.interface) = choice.can;
  const auto site = LoadSite(choice.config.empty() ? choice.default_config : choice.config, KnownDevices());
  if (site.ok()) {
    target.site = site->name;
  } else if (!choice.config.empty()) {
    return site.status();
  }
  return target;
}

absl::StatusOr<MeanwellTarget> ByConfiguration(const MeanwellChoice& choice) {
  const std::string file = choice.config.empty() ? choice.default_config : choice.config;
  const auto site = LoadSite(file, KnownDevices());
  if (absl::IsNotFound(site.status())) {
    return absl::NotFoundError(absl::StrCat(std::string(site.status().message()),
                                            "; name the device's configuration with --config FILE, or its line with "
                                            "--can PORT --type npb|bic"));
  }
  if (!site.ok()) return site.status();
  std::optional<MeanwellTarget> found;
  std::vector<std::string> names;
  for (const v1::Converter& converter : site->config.converter()) {
    if (!IsMeanwell(converter)) continue;
    names.push_back(converter.name());
    if (!choice.device.empty() && converter.name() != choice.device) continue;
    const auto line = CanLineOf(*site, MeanwellBusName(converter));
    if (!line.ok()) return line.status();
    found = MeanwellTarget{.options = MeanwellDriverOptions(converter, *site, *line),
                           .line = {.interface = line->interface,
                                    .slcan_port = line->slcan_port,
                                    .bitrate = line->bitrate,
                                    .bring_up = line->bring_up},
                           .configured = true,
                           .site = site->name};
  }
  if (names.empty()) return absl::NotFoundError(absl::StrCat(file, " names no Mean Well device"));
  if (!found.has_value()) {
    return absl::NotFoundError(
        absl::StrCat(file, " names no Mean Well device \"", choice.device, "\"; it has ", absl::StrJoin(names, ", ")));
  }
  if (choice.device.empty() && names.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat("which one: ", absl::StrJoin(names, ", "), "?"));
  }
  return *found;
}

}  // namespace

absl::StatusOr<MeanwellTarget> FindMeanwell(const MeanwellChoice& choice) {
  if (choice.can.empty()) return ByConfiguration(choice);
  if (!choice.device.empty()) return absl::InvalidArgumentError("a device's name and --can exclude each other");
  return ByPlace(choice);
}

}  // namespace abcds
