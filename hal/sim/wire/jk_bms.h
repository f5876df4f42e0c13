// The BMS's end of a serial line on a pty: JK's 4E57 protocol with its own framing and sum, the wire's own time, and
// misbehaviour.
#ifndef ABCDS_HAL_SIM_WIRE_JK_BMS_H_
#define ABCDS_HAL_SIM_WIRE_JK_BMS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/rt/waker.h"
#include "hal/sim/wire/pty.h"
#include "hal/units/time.h"

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
[[nodiscard]] int JkRequest(const std::vector<uint8_t>& heard, uint8_t& command);

struct JkFaults {
  bool silent = false;
  bool echo = false;         // gives back what is sent, in front of the reply
  bool half = false;         // the first half of each reply only
  bool zero_cell = false;    // the third cell's sense wire is open
  bool foreign = false;      // another master polls another device in between
  double corrupt_share = 0;  // of the bytes, 0 to 1
  int corrupt_every = 0;     // every n-th reply has one wrong bit; 0: none
  int chunk = 0;             // bytes written at once; 0: all
  Nanoseconds delay{0};      // before each reply, on top of 1 ms
};

class JkBmsLine {
 public:
  using Source = std::function<JkReadings()>;

  // `link` as Pty::Open. `source` is asked by the line's thread for each reply.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<JkBmsLine>> Open(const std::string& link, Source source,
                                                                       const JkDialect& dialect = {});
  ~JkBmsLine();
  JkBmsLine(const JkBmsLine&) = delete;
  JkBmsLine& operator=(const JkBmsLine&) = delete;

  void Start();
  void Stop();

  // Any thread, at any time.
  [[nodiscard]] std::string path() const;
  void SetFaults(const JkFaults& faults);
  [[nodiscard]] JkFaults faults() const;
  void Unplug();
  [[nodiscard]] absl::Status Plug();
  [[nodiscard]] uint64_t requests() const { return requests_; }

 private:
  JkBmsLine(std::unique_ptr<Pty> pty, Source source, const JkDialect& dialect);

  void Run();
  void Hear();
  void Serve(std::vector<uint8_t> request, uint8_t command);
  void Say(const std::vector<uint8_t>& bytes, int chunk);

  const Source source_;
  const JkDialect dialect_;
  Waker waker_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> requests_{0};
  std::thread thread_;
  std::vector<uint8_t> heard_;  // the line's thread
  std::mt19937_64 random_{1};
  uint64_t replies_ = 0;

  mutable std::mutex mutex_;
  std::unique_ptr<Pty> pty_;
  JkFaults faults_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_JK_BMS_H_
