// The "read all" reply of a JK BMS ↔ values. No I/O, no state, no time.
//
// Source: vendor paper V2.5 and, where it is unclear, what independent readers agree on (README.md names them).
#ifndef ABCDS_HAL_DRIVERS_JK_BMS_CODEC_H_
#define ABCDS_HAL_DRIVERS_JK_BMS_CODEC_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "hal/units/quantity.h"

namespace abcds::jk_bms {

inline constexpr size_t kCellsMax = 32;

struct CodecOptions {
  // Below zero the board's code means one degree less than by the vendor's paper: some boards' field reports say so.
  bool below_zero_one_lower = false;
};

// Fixed text fields of the reply, zero-terminated, other than printable characters replaced by blanks.
template <size_t N>
using Text = std::array<char, N + 1>;

// One reply. Trivially copyable. Magnitudes are in their unprefixed units, signs as everywhere: + charges.
struct Status {
  size_t cells = 0;
  std::array<uint16_t, kCellsMax> cell_mv{};
  std::optional<Celsius> fet_temperature;  // none: a code that is no temperature (sensor missing)
  std::optional<Celsius> box_temperature;
  std::optional<Celsius> battery_temperature;
  Volts voltage;
  uint16_t current_raw = 0;
  std::optional<Amperes> current;  // none: the board says "no data"
  uint8_t soc_percent = 0;
  uint16_t warnings = 0;  // bits as Warning
  uint16_t switches = 0;  // bit 0 charge FET conducts, 1 discharge FET conducts, 2 balancing

  // What short or older sets leave out.
  std::optional<uint8_t> temperature_sensors;
  std::optional<uint16_t> cycles;
  std::optional<uint32_t> charged_total_ah;
  std::optional<uint16_t> discharge_overcurrent_a;
  std::optional<uint16_t> charge_overcurrent_a;
  std::optional<uint16_t> cell_overvoltage_mv;
  std::optional<uint16_t> cell_undervoltage_mv;
  std::optional<uint32_t> capacity_ah;       // as set
  std::optional<uint32_t> real_capacity_ah;  // as learned; 0 on older firmware
  std::optional<bool> charge_wanted;         // the user's switches in the app
  std::optional<bool> discharge_wanted;
  std::optional<uint8_t> address;
  std::optional<uint8_t> chemistry;  // 0 LiFePO4, 1 NMC, 2 LTO
  std::optional<uint32_t> running_minutes;
  std::optional<uint8_t> protocol_version;
  Text<8> device_id{};
  Text<15> software{};
  Text<24> manufacturer_id{};

  // Changes when anything does that a running board does not change by itself: the set of fields, the number of cells,
  // settings, names. Two replies of one board have the same one unless somebody turned a knob.
  uint64_t fixed_part = 0;
  // Where an identifier that nobody has documented ended the walk; what came before stands.
  std::optional<uint8_t> unknown_identifier;

  [[nodiscard]] bool charge_fet() const { return (switches & 1) != 0; }
  [[nodiscard]] bool discharge_fet() const { return (switches & 2) != 0; }
  [[nodiscard]] bool balancing() const { return (switches & 4) != 0; }
  [[nodiscard]] Volts SumOfCells() const;
};

enum class [[nodiscard]] DecodeResult : uint8_t{
    kOk,
    kRequest,       // somebody's request, our own echo included
    kOtherCommand,  // a whole frame, but not all values
    kCutOff,        // the data end inside a value
    kCellBlock,     // cell numbers are not 1 to n, or more than 32
    kCellCount,     // as many cells as the board says it has are not there
    kTwice,         // an identifier comes twice
    kMissing,       // a value without which there is no sample
    kNoVersion,     // an unknown identifier hides how the current is coded
};
// For people, to stand after "the frame is whole, but ". Static.
[[nodiscard]] const char* ResultText(DecodeResult result) noexcept;

// `frame` must have passed CheckFrame. Writes `status` only when it returns kOk. Total: every frame gets an answer.
// `refused_at`: the byte of the frame at which it was refused, 0 where it is no single one; only when it is not kOk.
DecodeResult DecodeStatus(std::span<const uint8_t> frame, const CodecOptions& options, Status& status,
                          size_t* refused_at = nullptr) noexcept;

// A cell of 0 V is an open sense wire: its true voltage is unknown, so there is nothing to control by.
enum class OpenWires : uint8_t { kAreImplausible, kAreValues };
// What no pack can report, in words to stand after "the BMS reports "; empty when all is plausible.
[[nodiscard]] std::string Implausible(const Status& status, OpenWires open_wires = OpenWires::kAreImplausible);
[[nodiscard]] bool IsPlausible(const Status& status) noexcept;

// What switches and warnings allow. A protection forbids its direction whatever the switch says.
[[nodiscard]] bool ChargeAllowed(const Status& status) noexcept;
[[nodiscard]] bool DischargeAllowed(const Status& status) noexcept;

// The set warning bits in words, separated by commas; empty when none is.
[[nodiscard]] std::string WarningText(uint16_t warnings);

}  // namespace abcds::jk_bms

#endif  // ABCDS_HAL_DRIVERS_JK_BMS_CODEC_H_
