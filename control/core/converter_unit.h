// All that control knows of one converter: what it does, whether it can be used, whether it is at rest.
#ifndef ABCDS_CONTROL_CORE_CONVERTER_UNIT_H_
#define ABCDS_CONTROL_CORE_CONVERTER_UNIT_H_

#include "control/core/allocator.h"
#include "control/core/follow_judge.h"
#include "control/core/interval.h"
#include "control/core/power_tube.h"
#include "control/core/rest_witness.h"
#include "control/core/setpoint_writer.h"
#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A converter that does not answer may do anything: it may have ignored the last 0 W, or started again by itself. It
// counts as at rest only on evidence (in this order): its own fresh reading; the battery's current; it was at rest, with
// 0 W acknowledged, when it was last heard; or when a grace has passed, since a dead device must not stop the others for
// ever. What the battery's current says against it holds without end.
class ConverterUnit {
 public:
  ConverterUnit() = default;
  explicit ConverterUnit(const ConverterSettings& settings) noexcept;

  // Each cycle, first.
  void Observe(const ConverterInput& input, MonotonicTime now, Nanoseconds dt) noexcept;
  // Then, for one that does not answer: what the battery's current says.
  void HearWitness(const RestWitness& witness, MonotonicTime now) noexcept;
  // Then: whether it does what it was told. `charge_tapers`, `discharge_tapers`: the battery is so close to a voltage
  // limit that a sound converter may deliver less.
  void JudgeFollowing(bool charge_tapers, bool discharge_tapers, MonotonicTime now) noexcept;

  // Answers and accepts commands.
  [[nodiscard]] bool answers() const noexcept { return answers_; }
  // What it may do now, for circulation and for the battery's limits.
  [[nodiscard]] PowerInterval possible() const noexcept { return answers_ && !runs_on_ ? tube_.power() : possible_; }
  // Its part of our own power. A lost one becomes part of the house after a while, so that the others can regulate.
  [[nodiscard]] PowerInterval own_power(MonotonicTime now) const noexcept;
  // Its part is unknown, and not yet the house's.
  [[nodiscard]] bool lately_lost(MonotonicTime now) const noexcept;
  // At the battery: what it puts there, + charges. The converter's efficiency is known within some percent only.
  [[nodiscard]] PowerInterval AtBattery() const noexcept;
  [[nodiscard]] ConverterView View() const noexcept;
  [[nodiscard]] const FollowJudge& following() const noexcept { return judge_; }

  [[nodiscard]] PowerTube& tube() noexcept { return tube_; }
  [[nodiscard]] const PowerTube& tube() const noexcept { return tube_; }
  [[nodiscard]] SetpointWriter& writer() noexcept { return writer_; }
  [[nodiscard]] const SetpointWriter& writer() const noexcept { return writer_; }
  Decision decision;

 private:
  void Lose(MonotonicTime now) noexcept;
  void Regain() noexcept;
  void WatchZero(MonotonicTime now) noexcept;
  [[nodiscard]] PowerInterval Everything() const noexcept { return {-settings_.max_discharge, settings_.max_charge}; }

  ConverterSettings settings_;
  ConverterInput input_;
  PowerTube tube_;
  SetpointWriter writer_;
  FollowJudge judge_;
  bool answers_ = false;
  bool heard_once_ = false;
  bool lost_at_rest_ = false;  // when it was last heard it was at rest, with 0 W acknowledged
  MonotonicTime lost_at_ = MonotonicTime::min();
  PowerInterval possible_{};   // while it does not answer, or runs on
  // Told 0 W, and by its own readings still moving power although it has had its time: until they say otherwise it is
  // certain that it does, not only possible.
  bool runs_on_ = false;
  MonotonicTime runs_since_ = MonotonicTime::max();
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_CONVERTER_UNIT_H_
