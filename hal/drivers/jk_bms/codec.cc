#include "hal/drivers/jk_bms/codec.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/drivers/jk_bms/frame.h"

namespace abcds::jk_bms {
namespace {

constexpr uint8_t kFirstIdentifier = 0x79;
constexpr uint8_t kLastIdentifier = 0xC0;
constexpr uint8_t kCells = 0x79;
constexpr uint8_t kVersion = 0xC0;
constexpr uint8_t kReadOne = 0x03;  // one family of masters asks so for everything, and is answered so
constexpr uint8_t kReadEverything = 0x06;

// Bytes of the value behind each identifier from 79 to C0; 0: no such identifier (the cell block brings its own).
constexpr std::array<uint8_t, kLastIdentifier - kFirstIdentifier + 1> kSizes = {
    0, 0, 0,  0, 0, 0, 0,                               // 79 to 7F
    2, 2, 2,  2, 2, 1, 1, 2,  0, 4, 2,  2, 2, 0, 2, 2,  // 80 to 8F
    2, 2, 2,  2, 2, 2, 2, 2,  2, 2, 2,  2, 2, 1, 2, 2,  // 90 to 9F
    2, 2, 2,  2, 2, 2, 2, 2,  2, 1, 4,  1, 1, 2, 1, 1,  // A0 to AF
    2, 1, 10, 1, 8, 4, 4, 15, 1, 4, 24, 0, 0, 0, 2, 2,  // B0 to BF
    1,                                                  // C0
};

// What changes while the board runs; everything else belongs to the fixed part.
constexpr bool ChangesByItself(uint8_t id) {
  return (id >= 0x80 && id <= 0x85) || id == 0x87 || id == 0x89 || id == 0x8B || id == 0x8C || id == 0x9D ||
         id == 0xAB || id == 0xAC || id == 0xB6 || id == 0xB8 || id == 0xB9;
}

struct Warning {
  const char* text;
  bool stops_charging;
  bool stops_discharging;
};
// Bits of 8B from 0.
constexpr std::array<Warning, 14> kWarnings = {{
    {"low capacity", false, false},
    {"FET overtemperature", true, true},
    {"charge overvoltage", true, false},
    {"discharge undervoltage", false, true},
    {"battery overtemperature", true, true},
    {"charge overcurrent", true, false},
    {"discharge overcurrent", false, true},
    {"cell voltage difference", false, false},
    {"box overtemperature", true, true},
    {"battery low temperature", true, false},
    {"cell overvoltage", true, false},
    {"cell undervoltage", false, true},
    {"hardware protection 309 A", true, true},
    {"hardware protection 309 B", true, true},
}};

uint32_t Number(std::span<const uint8_t> bytes) {
  uint32_t number = 0;
  for (const uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

// 0 to 99 as they are; 101 to 140 are -1 to -40. 100 would be +100 °C by the vendor's words and is a "-0" on real
// boards: on a battery nothing else makes sense.
std::optional<Celsius> Temperature(uint16_t raw, const CodecOptions& options) {
  if (raw > 140) return std::nullopt;
  if (raw < 100) return Celsius(raw);
  return Celsius(100.0 - raw - (options.below_zero_one_lower ? 1.0 : 0.0));
}

// Protocol version 1: bit 15 set charges, the rest is the magnitude. Without a version, or 0: an offset of 10000, from
// which charging goes down; 0 there would be +100 A and is what a board says that has no value. Steps of 10 mA.
std::optional<Amperes> Current(uint16_t raw, uint8_t version) {
  if (version >= 1) {
    const double magnitude = (raw & 0x7FFF) * 0.01;
    return Amperes((raw & 0x8000) != 0 || magnitude == 0.0 ? magnitude : -magnitude);
  }
  if (raw == 0) return std::nullopt;
  return Amperes((10000 - static_cast<int>(raw)) * 0.01);
}

template <size_t N>
void CopyText(std::span<const uint8_t> bytes, std::array<char, N>& text) {
  size_t length = 0;
  for (const uint8_t byte : bytes.first(std::min(bytes.size(), N - 1))) {
    text[length++] = byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : ' ';
  }
  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '_')) --length;
  std::fill(text.begin() + static_cast<ptrdiff_t>(length), text.end(), '\0');
}

// FNV-1a, 64 bits.
constexpr uint64_t kHashBasis = 0xCBF29CE484222325;
void Mix(uint64_t& hash, uint8_t byte) { hash = (hash ^ byte) * 0x100000001B3; }

// Takes a reply apart.
class Walk {
 public:
  explicit Walk(const CodecOptions& options) : options_(options) { status_.fixed_part = kHashBasis; }

  DecodeResult Run(std::span<const uint8_t> data) {
    size_t at = 0;
    while (at < data.size()) {
      refused_at_ = at;
      const uint8_t id = data[at++];
      const std::span<const uint8_t> rest = data.subspan(at);
      const bool known = id == kCells || (id > kCells && id <= kLastIdentifier && kSizes[id - kFirstIdentifier] > 0);
      if (!known) {
        // Values carry no length: nothing behind it can be read. But the version stands at the very end.
        status_.unknown_identifier = id;
        if (!status_.protocol_version.has_value()) {
          if (rest.size() < 2 || rest[rest.size() - 2] != kVersion || rest.back() > 1) return DecodeResult::kNoVersion;
          status_.protocol_version = rest.back();
        }
        Mix(status_.fixed_part, id);
        break;
      }
      if (seen_[id]) return DecodeResult::kTwice;
      seen_[id] = true;
      if (rest.empty()) return DecodeResult::kCutOff;
      const size_t size = id == kCells ? 1u + rest[0] : kSizes[id - kFirstIdentifier];
      if (size > rest.size()) return DecodeResult::kCutOff;
      Mix(status_.fixed_part, id);
      if (!ChangesByItself(id) && id != kCells) {
        for (const uint8_t byte : rest.first(size)) Mix(status_.fixed_part, byte);
      }
      if (id == kCells) {
        if (!TakeCells(rest.subspan(1, size - 1))) return DecodeResult::kCellBlock;
      } else {
        Take(id, rest.first(size));
      }
      at += size;
    }
    return Finish();
  }

  const Status& status() const { return status_; }
  // Of the data; none: no single byte is to blame.
  std::optional<size_t> refused_at() const { return refused_at_; }

 private:
  bool TakeCells(std::span<const uint8_t> block) {
    const size_t count = block.size() / 3;
    if (block.size() % 3 != 0 || count == 0 || count > kCellsMax) return false;
    for (size_t i = 0; i < count; ++i) {
      if (block[3 * i] != i + 1) return false;
      status_.cell_mv[i] = static_cast<uint16_t>(Number(block.subspan(3 * i + 1, 2)));
    }
    status_.cells = count;
    Mix(status_.fixed_part, static_cast<uint8_t>(count));
    return true;
  }

  void Take(uint8_t id, std::span<const uint8_t> value) {
    const uint32_t number = value.size() <= 4 ? Number(value) : 0;
    const auto word = static_cast<uint16_t>(number);
    const auto byte = static_cast<uint8_t>(number);
    switch (id) {
      case 0x80:
        status_.fet_temperature = Temperature(word, options_);
        break;
      case 0x81:
        status_.box_temperature = Temperature(word, options_);
        break;
      case 0x82:
        status_.battery_temperature = Temperature(word, options_);
        break;
      case 0x83:
        status_.voltage = Volts(word * 0.01);
        break;
      case 0x84:
        status_.current_raw = word;
        break;
      case 0x85:
        status_.soc_percent = byte;
        break;
      case 0x86:
        status_.temperature_sensors = byte;
        break;
      case 0x87:
        status_.cycles = word;
        break;
      case 0x89:
        status_.charged_total_ah = number;
        break;
      case 0x8A:
        cell_count_ = word;
        break;
      case 0x8B:
        status_.warnings = word;
        break;
      case 0x8C:
        status_.switches = word;
        break;
      case 0x90:
        status_.cell_overvoltage_mv = word;
        break;
      case 0x93:
        status_.cell_undervoltage_mv = word;
        break;
      case 0x97:
        status_.discharge_overcurrent_a = word;
        break;
      case 0x99:
        status_.charge_overcurrent_a = word;
        break;
      case 0xAA:
        status_.capacity_ah = number;
        break;
      case 0xAB:
        status_.charge_wanted = byte != 0;
        break;
      case 0xAC:
        status_.discharge_wanted = byte != 0;
        break;
      case 0xAE:
        status_.address = byte;
        break;
      case 0xAF:
        status_.chemistry = byte;
        break;
      case 0xB4:
        CopyText(value, status_.device_id);
        break;
      case 0xB6:
        status_.running_minutes = number;
        break;
      case 0xB7:
        CopyText(value, status_.software);
        break;
      case 0xB9:
        status_.real_capacity_ah = number;
        break;
      case 0xBA:
        CopyText(value, status_.manufacturer_id);
        break;
      case kVersion:
        status_.protocol_version = byte;
        break;
      default:
        break;  // known in size, of no interest here
    }
  }

  DecodeResult Finish() {
    refused_at_.reset();
    for (const uint8_t id : {0x79, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x8B, 0x8C}) {
      if (!seen_[id]) return DecodeResult::kMissing;
    }
    if (cell_count_.has_value() && *cell_count_ != status_.cells) return DecodeResult::kCellCount;
    // The version comes behind the current, hence only now.
    status_.current = Current(status_.current_raw, status_.protocol_version.value_or(0));
    return DecodeResult::kOk;
  }

  const CodecOptions& options_;
  Status status_;
  std::array<bool, 256> seen_{};
  std::optional<uint16_t> cell_count_;
  std::optional<size_t> refused_at_;
};

constexpr uint16_t kCellLowestMv = 500;
constexpr uint16_t kCellHighestMv = 5000;
constexpr Amperes kMostCurrent{1000};

bool IsCell(uint16_t millivolts) { return millivolts >= kCellLowestMv && millivolts <= kCellHighestMv; }

// Cells and pack are measured apart: of all tests this one finds most.
bool CellsMakeThePack(const Status& status) {
  const Volts sum = status.SumOfCells();
  return Magnitude(status.voltage - sum) <= sum * 0.02 + Volts(0.5);
}

bool IsCurrent(const Status& status) {
  return !status.current.has_value() || Magnitude(*status.current) <= kMostCurrent;
}

}  // namespace

Volts Status::SumOfCells() const {
  double millivolts = 0;
  for (size_t i = 0; i < cells; ++i) millivolts += cell_mv[i];
  return Volts(millivolts / 1000.0);
}

const char* ResultText(DecodeResult result) noexcept {
  switch (result) {
    case DecodeResult::kOk:
      return "nothing is wrong with it";
    case DecodeResult::kRequest:
      return "it is a request, not the BMS's reply";
    case DecodeResult::kOtherCommand:
      return "it is no answer to \"read all\"";
    case DecodeResult::kCutOff:
      return "it ends inside a value";
    case DecodeResult::kCellBlock:
      return "its cell block is damaged: cells must be numbered from 1, and 32 at the most";
    case DecodeResult::kCellCount:
      return "it has another number of cells than it says";
    case DecodeResult::kTwice:
      return "it has a value twice";
    case DecodeResult::kMissing:
      return "it lacks a value that every status has (cells, temperatures, voltage, current, charge, warnings, "
             "switches)";
    case DecodeResult::kNoVersion:
      return "it has an unknown identifier, and no protocol version at its end that says how the current is coded";
  }
  return "";
}

DecodeResult DecodeStatus(std::span<const uint8_t> frame, const CodecOptions& options, Status& status,
                          size_t* refused_at) noexcept {
  if (refused_at != nullptr) *refused_at = 0;
  const uint8_t type = TransportTypeOf(frame);
  if (type == static_cast<uint8_t>(TransportType::kRequest)) return DecodeResult::kRequest;
  if (type > static_cast<uint8_t>(TransportType::kReport)) return DecodeResult::kOtherCommand;
  const std::span<const uint8_t> data = DataOf(frame);
  // "Read one" has a single value; everything begins with the cells or the temperatures and is far longer.
  if ((CommandOf(frame) != kReadEverything && CommandOf(frame) != kReadOne) || data.size() < 16) {
    return DecodeResult::kOtherCommand;
  }
  Walk walk(options);
  const DecodeResult result = walk.Run(data);
  if (result == DecodeResult::kOk) {
    status = walk.status();
  } else if (refused_at != nullptr && walk.refused_at().has_value()) {
    *refused_at = static_cast<size_t>(data.data() - frame.data()) + *walk.refused_at();
  }
  return result;
}

bool IsPlausible(const Status& status) noexcept {
  for (size_t i = 0; i < status.cells; ++i) {
    if (!IsCell(status.cell_mv[i])) return false;
  }
  return CellsMakeThePack(status) && IsCurrent(status) && status.soc_percent <= 100;
}

std::string Implausible(const Status& status, OpenWires open_wires) {
  bool open = false;
  for (size_t i = 0; i < status.cells; ++i) {
    if (IsCell(status.cell_mv[i])) continue;
    open |= status.cell_mv[i] == 0;
    if (status.cell_mv[i] == 0 && open_wires == OpenWires::kAreValues) continue;
    return absl::StrCat("cell ", i + 1, " at ", status.cell_mv[i], " mV",
                        status.cell_mv[i] == 0 ? ": its sense wire is open" : "");
  }
  // What hangs on an open wire is missing from the sum.
  if (!open && !CellsMakeThePack(status)) {
    return absl::StrFormat("%.2f V for the pack, but cells that sum up to %.2f V", status.voltage.value(),
                           status.SumOfCells().value());
  }
  if (!IsCurrent(status)) return absl::StrFormat("a current of %.0f A", status.current->value());
  if (status.soc_percent > 100) return absl::StrCat("a state of charge of ", status.soc_percent, " %");
  return "";
}

bool ChargeAllowed(const Status& status) noexcept {
  if (!status.charge_fet() || !status.charge_wanted.value_or(true)) return false;
  for (size_t bit = 0; bit < kWarnings.size(); ++bit) {
    if ((status.warnings >> bit & 1) != 0 && kWarnings[bit].stops_charging) return false;
  }
  return true;
}

bool DischargeAllowed(const Status& status) noexcept {
  if (!status.discharge_fet() || !status.discharge_wanted.value_or(true)) return false;
  for (size_t bit = 0; bit < kWarnings.size(); ++bit) {
    if ((status.warnings >> bit & 1) != 0 && kWarnings[bit].stops_discharging) return false;
  }
  return true;
}

std::string WarningText(uint16_t warnings) {
  std::string text;
  for (size_t bit = 0; bit < 16; ++bit) {
    if ((warnings >> bit & 1) == 0) continue;
    const std::string word = bit < kWarnings.size() ? kWarnings[bit].text : absl::StrCat("unknown bit ", bit);
    absl::StrAppend(&text, text.empty() ? "" : ", ", word);
  }
  return text;
}

}  // namespace abcds::jk_bms
