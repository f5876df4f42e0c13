// The conversation with one JK BMS, as a machine fed with bytes and time. No I/O, no thread, no clock of its own.
#ifndef ABCDS_HAL_DRIVERS_JK_BMS_SESSION_H_
#define ABCDS_HAL_DRIVERS_JK_BMS_SESSION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "hal/api/battery_monitor.h"
#include "hal/drivers/jk_bms/codec.h"
#include "hal/drivers/jk_bms/frame.h"
#include "hal/drivers/jk_bms/sample_judge.h"
#include "hal/transport/byte_client.h"
#include "hal/units/time.h"

namespace abcds::jk_bms {

struct Timing {
  static constexpr Nanoseconds kPoll = std::chrono::seconds(1);
  // The vendor's least pause between two packets.
  static constexpr Nanoseconds kPause = std::chrono::milliseconds(100);
  // To the first byte of the answer: 1 ms is typical, the vendor's paper allows 5 s, masters in the field wait 250 ms.
  static constexpr Nanoseconds kReply = std::chrono::milliseconds(600);
  // A frame that has begun may end so much later than that (315 bytes take 27 ms).
  static constexpr Nanoseconds kTail = std::chrono::milliseconds(200);
  // Silence that ends a frame which is not complete.
  static constexpr Nanoseconds kByteGap = std::chrono::milliseconds(50);
  // How long a sleeping board may take to wake up.
  static constexpr Nanoseconds kWake = std::chrono::seconds(5);
  static constexpr Nanoseconds kWakePeriod = std::chrono::seconds(60);
  static constexpr int kUnansweredToWake = 3;
  // Retries at once within one poll: of damaged answers, and of silence.
  static constexpr int kRetriesOfDamage = 2;
  static constexpr int kRetriesOfSilence = 1;
  static constexpr int kQuickConfirmations = 3;
  // Five polls without a value, as masters in the field judge it.
  static constexpr Nanoseconds kOffline = std::chrono::seconds(5);
  static constexpr int kImplausibleToFault = 3;
};

// Only ever grow.
struct Counters {
  uint64_t requests = 0;
  uint64_t samples = 0;
  uint64_t unanswered = 0;       // not one byte but an echo
  uint64_t damaged_frames = 0;   // beginnings that were no frame
  uint64_t checksum_errors = 0;  // of these: all right but the sum
  uint64_t skipped_bytes = 0;    // that belonged to no good frame
  uint64_t echoes = 0;           // requests on the line, our own or another master's
  uint64_t foreign_frames = 0;   // whole frames that are no status
  uint64_t malformed = 0;        // a whole status that contradicts itself
  uint64_t implausible = 0;
  uint64_t unconfirmed = 0;  // plausible, and yet not believed until the next one agrees
  uint64_t unknown_identifiers = 0;
  uint64_t wake_ups = 0;
  uint64_t contacts_lost = 0;
};

struct SessionOptions {
  CodecOptions codec;
  // Cells in series as the configuration has them; a BMS that reports another number is the wrong one. None: any.
  std::optional<size_t> cells;
};

class Session final : public ByteClient {
 public:
  explicit Session(const SessionOptions& options) noexcept : options_(options) {}

  [[nodiscard]] const BatteryState& state() const noexcept { return state_; }
  // The last one that counted; meaningless before the first (state().voltage.valid).
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] Counters counters() const noexcept;
  // One sentence on what is wrong with the BMS or what it warns of; empty when nothing is, or when the line itself is
  // down.
  [[nodiscard]] std::string Trouble(const std::string& port) const;

  std::optional<ByteRequest> NextRequest(MonotonicTime now) noexcept override;
  MonotonicTime NextDue(MonotonicTime now) noexcept override;
  void OnSent(MonotonicTime now) noexcept override;
  bool OnBytes(std::span<const uint8_t> bytes, MonotonicTime now) noexcept override;
  MonotonicTime ReplyDeadline() const noexcept override;
  bool OnDeadline(MonotonicTime now) noexcept override;
  void OnLink(bool up, MonotonicTime now) noexcept override;

 private:
  [[nodiscard]] bool TakeFrame(std::span<const uint8_t> frame, MonotonicTime now) noexcept;
  void TakeStatus(const Status& status, MonotonicTime now) noexcept;
  void Accept(const Status& status) noexcept;
  void NoteDamage(MonotonicTime now) noexcept;
  void Fail(MonotonicTime now) noexcept;
  void PlanNextPoll(MonotonicTime now) noexcept;
  void JudgeSilence(MonotonicTime now) noexcept;

  const SessionOptions options_;
  BatteryState state_;
  Status status_;
  Counters counters_;
  FrameScanner scanner_;
  SampleJudge judge_;

  bool link_up_ = false;
  MonotonicTime due_at_ = MonotonicTime::min();
  MonotonicTime poll_started_at_ = MonotonicTime::min();  // its first try
  int retries_ = 0;                                       // within this poll
  int confirmations_ = 0;                                 // quick ones in a row
  MonotonicTime contact_at_ = MonotonicTime::min();       // of the link or the last sample

  // The exchange under way.
  bool waking_ = false;
  size_t heard_bytes_ = 0;  // others' requests and our own echo do not count
  MonotonicTime sent_at_ = MonotonicTime::min();
  MonotonicTime last_byte_at_ = MonotonicTime::min();
  uint64_t damage_seen_ = 0;

  // Why there are no samples.
  int unanswered_in_row_ = 0;
  int unreadable_in_row_ = 0;  // something came, and it was no status
  MonotonicTime wake_not_before_ = MonotonicTime::min();
  int implausible_in_row_ = 0;
  Status implausible_;
};

}  // namespace abcds::jk_bms

#endif  // ABCDS_HAL_DRIVERS_JK_BMS_SESSION_H_
