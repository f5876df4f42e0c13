// Small machines of the session, by themselves.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "hal/drivers/meanwell/dialogue.h"
#include "hal/drivers/meanwell/identity.h"
#include "hal/drivers/meanwell/model.h"
#include "hal/drivers/meanwell/output_watch.h"
#include "hal/drivers/meanwell/setpoint.h"
#include "hal/drivers/meanwell/timing.h"
#include "hal/drivers/meanwell/voltage_loop.h"

namespace abcds::meanwell {
namespace {

using Kind = Setpoint::Kind;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

struct Row {
  const char* name;
  const char* model;
  double power_w;
  double voltage_v;
  bool voltage_loop;
  Kind kind;
  Direction direction;
  double current_a;
};
class SetpointTest : public testing::TestWithParam<Row> {};
TEST_P(SetpointTest, PowerToCurrent) {
  const Row& row = GetParam();
  const SetpointOptions options{.model = FindModel(row.model), .efficiency = 0.92, .voltage_loop = row.voltage_loop};
  const Limits limits = LimitsAt(options, Volts(row.voltage_v));
  const Setpoint setpoint = SetpointFor(options, limits, Watts(row.power_w), Volts(row.voltage_v));
  EXPECT_EQ(setpoint.kind, row.kind);
  EXPECT_NEAR(setpoint.current.value(), row.current_a, 0.006);
  if (row.kind == Kind::kOff) {
    EXPECT_EQ(setpoint.power, Watts(0));
    return;
  }
  EXPECT_EQ(setpoint.direction, row.direction);
}
constexpr auto kCharge = Direction::kCharge;
constexpr auto kDischarge = Direction::kDischarge;
INSTANTIATE_TEST_SUITE_P(
    Rows, SetpointTest,
    testing::Values(
        //  name                       model          power    V    loop   kind            direction   current
        Row{"Charging", "NPB-1200-24", 600, 26.0, false, Kind::kCurrent, kCharge, 21.23},
        Row{"AtTheLimitOfCurrent", "NPB-1200-24", 5000, 26.0, false, Kind::kCurrent, kCharge, 36},
        Row{"AtTheLimitOfPower", "NPB-1200-24", 5000, 40.0, false, Kind::kCurrent, kCharge, 30},
        Row{"ChargersDoNotDischarge", "NPB-1200-24", -600, 26.0, false, Kind::kOff, kCharge, 0},
        Row{"BelowTheLeast", "NPB-1200-24", 190, 26.0, false, Kind::kOff, kCharge, 0},
        Row{"JustBelowTheLeast", "NPB-1200-24", 200, 26.0, false, Kind::kCurrent, kCharge, 7.2},
        Row{"BelowTheLeastByVoltage", "NPB-1200-24", 100, 26.0, true, Kind::kVoltage, kCharge, 3.54},
        Row{"HardlyAnythingIsOff", "NPB-1200-24", 4, 26.0, true, Kind::kOff, kCharge, 0},
        Row{"Zero", "NPB-1200-24", 0, 26.0, true, Kind::kOff, kCharge, 0},
        Row{"NotANumber", "NPB-1200-24", NAN, 26.0, true, Kind::kOff, kCharge, 0},
        Row{"NoBattery", "NPB-1200-24", 600, 0.3, true, Kind::kOff, kCharge, 0},
        Row{"BicCharging", "BIC-2200-48", 1000, 52.0, false, Kind::kCurrent, kCharge, 17.69},
        Row{"BicDischarging", "BIC-2200-48", -1000, 52.0, false, Kind::kCurrent, kDischarge, 20.90},
        Row{"BicLimitOfDischarge", "BIC-2200-48", -9000, 46.0, false, Kind::kCurrent, kDischarge, 38.3}),
    [](const auto& info) { return info.param.name; });

Message TextOf(Command command, const std::string& text) {
  Message message{
      .kind = Message::Kind::kReply, .code = static_cast<uint16_t>(command), .info = &InfoOf(command), .size = 6};
  for (size_t i = 0; i < 6; ++i) message.bytes[i] = i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{' '};
  return message;
}

struct WhoRow {
  const char* name;
  const char* first;
  const char* second;
  uint8_t steps;  // byte 0 of SCALING_FACTOR
  Family configured;
  Obstacle obstacle;
};
class IdentityTest : public testing::TestWithParam<WhoRow> {};
TEST_P(IdentityTest, WhoMayBeUsed) {
  const WhoRow& row = GetParam();
  Identity identity;
  ASSERT_TRUE(identity.OnAnswer(TextOf(Command::kMfrModelB0B5, row.first)));
  ASSERT_TRUE(identity.OnAnswer(TextOf(Command::kMfrModelB6B11, row.second)));
  Message scaling = TextOf(Command::kScalingFactor, "");
  scaling.bytes = {row.steps, 0x06, 0x76, 0, 0, 0};
  EXPECT_EQ(identity.OnAnswer(scaling), row.steps != 0x5F) << "a nibble that nobody explains";
  Registers registers;
  const meanwell::SetUp set_up = {row.configured, Volts(27.6), Volts(24.4)};
  EXPECT_EQ(identity.Check(set_up, registers), row.obstacle);
  EXPECT_EQ(ObstacleText(row.obstacle, identity, set_up, "charger").empty(), row.obstacle == Obstacle::kNone);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, IdentityTest,
    testing::Values(WhoRow{"TheRightOne", "NPB-12", "00-24 ", 0x55, Family::kNpb, Obstacle::kNone},
                    WhoRow{"UnknownModel", "NPB-99", "00-24 ", 0x55, Family::kNpb, Obstacle::kUnknownModel},
                    WhoRow{"OtherFamily", "BIC-22", "00-24 ", 0x55, Family::kNpb, Obstacle::kOtherFamily},
                    WhoRow{"CoarseVoltage", "NPB-12", "00-24 ", 0x56, Family::kNpb, Obstacle::kScaling},
                    WhoRow{"CoarseCurrent", "NPB-12", "00-24 ", 0x65, Family::kNpb, Obstacle::kScaling},
                    WhoRow{"UnknownSteps", "NPB-12", "00-24 ", 0x5F, Family::kNpb, Obstacle::kScaling},
                    WhoRow{"Variant", "NPB-45", "0-24AD", 0x55, Family::kNpb, Obstacle::kNone}),
    [](const auto& info) { return info.param.name; });

TEST(DialogueTest, LeavesTheManualsPauseAfterALateAnswer) {
  Dialogue dialogue(Family::kNpb, 3);
  const MonotonicTime start(std::chrono::hours(1));
  dialogue.OnSent(dialogue.Read(Command::kReadVout), start);
  EXPECT_EQ(dialogue.FreeFrom(), MonotonicTime::max());
  CanFrame answer{
      .id = ReplyId(Family::kNpb, 3), .extended = true, .remote = false, .size = 4, .data = {0x60, 0, 1, 0}};
  EXPECT_TRUE(dialogue.OnFrame(answer, start + 40ms).has_value());
  EXPECT_EQ(dialogue.FreeFrom(), start + 45ms);
  EXPECT_FALSE(dialogue.OnFrame(answer, start + 41ms).has_value()) << "nobody asked twice";
  EXPECT_EQ(dialogue.unmatched(), 1u);
}

TEST(DialogueTest, AnAnswerOverANetworkMayTakeLonger) {
  const MonotonicTime start(std::chrono::hours(1));
  for (const auto& [port, reply] : {std::pair{"/dev/ttyACM0", 100ms}, {"tcp://192.168.1.7:3333", 300ms}, {"", 100ms}}) {
    Dialogue dialogue(Family::kNpb, 3, ReplyWithin(port));
    dialogue.OnSent(dialogue.Read(Command::kReadVout), start);
    EXPECT_FALSE(dialogue.TakeLate(start + reply - 1ms).has_value()) << port;
    EXPECT_TRUE(dialogue.TakeLate(start + reply).has_value()) << port;
  }
}

TEST(AcPowerTest, LossesAreOnTheAcSideWhenChargingAndTakenFromItWhenNot) {
  EXPECT_NEAR(AcPower(Volts(50), Amperes(10), 0.9).value(), 555.6, 0.1);
  EXPECT_NEAR(AcPower(Volts(50), Amperes(-10), 0.9).value(), -450, 0.1);
}

TEST(VoltageLoopTest, OldReadingsDoNotCount) {
  VoltageLoop loop(Volts(24), Volts(21), Volts(27.6));
  const MonotonicTime start(std::chrono::hours(1));
  loop.Start(Amperes(4), Volts(26.4), Amperes(0), start);
  EXPECT_NEAR(loop.voltage().value(), 26.45, 0.001) << "4 A at 12 mΩ";
  loop.OnReading(Amperes(0), start + 100ms, start + 110ms);
  EXPECT_NEAR(loop.voltage().value(), 26.45, 0.001) << "the output has not moved yet";
  loop.OnReading(Amperes(2), start + 500ms, start + 510ms);
  EXPECT_NEAR(loop.voltage().value(), 26.46, 0.001);
  loop.OnReading(Amperes(4.3), start + 2s, start + 2s);
  EXPECT_NEAR(loop.voltage().value(), 26.46, 0.001) << "no step of 10 mV would be nearer";
  loop.OnReading(Amperes(4.7), start + 3s, start + 3s);
  EXPECT_NEAR(loop.voltage().value(), 26.45, 0.001);
}

TEST(VoltageLoopTest, StaysWithinItsBounds) {
  VoltageLoop loop(Volts(24), Volts(21), Volts(27.6));
  MonotonicTime now(std::chrono::hours(1));
  loop.Start(Amperes(4), Volts(27.58), Amperes(0), now);
  for (int i = 0; i < 50; ++i, now += 1s) loop.OnReading(Amperes(0), now, now);
  EXPECT_EQ(loop.voltage(), Volts(27.6));
  for (int i = 0; i < 500; ++i, now += 1s) loop.OnReading(Amperes(90), now, now);
  EXPECT_EQ(loop.voltage(), Volts(21));
}

TEST(OutputWatchTest, FrozenOnlyAfterAChangeThatMustShow) {
  OutputWatch watch(Amperes(36));
  MonotonicTime now(std::chrono::hours(1));
  const auto read = [&](uint32_t fingerprint, Nanoseconds span) {
    for (const MonotonicTime end = now + span; now < end; now += 1s) watch.OnReading(Amperes(5), fingerprint, now);
  };
  watch.OnSetpoint(Amperes(8), now);
  read(1, 60s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kGood);
  watch.OnSetpoint(Amperes(9), now);
  read(1, 60s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kGood) << "too small a change";
  watch.OnSetpoint(Amperes(12), now);
  read(1, 9s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kGood) << "too early";
  read(1, 4s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kFrozen);
  watch.Forget();
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kFrozen);
  read(2, 1s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kGood);
}

TEST(OutputWatchTest, MoreThanToldIsTooMuch) {
  OutputWatch watch(Amperes(36));
  MonotonicTime now(std::chrono::hours(1));
  uint32_t fingerprint = 0;
  const auto read = [&](double current, Nanoseconds span) {
    for (const MonotonicTime end = now + span; now < end; now += 1s) {
      watch.OnReading(Amperes(current), ++fingerprint, now);
    }
  };
  watch.OnSetpoint(Amperes(20), now);
  read(21.3, 30s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kGood) << "its tolerance";
  read(25, 4s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kGood);
  read(25, 4s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kTooMuch);
  read(20, 1s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kGood);
  watch.OnSetpoint(Amperes(0), now);
  read(-5, 8s);
  EXPECT_EQ(watch.verdict(), OutputWatch::Verdict::kTooMuch) << "also the other way, while it is off";
}

}  // namespace
}  // namespace abcds::meanwell
