// The session's test bench: a simulated device on a bus without a wire, and a clock of its own; hours of conversation
// in milliseconds.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_SESSION_BENCH_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_SESSION_BENCH_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hal/api/fake_write_ledger.h"
#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/model.h"
#include "hal/drivers/meanwell/session.h"
#include "hal/sim/wire/meanwell.h"

namespace abcds::meanwell {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

inline constexpr MonotonicTime kBegin = MonotonicTime(std::chrono::hours(1));

// As the ledger knows the simulated device.
inline constexpr const char* kDevice = "meanwell 241105000042";

struct Said {
  MonotonicTime at;
  Message message;
  bool IsWrite(Command command) const {
    return message.kind == Message::Kind::kWrite && message.code == static_cast<uint16_t>(command);
  }
  bool IsRead(Command command) const {
    return message.kind == Message::Kind::kRead && message.code == static_cast<uint16_t>(command);
  }
};

class SessionTest : public testing::Test {
 protected:
  // A device and the session that fits it. NPB-1200-24 with eight cells unless said otherwise.
  void Make(const sim::MeanwellOptions& device = {}, double open_voltage = 26.4, const Options* options = nullptr) {
    auto made = sim::MeanwellDevice::Make(device);
    ASSERT_TRUE(made.ok()) << made.status();
    device_ = *std::move(made);
    device_->SetBattery(open_voltage, 0.012);
    family_ = device.model.rfind("BIC", 0) == 0 ? Family::kBic : Family::kNpb;
    Options chosen = options != nullptr ? *options : OptionsFor(device);
    chosen.ledger = &ledger_;
    session_.emplace(chosen);
  }
  Options OptionsFor(const sim::MeanwellOptions& device) {
    Options options;
    options.name = "charger";
    options.label = "can0";
    options.family = device.model.rfind("BIC", 0) == 0 ? Family::kBic : Family::kNpb;
    options.unit = device.unit;
    options.charge_voltage = Volts(27.6);
    if (options.family == Family::kBic) {
      options.charge_voltage = Volts(55.2);
      options.discharge_voltage = Volts(48.8);
    }
    return options;
  }
  static sim::MeanwellOptions Bic() {
    sim::MeanwellOptions options;
    options.model = "BIC-2200-48";
    options.unit = 0;
    options.system_config = 1;
    return options;
  }

  void LinkUp() { session_->OnLink(true, now_); }

  // The bus: serves the session for `duration`.
  void Run(Nanoseconds duration) {
    const MonotonicTime end = now_ + duration;
    while (now_ < end) {
      Deliver();
      if (const std::optional<CanFrame> frame = session_->NextFrame(now_)) {
        Send(*frame);
        continue;
      }
      MonotonicTime next = session_->NextDue(now_);
      ASSERT_GT(next, now_) << "due, but nothing to send";
      if (!arriving_.empty()) next = std::min(next, arriving_.front().first);
      now_ = std::min(next, end);
    }
    Deliver();
  }
  // As control does: the same command again and again.
  void Hold(Watts power, Nanoseconds duration) {
    const MonotonicTime end = now_ + duration;
    while (now_ < end) {
      Give(power, 1s);
      Run(std::min<Nanoseconds>(20ms, end - now_));
    }
  }
  void Give(Watts power, Nanoseconds life, MonotonicTime next_change_at = MonotonicTime::min()) {
    session_->SetCommand({.power = power,
                          .expires_at = now_ + life,
                          .next_change_at = next_change_at,
                          .may_idle_charging = may_idle_charging_,
                          .may_idle_discharging = may_idle_discharging_});
  }

  void BecomeActive() {
    LinkUp();
    Run(3s);
    ASSERT_EQ(session_->state().lifecycle, Lifecycle::kActive) << session_->Trouble();
    said_.clear();
  }

  std::vector<Said> Writes() const {
    std::vector<Said> writes;
    std::ranges::copy_if(said_, std::back_inserter(writes),
                         [](const Said& said) { return said.message.kind == Message::Kind::kWrite; });
    return writes;
  }
  std::vector<uint16_t> Written(Command command) const {
    std::vector<uint16_t> values;
    for (const Said& said : said_) {
      if (said.IsWrite(command)) values.push_back(said.message.raw());
    }
    return values;
  }
  size_t Reads(Command command) const {
    return static_cast<size_t>(std::ranges::count_if(said_, [&](const Said& said) { return said.IsRead(command); }));
  }
  double Power() { return device_->ac_power_w(now_); }
  void Faults(const sim::MeanwellFaults& faults) { device_->SetFaults(faults); }
  bool TroubleSays(const std::string& words) { return session_->Trouble().find(words) != std::string::npos; }

  FakeWriteLedger ledger_;
  std::unique_ptr<sim::MeanwellDevice> device_;
  std::optional<Session> session_;
  Family family_ = Family::kNpb;
  MonotonicTime now_ = kBegin;
  std::vector<Said> said_;
  std::vector<MonotonicTime> answered_;
  bool may_idle_charging_ = false;  // of the commands given
  bool may_idle_discharging_ = false;

 private:
  void Send(const CanFrame& frame) {
    Said said{.at = now_, .message = {}};
    ASSERT_EQ(Parse(family_, frame, said.message), ParseResult::kOk);
    said_.push_back(said);
    session_->OnSent(frame, now_);
    for (const sim::SimCanDevice::Answer& answer : device_->OnFrame(frame, now_)) {
      arriving_.emplace_back(now_ + answer.delay, answer.frame);
    }
    std::ranges::stable_sort(arriving_, {}, [](const auto& pair) { return pair.first; });
  }
  void Deliver() {
    while (!arriving_.empty() && arriving_.front().first <= now_) {
      const CanFrame frame = arriving_.front().second;
      arriving_.pop_front();
      if (!std::ranges::any_of(session_->Filters(), [&](const CanFilter& f) { return f.Passes(frame); })) continue;
      answered_.push_back(now_);
      session_->OnFrame(frame, now_);
    }
  }

  std::deque<std::pair<MonotonicTime, CanFrame>> arriving_;
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_SESSION_BENCH_H_
