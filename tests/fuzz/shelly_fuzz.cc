// Documents of Shelly meters.
#include <cmath>
#include <string>

#include "hal/drivers/shelly/codec.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds::shelly {
namespace {

bool IsHarmless(const std::string& text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e || c == '"') return false;
  }
  return text.size() <= 48;
}

void CheckStatus(const std::string& body, const Model& model) {
  const DecodeOptions options;
  const DecodedReading decoded = DecodeStatus(body, model, options);
  const DecodedReading inverted = DecodeStatus(body, model, {.invert = true});
  ABCDS_CHECK(decoded.refusal == inverted.refusal && !RefusalTextHere(decoded.refusal, decoded.clamp).empty());
  ABCDS_CHECK(decoded.clamp <= model.channels && (decoded.refusal != Refusal::kNone || decoded.clamp == 0));
  (void)DecodeClamp(body, {});
  (void)OtherDocument(body, model);
  if (decoded.refusal != Refusal::kNone) return;
  const Reading& reading = decoded.reading;
  ABCDS_CHECK(Magnitude(reading.power) <= options.plausible && inverted.reading.power == -reading.power);
  ABCDS_CHECK(reading.unixtime_s >= 0);
  for (size_t i = 0; reading.has_channels && i < model.channels; ++i) {
    ABCDS_CHECK(Magnitude(reading.channels.at(i).power) <= options.plausible);
    ABCDS_CHECK(!reading.channels.at(i).voltage || std::isfinite(reading.channels.at(i).voltage->value()));
  }
}

}  // namespace
}  // namespace abcds::shelly

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  const std::string body(data, data + size);
  shelly::CheckStatus(body, *shelly::FindModel("shelly-3em"));
  const shelly::DecodedIdentity identity = shelly::DecodeIdentity(body);
  if (identity.refusal == Refusal::kNone) {
    ABCDS_CHECK(shelly::IsHarmless(identity.identity.type) && shelly::IsHarmless(identity.identity.mac) &&
                shelly::IsHarmless(identity.identity.firmware));
  }
  return 0;
}
