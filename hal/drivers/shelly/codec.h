// What a Shelly of generation 1 says in its documents.
// Source: the vendor's public API documentation of generation 1 (/shelly, /status), checked against real bodies;
// README.md.
#ifndef ABCDS_HAL_DRIVERS_SHELLY_CODEC_H_
#define ABCDS_HAL_DRIVERS_SHELLY_CODEC_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hal/text/refusal.h"
#include "hal/units/quantity.h"

namespace abcds::shelly {

// One row per model: they differ in names and numbers only.
struct Model {
  const char* name;         // as in the configuration
  const char* product;      // as on the box
  const char* type;         // what /shelly says
  const char* status_path;  // where the power is
  const char* list;         // the member with one element per clamp
  const char* total;        // the member with the signed sum, which old firmware does not have
  size_t channels;          // elements of the list
};

inline constexpr size_t kMostChannels = 3;
inline constexpr const char* kIdentityPath = "/shelly";  // never needs a login

// Null for an unknown name.
[[nodiscard]] const Model* FindModel(std::string_view name) noexcept;

struct Channel {
  Watts power;                     // + import
  std::optional<Volts> voltage;    // where the model says it
  std::optional<Amperes> current;  // a magnitude

  friend bool operator==(const Channel&, const Channel&) = default;
};

struct Reading {
  Watts power;  // of all channels, + import
  bool has_channels = false;
  std::array<Channel, kMostChannels> channels;  // meaningful only with `has_channels`
  double energy_wh = 0;                         // all counters together: moves with each measurement of a load
  int64_t unixtime_s = 0;                       // 0: the device has no time yet

  // The same measurement as far as one can see; the clock does not count.
  [[nodiscard]] bool SameValues(const Reading& other) const noexcept {
    return power == other.power && channels == other.channels && energy_wh == other.energy_wh;
  }
};

struct DecodeOptions {
  bool invert = false;      // the clamps are mounted the other way round
  Watts plausible{50'000};  // magnitudes beyond it are garbage
};

struct [[nodiscard]] DecodedReading {
  Refusal refusal = Refusal::kEmpty;
  size_t clamp = 0;  // whose element was refused, from 1; 0: the document, or its total
  Reading reading;   // meaningful only when `refusal` is kNone
};

// Total: every body gets an answer. One bad channel refuses the whole reading: half a sum is no value.
DecodedReading DecodeStatus(std::string_view body, const Model& model, const DecodeOptions& options) noexcept;

// The body of one /emeter/N: its one clamp is the power and the first channel. kMissing where it is another document.
DecodedReading DecodeClamp(std::string_view body, const DecodeOptions& options) noexcept;

// What a refusal means here, where the general words speak of the configuration; to stand behind "was refused: ".
[[nodiscard]] std::string RefusalTextHere(Refusal refusal, size_t clamp);

// Where `body` is no status of this model but another document of a Shelly: which, and what to do about it, as a
// sentence. Empty where it is nothing that is known.
[[nodiscard]] std::string OtherDocument(std::string_view body, const Model& model) noexcept;

struct Identity {
  std::string type;
  std::string mac;
  std::string firmware;
};

struct [[nodiscard]] DecodedIdentity {
  Refusal refusal = Refusal::kEmpty;
  Identity identity;
};

DecodedIdentity DecodeIdentity(std::string_view body) noexcept;

}  // namespace abcds::shelly

#endif  // ABCDS_HAL_DRIVERS_SHELLY_CODEC_H_
