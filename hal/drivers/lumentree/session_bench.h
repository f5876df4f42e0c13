// The session's test bench: registers in memory and a clock of its own; hours of conversation in milliseconds.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_BENCH_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_BENCH_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "hal/drivers/lumentree/session.h"

namespace abcds::lumentree {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

inline constexpr MonotonicTime kBegin = MonotonicTime(std::chrono::hours(1));
inline constexpr Nanoseconds kExchange = 28ms;  // 8 + 7 characters at 9600 baud and the inverter's thinking
inline constexpr Nanoseconds kGap = 5ms;

struct Asked {
  MonotonicTime at;
  ModbusRequest request;
  ModbusClient::Urgency urgency;
  bool IsWrite() const { return request.function == ModbusRequest::Function::kWriteMultipleRegisters; }
  bool IsRead(Register which) const { return !IsWrite() && request.address == static_cast<uint16_t>(which); }
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() : now_(kBegin) {
    registers_ = {{Register::kAcPower, 34},
                  {Register::kDcVoltage, 264},
                  {Register::kAcVoltage, 2317},
                  {Register::kTemperature, 319}};
  }

  void LinkUp() { session_.OnLink(true, now_); }

  // The bus: serves the session for `duration`.
  void Run(Nanoseconds duration) {
    const MonotonicTime end = now_ + duration;
    while (now_ < end) {
      const std::optional<ModbusClient::Due> due = session_.NextRequest(now_);
      if (!due.has_value()) {
        const MonotonicTime next = session_.NextDue(now_);
        ASSERT_GT(next, now_) << "due, but nothing to send";
        now_ = std::min(next, end);
        continue;
      }
      Serve(*due);
    }
  }

  void Serve(const ModbusClient::Due& due) {
    const Asked asked{.at = now_, .request = due.request, .urgency = due.urgency};
    asked_.push_back(asked);
    ModbusReply reply = answer_ ? answer_(asked) : Obey(asked);
    const MonotonicTime sent_at = now_;
    if (exchange_ > due.request.timeout) reply = Timeout();
    now_ += reply.result == ModbusResult::kTimeout ? due.request.timeout : exchange_;
    session_.OnReply(due.request, reply, sent_at, now_);
    now_ += kGap;
  }

  // The inverter as it should be: its output follows the setpoint at once.
  ModbusReply Obey(const Asked& asked) {
    ModbusReply reply;
    reply.result = ModbusResult::kOk;
    if (asked.IsWrite()) {
      if (follows_) registers_[Register::kAcPower] = static_cast<uint16_t>(10 * asked.request.values[0] + 34);
    } else {
      reply.count = 1;
      reply.values[0] = registers_[static_cast<Register>(asked.request.address)];
    }
    return reply;
  }

  static ModbusReply Timeout() { return {}; }
  static ModbusReply Refusal(uint8_t exception) {
    ModbusReply reply;
    reply.result = ModbusResult::kException;
    reply.exception = exception;
    return reply;
  }

  void Command(Watts power, Nanoseconds life = std::chrono::hours(1),
               std::optional<MonotonicTime> next_change_at = std::nullopt) {
    session_.SetCommand(
        {.power = power, .expires_at = now_ + life, .next_change_at = next_change_at.value_or(MonotonicTime::min())},
        now_);
  }

  void BecomeActive() {
    LinkUp();
    Run(1s);
    ASSERT_EQ(session_.state().lifecycle, Lifecycle::kActive);
    asked_.clear();
  }

  std::vector<Asked> Writes() const {
    std::vector<Asked> writes;
    for (const Asked& asked : asked_) {
      if (asked.IsWrite()) writes.push_back(asked);
    }
    return writes;
  }
  std::vector<uint16_t> Setpoints() const {
    std::vector<uint16_t> setpoints;
    for (const Asked& write : Writes()) setpoints.push_back(write.request.values[0]);
    return setpoints;
  }
  std::vector<Asked> Reads(Register which) const {
    std::vector<Asked> reads;
    for (const Asked& asked : asked_) {
      if (asked.IsRead(which)) reads.push_back(asked);
    }
    return reads;
  }

  Session session_{TraitsOf(Model::k600), 1};
  MonotonicTime now_;
  std::map<Register, uint16_t> registers_;
  std::function<ModbusReply(const Asked&)> answer_;  // missing: Obey
  bool follows_ = true;
  Nanoseconds exchange_ = kExchange;
  std::vector<Asked> asked_;
};

}  // namespace abcds::lumentree

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_SESSION_BENCH_H_
