// The conversation with one inverter, as a machine fed with replies and time. No I/O, no thread, no clock of its own.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_SESSION_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_SESSION_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "hal/api/power_converter.h"
#include "hal/drivers/register_inverter/freeze_watch.h"
#include "hal/drivers/register_inverter/output_watch.h"
#include "hal/drivers/register_inverter/register_map.h"
#include "hal/drivers/register_inverter/timing.h"
#include "hal/transport/modbus_registers.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds::register_inverter {

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

class Session : public ModbusClient {
 public:
  Session(std::unique_ptr<const RegisterMap> map, uint8_t unit) noexcept;

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
    const ReadBlock* block = nullptr;
    MonotonicTime due_at = MonotonicTime::min();
    bool answered = false;  // since contact was made
    int unanswered = 0;     // in a row, likewise
  };
  struct Step {
    MonotonicTime at = MonotonicTime::max();
    Due due;
  };
  struct Refusal {
    uint16_t address;
    uint8_t exception;
  };

  [[nodiscard]] uint16_t Wanted(MonotonicTime now) const noexcept;
  void FollowWanted(MonotonicTime now) noexcept;
  [[nodiscard]] Step Plan(MonotonicTime now) noexcept;
  [[nodiscard]] Step PlanWrite(MonotonicTime now) const noexcept;
  [[nodiscard]] MonotonicTime ClearOfChange(MonotonicTime at, MonotonicTime due_at) const noexcept;
  void OnSilence(const ModbusRequest& request, MonotonicTime sent_at, MonotonicTime now) noexcept;
  void OnRefusal(const ModbusRequest& request, uint8_t exception, MonotonicTime now) noexcept;
  void OnWritten(uint16_t setpoint, MonotonicTime now) noexcept;
  void OnRead(const ModbusRequest& request, const ModbusReply& reply, MonotonicTime sent_at,
              MonotonicTime now) noexcept;
  void OnSetpointRead(uint16_t raw, MonotonicTime sent_at, MonotonicTime now) noexcept;
  void OnPower(Watts power, MonotonicTime sent_at, MonotonicTime now) noexcept;
  void MakeContact(MonotonicTime now) noexcept;
  void LoseContact() noexcept;
  void UpdateState() noexcept;
  [[nodiscard]] bool Usable() const noexcept;
  [[nodiscard]] std::span<Poll> Polls() noexcept { return std::span(polls_).first(map_->blocks().size()); }
  [[nodiscard]] std::span<const Poll> Polls() const noexcept { return std::span(polls_).first(map_->blocks().size()); }
  [[nodiscard]] Poll* PollOf(const ModbusRequest& request) noexcept;
  [[nodiscard]] ModbusRequest WriteOf(uint16_t setpoint) const noexcept;
  [[nodiscard]] ModbusRequest ReadOf(const ReadBlock& block) const noexcept;
  [[nodiscard]] bool AcLost() const noexcept;
  [[nodiscard]] Nanoseconds PeriodOf(const Poll& poll) const noexcept;
  [[nodiscard]] Nanoseconds NextPause() noexcept;
  [[nodiscard]] Nanoseconds ReplyTimeout(MonotonicTime now) const noexcept;

  const std::unique_ptr<const RegisterMap> map_;
  const Pace pace_;
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
  const ReadBlock* late_block_ = nullptr;            // whose late reply may still come …
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

  std::optional<MonotonicTime> rest_acknowledged_at_;
  MonotonicTime put_right_at_ = MonotonicTime::min();  // the setpoint register read otherwise than acknowledged
  int foreign_setpoints_ = 0;                          // times that it did, without a quiet while in between

  // Whether the output follows.
  bool off_seen_ = false;  // below 10 W since 0 W was acknowledged
  MonotonicTime power_asked_at_ = MonotonicTime::min();
  OutputWatch watch_;
  FreezeWatch freeze_;

  // What is known since contact was made.
  bool dc_known_ = false;
  bool ac_known_ = false;
  bool temperature_known_ = false;
  const char* obstacle_ = nullptr;

  std::array<Poll, RegisterMap::kMostBlocks> polls_;
  uint32_t random_;
};

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_SESSION_H_
