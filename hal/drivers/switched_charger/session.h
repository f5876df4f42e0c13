// The conversation with a smart plug that a charger hangs on: when it is on, and what proves that it is off.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_SESSION_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_SESSION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hal/api/device_details.h"
#include "hal/api/power_converter.h"
#include "hal/drivers/switched_charger/charger_power.h"
#include "hal/drivers/switched_charger/codec.h"
#include "hal/text/refusal.h"
#include "hal/transport/http_exchange.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::switched_charger {

struct SessionOptions {
  RequestOptions requests;
  std::string address;                                   // for people: "192.168.1.71:80"
  ChargerRating charger;
  Nanoseconds interval = std::chrono::seconds(2);        // between two looks at its state
  Nanoseconds shortest_rest = std::chrono::seconds(10);  // off for so long at least, for the relay's sake
  Nanoseconds starts_within = std::chrono::seconds(4);   // from the relay's click to full power
};

// A machine of replies and time; no I/O, no clock.
//
//  * Off is told first, whenever contact is made, and nothing else until the device itself says that it is off.
//  * On where the command is more than half of the charger's power, has not expired, and the rest is over. Off at once.
//  * What was told is looked at 0.3 s later and then every interval. On although told off: off again, at once. Off
//    although told on (a trip, a button, its own timer): off is told, and a pause of a minute taken.
//  * While on, "on" is told again four times within the time after which the device switches off by itself.
//  * Two failed exchanges in a row, or one that should have switched on: contact is lost. Then off is told every
//  second,
//    for ever.
class Session {
 public:
  explicit Session(const SessionOptions& options);

  void SetCommand(const ConverterCommand& command) noexcept;
  // From now on off, whatever the command says; told and seen anew.
  void Rest() noexcept;
  // Told off, and seen off afterwards.
  [[nodiscard]] bool AtRest() const noexcept { return resting_ && seen_off_; }

  // What to ask next; the answer to the newest one is OnReply's.
  [[nodiscard]] HttpRequest NextRequest(MonotonicTime now) noexcept;
  // Whether off must be told while a mere look is under way.
  [[nodiscard]] bool Abandons(MonotonicTime now) const noexcept;
  void OnReply(const HttpReply& reply, MonotonicTime now);

  [[nodiscard]] ConverterState StateAt(MonotonicTime now) const noexcept;

  // For people, as of `now`: readings, counters, and one sentence of trouble.
  void Describe(MonotonicTime now, DeviceDetails& details) const;

 private:
  struct Next {
    Question question;
    MonotonicTime due;
  };
  // Why it stays off for a while.
  enum class Block : uint8_t { kNone, kRefused, kSwitchedOff, kNoDraw };

  [[nodiscard]] Next Plan(MonotonicTime now) const noexcept;
  [[nodiscard]] bool Commanded(MonotonicTime now) const noexcept;
  [[nodiscard]] MonotonicTime AllowedFrom() const noexcept;
  [[nodiscard]] bool WantsOn(MonotonicTime now) const noexcept;
  void OnFailure(const HttpReply& reply, MonotonicTime now);
  void OnRefusal(const Decoded& decoded, std::string_view body, MonotonicTime now);
  void OnNoAnswer(MonotonicTime now);
  void OnTold(bool on, const Reading& reading, MonotonicTime now);
  void OnSeen(bool on, const Reading& reading, MonotonicTime now);
  void BlockUntil(MonotonicTime until, Block why) noexcept;
  void LoseContact() noexcept;
  [[nodiscard]] bool Has(Question question) const noexcept;
  [[nodiscard]] const char* PathFor(Question question) const noexcept;
  [[nodiscard]] std::string Trouble(MonotonicTime now) const;

  const SessionOptions options_;
  std::array<std::string, static_cast<size_t>(Question::kCount)> paths_;

  ConverterCommand command_;
  bool resting_ = false;
  Question asked_ = Question::kOff;

  // Of the relay.
  bool contact_ = false;      // it has been told off and seen off since the link came up
  std::optional<bool> told_;  // what it has confirmed to have heard; nothing: unknown, so off must be told
  bool seen_off_ = false;     // seen off since it was told so
  MonotonicTime told_at_ = MonotonicTime::min();
  MonotonicTime switched_at_ = MonotonicTime::min();  // when it was told the other state than before
  MonotonicTime on_allowed_at_ = MonotonicTime::min();
  MonotonicTime ready_at_ = MonotonicTime::min();  // the rest after contact was made is over
  Sample<Watts> acknowledged_;
  ChargerPower power_;

  MonotonicTime ask_at_ = MonotonicTime::min();    // not earlier, whatever it is: after failures
  MonotonicTime look_at_ = MonotonicTime::min();   // the next look at its state
  MonotonicTime meter_at_ = MonotonicTime::min();  // Tasmota: the next look at its meter
  bool timer_set_ = false;                         // Tasmota: its PulseTime is ours

  Block block_ = Block::kNone;
  MonotonicTime blocked_until_ = MonotonicTime::min();
  int disobeyed_ = 0;                                   // looks in a row that showed it on although told off
  MonotonicTime foreign_until_ = MonotonicTime::min();  // people are told until then

  int failures_ = 0;  // exchanges in a row
  HttpFault last_fault_ = HttpFault::kNone;
  Refusal last_refusal_ = Refusal::kNone;
  std::string last_refused_;  // an excerpt, printable
  Reading last_reading_;

  uint64_t switched_on_ = 0;
  uint64_t found_switched_ = 0;
  std::array<uint64_t, static_cast<size_t>(HttpFault::kCount)> faults_{};
  std::array<uint64_t, static_cast<size_t>(Refusal::kCount)> refused_{};
};

}  // namespace abcds::switched_charger

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_SESSION_H_
