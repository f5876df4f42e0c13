// What an MQTT payload says about the grid power.
// Source: payloads as published by Tasmota, Shelly, vzlogger, zigbee2mqtt, ESPHome, ioBroker, evcc, Home Assistant; see
// README.md.
#ifndef ABCDS_HAL_DRIVERS_MQTT_METER_CODEC_H_
#define ABCDS_HAL_DRIVERS_MQTT_METER_CODEC_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "hal/text/json_path.h"
#include "hal/text/refusal.h"
#include "hal/units/quantity.h"

namespace abcds::mqtt_meter {

struct CodecOptions {
  std::string json_path{};  // empty: the payload is a plain number
  double scale = 1.0;       // watts per unit of the payload, > 0
  bool strip_unit = false;  // "412 W" is a value, too; the unit must fit the scale
  bool invert = false;      // the meter counts export as positive
  Watts plausible{50'000};  // magnitudes beyond it are garbage
};

struct [[nodiscard]] DecodedPower {
  Refusal refusal = Refusal::kEmpty;
  Watts power;  // + import; meaningful only when `refusal` is kNone
};

class Codec {
 public:
  // InvalidArgument when the options make no sense, with the field's name first: "json_path: at character 3: …".
  [[nodiscard]] static absl::StatusOr<Codec> Create(const CodecOptions& options);

  // Total: every byte sequence gets an answer.
  DecodedPower Decode(std::span<const uint8_t> payload) const noexcept;

 private:
  Codec(const CodecOptions& options, std::optional<JsonPath> path) : options_(options), path_(std::move(path)) {}

  CodecOptions options_;
  std::optional<JsonPath> path_;
};

}  // namespace abcds::mqtt_meter

#endif  // ABCDS_HAL_DRIVERS_MQTT_METER_CODEC_H_
