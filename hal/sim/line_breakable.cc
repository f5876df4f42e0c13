#include "hal/sim/line_breakable.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace abcds::sim {
namespace {

struct Row {
  const char* name;
  const char* number;  // what the number means; "": none
  double high;         // of the number, from 1 on
  void (*set)(LineFaults& faults, double number);
};

constexpr std::array<Row, 13> kRows = {{
    {"silent", "", 0, [](LineFaults& f, double n) { f.silent = n != 0; }},
    {"mute", "", 0, [](LineFaults& f, double n) { f.mute = n != 0; }},
    {"echo", "", 0, [](LineFaults& f, double n) { f.echo = n != 0; }},
    {"foreign", "", 0, [](LineFaults& f, double n) { f.foreign = n != 0; }},
    {"wrong_address", "", 0, [](LineFaults& f, double n) { f.wrong_address = n != 0; }},
    {"exception", "CODE", 255, [](LineFaults& f, double n) { f.exception = static_cast<uint8_t>(n); }},
    {"corrupt", "EVERY", 100'000, [](LineFaults& f, double n) { f.corrupt_every = static_cast<int>(n); }},
    {"stray", "EVERY", 100'000, [](LineFaults& f, double n) { f.stray_byte_every = static_cast<int>(n); }},
    {"drop", "EVERY", 100'000, [](LineFaults& f, double n) { f.drop_every = static_cast<int>(n); }},
    {"half", "EVERY", 100'000, [](LineFaults& f, double n) { f.half_every = static_cast<int>(n); }},
    {"garbled", "PERCENT", 100, [](LineFaults& f, double n) { f.corrupt_share = n / 100; }},
    {"pieces", "BYTES", 100'000, [](LineFaults& f, double n) { f.chunk = static_cast<int>(n); }},
    {"slow", "MILLISECONDS", 100'000,
     [](LineFaults& f, double n) { f.delay = std::chrono::milliseconds(static_cast<int>(n)); }},
}};

}  // namespace

Breakable LineBreakable(const std::string& name, SerialLine& line, const std::string& line_name, uint8_t address,
                        const LineProtocol& protocol) {
  Breakable device{.name = name, .faults = {}, .actions = {}};
  for (const Row& row : kRows) {
    const std::string fault = row.name;
    if ((fault == "wrong_address" && !protocol.addresses) || (fault == "exception" && !protocol.exceptions)) continue;
    // Beside the others that are present.
    const auto set = [&line, address, set_one = row.set](double number) {
      LineFaults faults = line.faults(address);
      set_one(faults, number);
      line.SetFaults(address, faults);
    };
    device.faults.push_back({.name = fault,
                             .number = {.name = row.number, .low = 1, .high = row.high},
                             .begin = [set, plain = row.number[0] == '\0'](double n) { set(plain ? 1 : n); },
                             .end = [set] { set(0); },
                             .shared = "",
                             .ended_by = ""});
  }
  device.faults.push_back({.name = "unplug",
                           .number = {},
                           .begin = [&line](double) { line.Unplug(); },
                           .end = [&line] { line.Plug().IgnoreError(); },
                           .shared = absl::StrCat(line_name, " unplug"),
                           .ended_by = "plug"});
  return device;
}

}  // namespace abcds::sim
