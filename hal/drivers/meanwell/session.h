// The conversation with one BIC-2200 or NPB, as a machine fed with frames and time. No I/O, no thread, no clock of its
// own.
//
// Contact, identity, protection of the memory, then the setpoints: each step of this order is taken again from the
// beginning whenever the device was away, since it comes back with what its memory holds.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_SESSION_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_SESSION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "hal/api/power_converter.h"
#include "hal/drivers/meanwell/capability.h"
#include "hal/drivers/meanwell/dialogue.h"
#include "hal/drivers/meanwell/hail.h"
#include "hal/drivers/meanwell/identity.h"
#include "hal/drivers/meanwell/memory.h"
#include "hal/drivers/meanwell/output_watch.h"
#include "hal/drivers/meanwell/polls.h"
#include "hal/drivers/meanwell/registers.h"
#include "hal/drivers/meanwell/setpoint.h"
#include "hal/drivers/meanwell/timing.h"
#include "hal/drivers/meanwell/values.h"
#include "hal/drivers/meanwell/voltage_loop.h"
#include "hal/transport/can_client.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

struct Options {
  std::string name;   // what the configuration calls it; for sentences
  std::string label;  // what they call the CAN line
  Family family = Family::kNpb;
  uint8_t unit = 3;
  Volts charge_voltage;     // end of charge, correction included
  Volts discharge_voltage;  // BIC: floor of discharging, likewise
  double efficiency = 0.92;
  Nanoseconds reply = Timing::kReply;  // an answer is late after that
  bool voltage_adjust = false;         // NPB: charge below the least current where the memory is not written
  bool always_on = false;              // BIC: at 0 W stay on at the least current, where the command allows it
  WriteLedger* ledger = nullptr;       // not owned; outlives the session
};

// Only ever grow.
struct Counters {
  uint64_t requests = 0;
  uint64_t unanswered = 0;
  uint64_t unmatched = 0;  // frames of the device that were no answer to the question
  uint64_t implausible = 0;
  uint64_t writes = 0;
  uint64_t memory_writes = 0;      // of these, those that wear the memory
  uint64_t altered_setpoints = 0;  // read back as something else than was written
  uint64_t foreign_writes = 0;     // changed without us
  uint64_t contacts_lost = 0;
};

class Session {
 public:
  explicit Session(const Options& options);

  // The standing command; the same one as often as the caller likes.
  void SetCommand(const ConverterCommand& command) noexcept { command_ = command; }
  // From now on off, whatever is commanded. For good.
  void Rest() noexcept;
  // OPERATION was read as off, and FAULT_STATUS and the current agreed, since Rest().
  [[nodiscard]] bool AtRest() const noexcept;
  // At the end of a conversation: what was written to a device that never told its serial number is counted by its
  // place.
  void SettleAccount();

  [[nodiscard]] const ConverterState& state() const noexcept { return state_; }
  [[nodiscard]] Counters counters() const noexcept;
  [[nodiscard]] const Identity& identity() const noexcept { return identity_; }
  [[nodiscard]] const Memory& memory() const noexcept { return memory_; }
  [[nodiscard]] const Registers& registers() const noexcept { return registers_; }
  // Of READ_VIN, READ_IOUT, READ_TEMPERATURE_1 and the fans, in their units; invalid where the device has none.
  struct Reading {
    Command command;
    double value = 0;
    bool valid = false;
  };
  [[nodiscard]] std::span<const Reading> readings() const noexcept { return readings_; }
  // One sentence on what is wrong with the device; empty when nothing is, or when the line itself is down.
  [[nodiscard]] std::string Trouble() const;

  // As CanClient.
  [[nodiscard]] std::span<const CanFilter> Filters() const noexcept { return dialogue_.filters(); }
  std::optional<CanFrame> NextFrame(MonotonicTime now);
  MonotonicTime NextDue(MonotonicTime now);
  void OnSent(const CanFrame& frame, MonotonicTime now);
  void OnFrame(const CanFrame& frame, MonotonicTime now);
  void OnLink(bool up, MonotonicTime now);

 private:
  enum class Stage : uint8_t {
    kSilent,    // nothing heard yet, or no longer
    kIdentify,  // off, and being asked who it is
    kRefused,   // identified, and not to be used
    kProtect,   // being told not to store setpoints
    kReady,
  };
  struct Step {
    MonotonicTime at = MonotonicTime::max();
    Command command = Command::kOperation;
    std::optional<uint16_t> write;  // none: read
  };

  void Follow(MonotonicTime now);
  [[nodiscard]] Watts Wanted(MonotonicTime now) const noexcept;
  [[nodiscard]] bool MayIdle(MonotonicTime now) const noexcept;
  [[nodiscard]] std::optional<Direction> SetDirection() const noexcept;
  // The current that stands there, where it is as good as the one that is wanted: a write less.
  void KeepHeldCurrent();
  void TakeSetpoint(Watts power, MonotonicTime now);
  [[nodiscard]] Step Plan(MonotonicTime now) const;
  [[nodiscard]] std::optional<Step> PlanOff(MonotonicTime now) const;
  [[nodiscard]] std::optional<Step> PlanProtection(MonotonicTime now) const;
  [[nodiscard]] std::optional<Step> PlanSetpoint(MonotonicTime now) const;
  [[nodiscard]] std::optional<Step> PlanDirection(MonotonicTime now) const;
  [[nodiscard]] Step PlanPoll(MonotonicTime now) const;
  [[nodiscard]] std::optional<Step> Make(Command command, uint16_t value, MonotonicTime now) const;

  void OnSilence(Command command, MonotonicTime now);
  void LoseContact(MonotonicTime now);
  void StartOver(MonotonicTime now);
  void OnAnswer(const Message& message, MonotonicTime now);
  void OnRegister(Command command, uint16_t raw, MonotonicTime now);
  void OnNumber(const CommandInfo& info, double value, uint16_t raw, MonotonicTime now);
  void OnCurrent(Amperes current, uint16_t raw, MonotonicTime now);
  void OnFaults(uint16_t faults) noexcept;
  void Advance(MonotonicTime now);
  void EndIdentification(MonotonicTime now);
  void OnEepromOff(bool off, MonotonicTime now);
  [[nodiscard]] std::string Place() const;
  void UpdateLimits(MonotonicTime now);
  void UpdateState(MonotonicTime now);
  [[nodiscard]] bool Runs() const noexcept;  // its output is on, or may be
  [[nodiscard]] bool Usable() const noexcept;
  [[nodiscard]] bool VoltageLoopPossible() const noexcept;
  [[nodiscard]] uint16_t Raw(Amperes current) const noexcept;
  [[nodiscard]] Amperes LeastCurrent(Direction direction) const noexcept;
  [[nodiscard]] std::string FaultText() const;
  [[nodiscard]] SetpointOptions Possibilities() const noexcept;

  const Options options_;
  const SetUp set_up_;
  Dialogue dialogue_;
  Registers registers_;
  Polls polls_;
  Identity identity_;
  Memory memory_;
  Hail hail_;  // while it is silent
  Capability capability_;
  std::optional<VoltageLoop> loop_;
  std::optional<OutputWatch> watch_;

  ConverterCommand command_;
  ConverterState state_;
  std::array<Reading, 5> readings_{Reading{Command::kReadIout}, Reading{Command::kReadTemperature1},
                                   Reading{Command::kReadVin}, Reading{Command::kReadFanSpeed1},
                                   Reading{Command::kReadFanSpeed2}};
  bool resting_ = false;

  bool link_up_ = false;
  Stage stage_ = Stage::kSilent;
  Obstacle obstacle_ = Obstacle::kNone;
  int tries_ = 0;  // of the question under way
  MonotonicTime refused_at_ = MonotonicTime::min();

  std::optional<uint16_t> faults_;
  bool eeprom_error_ = false;
  bool ignores_ = false;  // it has more than it was told, and was told twice
  MonotonicTime ignored_at_ = MonotonicTime::min();
  std::string known_device_;       // model and serial number that `watch_` and the next one belong to
  bool eeprom_off_tried_ = false;  // whether it took it or not
  Amperes current_;                // as measured, + charges
  MonotonicTime asked_at_ = MonotonicTime::min();

  Watts taken_power_;  // that `setpoint_` was worked out for
  Setpoint setpoint_;
  bool idles_ = false;                            // BIC, always on: the command allows to be on at 0 W
  bool settled_noted_ = false;                    // the device has what `setpoint_` wants
  std::optional<MonotonicTime> switched_on_at_;   // and FAULT_STATUS has not agreed yet
  std::optional<MonotonicTime> start_failed_at_;  // it never did
  std::array<MonotonicTime, 2> carried_at_{MonotonicTime::min(), MonotonicTime::min()};  // current, by direction
  MonotonicTime direction_made_at_ = MonotonicTime::min();

  // Since Rest().
  bool rest_off_ = false;
  bool rest_confirmed_ = false;
  bool rest_still_ = false;
  Counters counters_;
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_SESSION_H_
