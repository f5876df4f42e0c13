#include "hal/drivers/mqtt_meter/codec.h"

#include <cmath>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/text/number.h"

namespace abcds::mqtt_meter {
namespace {

// "0.4 kW" with a scale of 1 would be 0.4 W, and plausible. A scale may correct a gain, but not contradict the unit.
bool UnitFits(PowerUnit unit, double scale) noexcept {
  if (unit == PowerUnit::kNone) return true;
  const double correction = scale / WattsPerUnit(unit);
  return correction >= 0.5 && correction <= 2.0;
}

}  // namespace

absl::StatusOr<Codec> Codec::Create(const CodecOptions& options) {
  if (!(options.scale > 0) || !std::isfinite(options.scale)) {
    return absl::InvalidArgumentError(
        "scale: must be a number above 0; a meter that counts export as positive has invert");
  }
  if (!(options.plausible > Watts(0))) return absl::InvalidArgumentError("plausible_w: must be above 0");
  std::optional<JsonPath> path;
  if (!options.json_path.empty()) {
    absl::StatusOr<JsonPath> parsed = JsonPath::Parse(options.json_path);
    if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat("json_path: ", parsed.status().message()));
    path = *std::move(parsed);
  }
  return Codec(options, std::move(path));
}

DecodedPower Codec::Decode(std::span<const uint8_t> payload) const noexcept {
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  const UnitText unit_text = options_.strip_unit ? UnitText::kAccept : UnitText::kRefuse;
  const NumberResult number = path_ ? path_->Evaluate(text, unit_text) : ParseNumber(text, unit_text);
  if (number.refusal != Refusal::kNone) return {.refusal = number.refusal, .power = {}};
  if (!UnitFits(number.unit, options_.scale)) return {.refusal = Refusal::kWrongUnit, .power = {}};
  const Watts power(number.value * options_.scale);
  // Written so that an overflow to infinity is refused.
  if (!(Magnitude(power) <= options_.plausible)) return {.refusal = Refusal::kImplausible, .power = {}};
  return {.refusal = Refusal::kNone, .power = options_.invert ? -power : power};
}

}  // namespace abcds::mqtt_meter
