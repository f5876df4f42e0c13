// The BMS's end of a serial line: JK's 4E57 protocol with its own framing and sum. The protocol has no addresses.
#ifndef ABCDS_HAL_SIM_WIRE_JK_BMS_H_
#define ABCDS_HAL_SIM_WIRE_JK_BMS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/sim/wire/serial_line.h"

namespace abcds::sim {

// What the board has measured, in the wire's own units where it has some. + charges.
struct JkReadings {
  std::vector<int> cell_mv;
  int fet_c = 24;
  int box_c = 20;
  int battery_c = 20;
  double voltage_v = 0;  // of the pack
  double current_a = 0;
  int soc_percent = 50;
  uint16_t warnings = 0;
  bool charge_switch = true;
  bool discharge_switch = true;
};

// How a board of some age speaks.
struct JkDialect {
  std::optional<int> version = 1;  // none: the oldest, which does not send it; current is then coded with an offset
  bool full_set = true;            // with the fields behind B7
  uint32_t running_minutes = 123456;
};

// The whole reply to `command` (03 or 06).
[[nodiscard]] std::vector<uint8_t> JkReply(const JkReadings& readings, const JkDialect& dialect, uint8_t command);

// One master's request at the beginning of `heard`. 0: more bytes are needed; -1: it is none, drop a byte; else its
// length. `command` is set for a whole request with a right sum, else 0 (a real board stays silent).
[[nodiscard]] int JkRequest(std::span<const uint8_t> heard, uint8_t& command);

class JkBmsLine final : public SerialLine {
 public:
  using Source = std::function<JkReadings()>;

  // `link` as Pty::Open. `source` is asked by the line's thread for each reply. 115200 baud.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<JkBmsLine>> Open(const std::string& link, Source source,
                                                                       const JkDialect& dialect = {});
  ~JkBmsLine() override;

  // Any thread, at any time. The third cell's sense wire is open.
  void SetZeroCell(bool open) { zero_cell_ = open; }

 private:
  JkBmsLine(const std::string& link, std::unique_ptr<Pty> pty, Source source, const JkDialect& dialect);

  [[nodiscard]] int RequestLength(std::span<const uint8_t> heard) const override;
  [[nodiscard]] uint8_t AddressOf(std::span<const uint8_t>) const override { return 0; }
  [[nodiscard]] std::vector<uint8_t> Answer(std::span<const uint8_t> request, const LineFaults& faults) override;

  const Source source_;
  const JkDialect dialect_;
  std::atomic<bool> zero_cell_{false};
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_JK_BMS_H_
