// MQTT payloads under every kind of option.
#include <cmath>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/drivers/mqtt_meter/codec.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds::mqtt_meter {
namespace {

struct Kind {
  Codec codec;
  Codec inverted;
};

const std::vector<Kind>& Kinds() {
  static const auto* const kKinds = [] {
    auto* const kinds = new std::vector<Kind>;
    for (const char* path : {"", "StatusSNS.SML.Power_curr", "data[0].tuples[-1][1]", "emeters[*].power", "+in -out"}) {
      for (const double scale : {1.0, 1000.0, 1e-3}) {
        for (const bool strip_unit : {false, true}) {
          CodecOptions options{.json_path = path, .scale = scale, .strip_unit = strip_unit};
          absl::StatusOr<Codec> codec = Codec::Create(options);
          options.invert = true;
          absl::StatusOr<Codec> inverted = Codec::Create(options);
          ABCDS_CHECK(codec.ok() && inverted.ok());
          kinds->push_back({*std::move(codec), *std::move(inverted)});
        }
      }
    }
    return kinds;
  }();
  return *kKinds;
}

}  // namespace
}  // namespace abcds::mqtt_meter

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  using namespace abcds::mqtt_meter;
  for (const Kind& kind : Kinds()) {
    const DecodedPower decoded = kind.codec.Decode({data, size});
    const DecodedPower inverted = kind.inverted.Decode({data, size});
    ABCDS_CHECK(decoded.refusal == inverted.refusal);
    ABCDS_CHECK(RefusalText(decoded.refusal) != nullptr);
    if (decoded.refusal != Refusal::kNone) continue;
    ABCDS_CHECK(std::isfinite(decoded.power.value()) && Magnitude(decoded.power) <= CodecOptions().plausible);
    ABCDS_CHECK(inverted.power == -decoded.power);
  }
  return 0;
}
