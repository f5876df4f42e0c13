#include "hal/sim/wire/jk_bms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

namespace abcds::sim {
namespace {

constexpr size_t kLongestRequest = 64;
constexpr uint8_t kActivate = 0x01;
constexpr uint8_t kReadOne = 0x03;
constexpr uint8_t kReadAll = 0x06;

class Writer {
 public:
  void Byte(int value) { bytes_.push_back(static_cast<uint8_t>(value)); }
  void Word(int value) {
    Byte(value >> 8);
    Byte(value);
  }
  void Long(uint32_t value) {
    Word(static_cast<int>(value >> 16));
    Word(static_cast<int>(value & 0xFFFF));
  }
  void Id1(int id, int value) {
    Byte(id);
    Byte(value);
  }
  void Id2(int id, int value) {
    Byte(id);
    Word(value);
  }
  void Id4(int id, uint32_t value) {
    Byte(id);
    Long(value);
  }
  void IdText(int id, std::string_view text, size_t size, char fill) {
    Byte(id);
    for (size_t i = 0; i < size; ++i) Byte(i < text.size() ? text[i] : fill);
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

int TemperatureCode(int celsius) { return celsius < 0 ? 100 - celsius : celsius; }

int CurrentCode(double amperes, const JkDialect& dialect) {
  const int steps = static_cast<int>(std::lround(std::abs(amperes) * 100.0));
  if (dialect.version.value_or(0) == 0) return amperes > 0 ? 10000 - steps : 10000 + steps;
  return std::min(steps, 0x7FFF) | (amperes > 0 ? 0x8000 : 0);
}

// Head and tail around the data.
std::vector<uint8_t> Frame(uint8_t command, uint8_t source, uint8_t type, std::vector<uint8_t> data) {
  Writer out;
  out.Word(0x4E57);
  out.Word(static_cast<int>(data.size()) + 18);
  out.Long(0);
  out.Byte(command);
  out.Byte(source);
  out.Byte(type);
  out.bytes().insert(out.bytes().end(), data.begin(), data.end());
  out.Long(0);
  out.Byte(0x68);
  int sum = 0;
  for (const uint8_t byte : out.bytes()) sum += byte;
  out.Word(0);
  out.Word(sum);
  return out.bytes();
}

}  // namespace

std::vector<uint8_t> JkReply(const JkReadings& readings, const JkDialect& dialect, uint8_t command) {
  Writer data;
  const int cells = static_cast<int>(readings.cell_mv.size());
  data.Byte(0x79);
  data.Byte(3 * cells);
  for (int i = 0; i < cells; ++i) {
    data.Byte(i + 1);
    data.Word(readings.cell_mv[static_cast<size_t>(i)]);
  }
  data.Id2(0x80, TemperatureCode(readings.fet_c));
  data.Id2(0x81, TemperatureCode(readings.box_c));
  data.Id2(0x82, TemperatureCode(readings.battery_c));
  data.Id2(0x83, static_cast<int>(std::lround(readings.voltage_v * 100.0)));
  data.Id2(0x84, CurrentCode(readings.current_a, dialect));
  data.Id1(0x85, readings.soc_percent);
  data.Id1(0x86, 2);
  data.Id2(0x87, 41);
  data.Id4(0x89, 4510);
  data.Id2(0x8A, cells);
  data.Id2(0x8B, readings.warnings);
  data.Id2(0x8C, (readings.charge_switch ? 1 : 0) | (readings.discharge_switch ? 2 : 0));
  data.Id2(0x8E, 365 * cells);
  data.Id2(0x8F, 260 * cells);
  // 90 to A8: limits as an owner might have set them.
  constexpr std::array<int, 13> kLimits = {3650, 3550, 6, 2650, 2810, 7, 400, 110, 25, 65, 35, 3350, 12};
  for (size_t i = 0; i < kLimits.size(); ++i) data.Id2(0x90 + static_cast<int>(i), kLimits[i]);
  data.Id1(0x9D, 1);
  constexpr std::array<int, 11> kTemperatureLimits = {92, 77, 82, 71, 15, 54, 58, 1, 4, -19, -14};
  for (size_t i = 0; i < kTemperatureLimits.size(); ++i) {
    data.Id2(0x9E + static_cast<int>(i), kTemperatureLimits[i]);
  }
  data.Id1(0xA9, cells);
  data.Id4(0xAA, 230);
  data.Id1(0xAB, 1);
  data.Id1(0xAC, 1);
  data.Id2(0xAD, 987);
  data.Id1(0xAE, 3);
  data.Id1(0xAF, 0);
  data.Id2(0xB0, 21);
  data.Id1(0xB1, 12);
  data.IdText(0xB2, "864209", 10, '\0');
  data.Id1(0xB3, 0);
  data.IdText(0xB4, "SIMPACK1", 8, '\0');
  data.IdText(0xB5, "2505", 4, '\0');
  data.Id4(0xB6, dialect.running_minutes);
  data.IdText(0xB7, "12.SIM_S12.01", 15, '_');
  if (dialect.full_set) {
    data.Id1(0xB8, 0);
    data.Id4(0xB9, 226);
    data.IdText(0xBA, "SIMULATED PACK", 24, '\0');
  }
  if (dialect.version.has_value()) data.Id1(0xC0, *dialect.version);
  return Frame(command, 0, 1, std::move(data.bytes()));
}

int JkRequest(std::span<const uint8_t> heard, uint8_t& command) {
  command = 0;
  if (heard.size() < 4) {
    if (!heard.empty() && heard[0] != 0x4E) return -1;
    return heard.size() >= 2 && heard[1] != 0x57 ? -1 : 0;
  }
  if (heard[0] != 0x4E || heard[1] != 0x57) return -1;
  const size_t size = (static_cast<size_t>(heard[2]) << 8 | heard[3]) + 2;
  if (size < 20 || size > kLongestRequest) return -1;
  if (heard.size() < size) return 0;
  int sum = 0;
  for (size_t i = 0; i + 4 < size; ++i) sum += heard[i];
  const bool whole = heard[size - 5] == 0x68 && heard[size - 2] == (sum >> 8 & 0xFF) && heard[size - 1] == (sum & 0xFF);
  if (whole && heard[10] == 0) command = heard[8];
  return static_cast<int>(size);
}

absl::StatusOr<std::unique_ptr<JkBmsLine>> JkBmsLine::Open(const std::string& link, Source source,
                                                           const JkDialect& dialect) {
  absl::StatusOr<std::unique_ptr<Pty>> pty = Pty::Open(link);
  if (!pty.ok()) return pty.status();
  return std::unique_ptr<JkBmsLine>(new JkBmsLine(link, *std::move(pty), std::move(source), dialect));
}

JkBmsLine::JkBmsLine(const std::string& link, std::unique_ptr<Pty> pty, Source source, const JkDialect& dialect)
    : SerialLine({.link = link, .baud = 115200, .turnaround = std::chrono::milliseconds(1)}, std::move(pty)),
      source_(std::move(source)),
      dialect_(dialect) {}

JkBmsLine::~JkBmsLine() { Stop(); }

int JkBmsLine::RequestLength(std::span<const uint8_t> heard) const {
  uint8_t command = 0;
  return JkRequest(heard, command);
}

std::vector<uint8_t> JkBmsLine::Answer(std::span<const uint8_t> request, const LineFaults&) {
  uint8_t command = 0;
  static_cast<void>(JkRequest(request, command));
  std::vector<uint8_t> reply;
  if (command == kActivate) {
    reply = Frame(kActivate, 0, 1, {0});
  } else if (command == kReadAll || command == kReadOne) {
    JkReadings readings = source_();
    if (zero_cell_ && readings.cell_mv.size() > 2) readings.cell_mv[2] = 0;
    reply = JkReply(readings, dialect_, command);
  }
  return reply;
}

}  // namespace abcds::sim
