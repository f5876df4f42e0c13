// The conversation with one inverter, as a machine fed with replies and time. No I/O, no thread, no clock of its own.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "hal/api/power_converter.h"
#include "hal/drivers/lumentree/codec.h"
#include "hal/drivers/lumentree/output_watch.h"
#include "hal/transport/modbus_registers.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds::lumentree {

// The session's fixed times. All are choices of ours; the inverter documents none.
struct Timing {
  // A reply comes within 20 ms; the inverter's own limit is 1 s, too long to hold up a command.
  static constexpr Nanoseconds kReply = std::chrono::milliseconds(300);
  // One that takes longer, though (another firmware, a gateway), is worked with at its own pace: found by a longer wait
  // at every fourth try, and granted for a while after each slow answer.
  static constexpr Nanoseconds kSlowReply = std::chrono::milliseconds(900);
  static constexpr Nanoseconds kSlowFrom = std::chrono::milliseconds(200);
  static constexpr Nanoseconds kSlowFor = std::chrono::seconds(60);
  static constexpr int kTriesPerSlowOne = 4;
  // An answer that came too late is not told from the next one: replies name no register.
  static constexpr Nanoseconds kLateReply = std::chrono::seconds(1);
  static constexpr Nanoseconds kRetryFirst = std::chrono::milliseconds(100);
  // Short: an inverter that comes back runs at full power until it hears 0 W.
  static constexpr Nanoseconds kRetryLongest = std::chrono::seconds(1);
  static constexpr Nanoseconds kRefusedRetry = std::chrono::milliseconds(500);

  static constexpr Nanoseconds kPowerPeriod = std::chrono::milliseconds(250);
  static constexpr Nanoseconds kPowerPeriodAtRest = std::chrono::milliseconds(100);
  static constexpr Nanoseconds kDcVoltagePeriod = std::chrono::seconds(2);
  static constexpr Nanoseconds kSlowPeriod = std::chrono::seconds(15);

  // No watchdog is known, but AC that came back unseen has reset the setpoint.
  static constexpr Nanoseconds kRefresh = std::chrono::seconds(5);
  static constexpr Nanoseconds kMinimumInterval = std::chrono::milliseconds(500);
  static constexpr Nanoseconds kZeroRepeat = std::chrono::seconds(1);

  // Polls keep this far away from the expected change of the command: one poll's time on the wire at 9600 baud before
  // it, and some patience after it, but no poll waits longer than `kPollPatience`.
  static constexpr Nanoseconds kPollDuration = std::chrono::milliseconds(45);
  static constexpr Nanoseconds kChangePatience = std::chrono::milliseconds(60);
  static constexpr Nanoseconds kPollPatience = std::chrono::milliseconds(1500);
};

// Only ever grow.
struct Counters {
  uint64_t requests = 0;
  uint64_t unanswered = 0;  // timeouts and corrupt replies
  uint64_t exceptions = 0;
  uint64_t implausible = 0;      // intact replies that are no value
  uint64_t setpoint_writes = 0;  // acknowledged, refreshes included
  uint64_t rewrites = 0;         // because the read-back did not follow
  uint64_t contacts_lost = 0;
};

class Session final : public ModbusClient {
 public:
  Session(const Traits& traits, uint8_t unit) noexcept;

  // The standing command; the same one as often as the caller likes.
  void SetCommand(const ConverterCommand& command, MonotonicTime now) noexcept;
  // From now on 0 W, whatever is commanded. For good.
  void Rest() noexcept;
  // 0 W was acknowledged since Rest(), and the inverter has reported less than 20 W after that.
  [[nodiscard]] bool AtRest() const noexcept;

  [[nodiscard]] const ConverterState& state() const noexcept { return state_; }
  [[nodiscard]] const Sample<Volts>& ac_voltage() const noexcept { return ac_voltage_; }
  [[nodiscard]] const Sample<Celsius>& temperature() const noexcept { return temperature_; }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  // One sentence on what is wrong with the inverter; empty when nothing is, or when the line itself is down.
  [[nodiscard]] std::string Trouble(const std::string& port, MonotonicTime now) const;

  std::optional<Due> NextRequest(MonotonicTime now) noexcept override;
  MonotonicTime NextDue(MonotonicTime now) noexcept override;
  void OnReply(const ModbusRequest& request, const ModbusReply& reply, MonotonicTime sent_at,
               MonotonicTime now) noexcept override;
  void OnLink(bool up, MonotonicTime now) noexcept override;

 private:
  struct Poll {
    Register which;
    Nanoseconds period;
    MonotonicTime due_at = MonotonicTime::min();
    bool answered = false;  // since contact was made
  };
  struct Step {
    MonotonicTime at = MonotonicTime::max();
    Due due;
  };
  struct Refusal {
    Register which;
    uint8_t exception;
  };

  [[nodiscard]] uint16_t Wanted(MonotonicTime now) const noexcept;
  void FollowWanted(MonotonicTime now) noexcept;
  [[nodiscard]] Step Plan(MonotonicTime now) noexcept;
  [[nodiscard]] Step PlanWrite(MonotonicTime now) const noexcept;
  [[nodiscard]] MonotonicTime ClearOfChange(MonotonicTime at, MonotonicTime due_at) const noexcept;
  void OnSilence(const ModbusRequest& request, MonotonicTime sent_at, MonotonicTime now) noexcept;
  void OnRefusal(Register which, uint8_t exception, MonotonicTime now) noexcept;
  void OnWritten(uint16_t setpoint, MonotonicTime now) noexcept;
  void OnRead(Register which, uint16_t raw, MonotonicTime sent_at, MonotonicTime now) noexcept;
  void OnPower(Watts power, MonotonicTime sent_at, MonotonicTime now) noexcept;
  void MakeContact(MonotonicTime now) noexcept;
  void LoseContact() noexcept;
  void UpdateState() noexcept;
  [[nodiscard]] Poll& PollOf(Register which) noexcept;
  [[nodiscard]] Nanoseconds PeriodOf(const Poll& poll) const noexcept;
  [[nodiscard]] Nanoseconds NextPause() noexcept;
  [[nodiscard]] Nanoseconds ReplyTimeout(MonotonicTime now) const noexcept;

  const Traits traits_;
  const uint8_t unit_;
  ConverterState state_;
  Sample<Volts> ac_voltage_;
  Sample<Celsius> temperature_;
  Counters counters_;

  // The link and the inverter's answers.
  bool link_up_ = false;
  bool silent_ = true;  // no contact: only 0 W is sent, with pauses
  int failures_ = 0;    // in a row
  int tries_ = 0;       // without contact
  MonotonicTime slow_until_ = MonotonicTime::min();
  MonotonicTime retry_at_ = MonotonicTime::min();
  Nanoseconds retry_pause_ = Timing::kRetryFirst;
  std::optional<Refusal> refusal_;  // of what cannot be done without
  std::optional<Refusal> minor_refusal_;
  std::optional<Register> late_register_;            // whose late reply may still come …
  MonotonicTime late_until_ = MonotonicTime::min();  // … until then

  // The setpoint.
  ConverterCommand command_;
  bool resting_ = false;
  bool zero_first_ = true;
  uint16_t wanted_ = 0;
  MonotonicTime wanted_since_ = MonotonicTime::min();
  std::optional<uint16_t> confirmed_;  // what the inverter has acknowledged; nothing while that is in doubt
  uint16_t last_confirmed_ = 0;
  MonotonicTime acknowledged_at_ = MonotonicTime::min();
  MonotonicTime nonzero_change_at_ = MonotonicTime::min();
  MonotonicTime doubtful_until_ = MonotonicTime::min();  // a lost write's acknowledgement may still come
  MonotonicTime refresh_at_ = MonotonicTime::min();
  MonotonicTime write_not_before_ = MonotonicTime::min();

  // Whether the output follows.
  bool off_seen_ = false;  // below 10 W since 0 W was acknowledged
  MonotonicTime power_asked_at_ = MonotonicTime::min();
  OutputWatch watch_;

  std::array<Poll, 4> polls_ = {
      Poll{Register::kAcPower, Timing::kPowerPeriod}, Poll{Register::kDcVoltage, Timing::kDcVoltagePeriod},
      Poll{Register::kAcVoltage, Timing::kSlowPeriod}, Poll{Register::kTemperature, Timing::kSlowPeriod}};
  uint32_t random_;
};

}  // namespace abcds::lumentree

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_H_
