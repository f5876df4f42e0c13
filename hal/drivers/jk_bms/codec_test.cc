// Bytes written by hand ↔ values.
#include "hal/drivers/jk_bms/codec.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "hal/drivers/jk_bms/frame.h"
#include "hal/drivers/jk_bms/worked_frames.h"

namespace abcds::jk_bms {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Eight() { return Bytes(std::begin(kEightCells), std::end(kEightCells)); }
Bytes Four() { return Bytes(std::begin(kFourCells), std::end(kFourCells)); }

// Makes the length and sum of a changed frame right again.
Bytes Sealed(Bytes frame) {
  const size_t length = frame.size() - 2;
  frame[2] = static_cast<uint8_t>(length >> 8);
  frame[3] = static_cast<uint8_t>(length);
  unsigned sum = 0;
  for (size_t i = 0; i + 4 < frame.size(); ++i) sum += frame[i];
  frame[frame.size() - 2] = static_cast<uint8_t>(sum >> 8);
  frame[frame.size() - 1] = static_cast<uint8_t>(sum);
  return frame;
}

Bytes Changed(Bytes frame, std::initializer_list<std::pair<size_t, uint8_t>> changes) {
  for (const auto& [at, value] : changes) frame.at(at) = value;
  return Sealed(std::move(frame));
}

Bytes Without(Bytes frame, size_t from, size_t count) {
  frame.erase(frame.begin() + static_cast<ptrdiff_t>(from), frame.begin() + static_cast<ptrdiff_t>(from + count));
  return Sealed(std::move(frame));
}

DecodeResult Decode(const Bytes& frame, Status& status, const CodecOptions& options = {}) {
  EXPECT_EQ(CheckFrame(frame), FrameFault::kNone);
  return DecodeStatus(frame, options, status);
}

Status Decoded(const Bytes& frame, const CodecOptions& options = {}) {
  Status status;
  EXPECT_EQ(Decode(frame, status, options), DecodeResult::kOk);
  return status;
}

TEST(DecodeStatus, EightCellsVersionOneFullSet) {
  const Status status = Decoded(Eight());
  const std::vector<uint16_t> cells = {3311, 3309, 3312, 3308, 3310, 3313, 3307, 3310};
  EXPECT_EQ(std::vector<uint16_t>(status.cell_mv.begin(), status.cell_mv.begin() + 8), cells);
  EXPECT_EQ(status.cells, 8u);
  EXPECT_NEAR(status.SumOfCells().value(), 26.480, 1e-9);
  EXPECT_EQ(status.fet_temperature, Celsius(24));
  EXPECT_EQ(status.box_temperature, Celsius(17));
  EXPECT_EQ(status.battery_temperature, Celsius(-5));
  EXPECT_NEAR(status.voltage.value(), 26.48, 1e-9);
  EXPECT_NEAR(status.current->value(), -17.34, 1e-9);
  EXPECT_EQ(status.soc_percent, 63);
  EXPECT_EQ(status.temperature_sensors, 2);
  EXPECT_EQ(status.cycles, 41);
  EXPECT_EQ(status.charged_total_ah, 4510u);
  EXPECT_EQ(WarningText(status.warnings), "battery low temperature");
  EXPECT_FALSE(status.charge_fet());
  EXPECT_TRUE(status.discharge_fet());
  EXPECT_FALSE(status.balancing());
  EXPECT_FALSE(ChargeAllowed(status));
  EXPECT_TRUE(DischargeAllowed(status));
  EXPECT_EQ(status.discharge_overcurrent_a, 110);
  EXPECT_EQ(status.charge_overcurrent_a, 65);
  EXPECT_EQ(status.cell_overvoltage_mv, 3650);
  EXPECT_EQ(status.cell_undervoltage_mv, 2650);
  EXPECT_EQ(status.capacity_ah, 230u);
  EXPECT_EQ(status.real_capacity_ah, 226u);
  EXPECT_EQ(status.charge_wanted, true);
  EXPECT_EQ(status.address, 3);
  EXPECT_EQ(status.chemistry, 0);
  EXPECT_EQ(status.running_minutes, 123456u);
  EXPECT_EQ(status.protocol_version, 1);
  EXPECT_STREQ(status.device_id.data(), "SIMPACK1");
  EXPECT_STREQ(status.software.data(), "12.SIM_S12.01");
  EXPECT_STREQ(status.manufacturer_id.data(), "SIMULATED PACK EIGHTCELL");
  EXPECT_TRUE(IsPlausible(status));
}

TEST(DecodeStatus, FourCellsWithoutAVersion) {
  const Status status = Decoded(Four());
  EXPECT_EQ(status.cells, 4u);
  EXPECT_EQ(status.cell_mv[3], 3288);
  EXPECT_EQ(status.box_temperature, Celsius(-31));
  EXPECT_EQ(status.battery_temperature, Celsius(0));
  EXPECT_NEAR(status.voltage.value(), 13.15, 1e-9);
  EXPECT_NEAR(status.current->value(), -8.50, 1e-9);
  EXPECT_EQ(status.soc_percent, 38);
  EXPECT_EQ(WarningText(status.warnings), "low capacity");
  EXPECT_TRUE(ChargeAllowed(status));
  EXPECT_TRUE(DischargeAllowed(status));
  EXPECT_EQ(status.protocol_version, std::nullopt);
  EXPECT_TRUE(IsPlausible(status));
}

struct CurrentCase {
  const char* name;
  bool version_one;
  uint16_t raw;
  std::optional<double> amperes;
};

class CurrentTest : public testing::TestWithParam<CurrentCase> {};

TEST_P(CurrentTest, FollowsTheVersion) {
  const CurrentCase& row = GetParam();
  const auto high = static_cast<uint8_t>(row.raw >> 8);
  const auto low = static_cast<uint8_t>(row.raw);
  const Status status =
      Decoded(row.version_one ? Changed(Eight(), {{50, high}, {51, low}}) : Changed(Four(), {{38, high}, {39, low}}));
  ASSERT_EQ(status.current.has_value(), row.amperes.has_value());
  if (row.amperes) {
    EXPECT_NEAR(status.current->value(), *row.amperes, 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Coding, CurrentTest,
    testing::Values(CurrentCase{"OneZero", true, 0x0000, 0.0}, CurrentCase{"OneChargeDirectionZero", true, 0x8000, 0.0},
                    CurrentCase{"OneSmallestDischarge", true, 0x0001, -0.01},
                    CurrentCase{"OneSmallestCharge", true, 0x8001, 0.01},
                    CurrentCase{"OneDischarge", true, 0x06C6, -17.34}, CurrentCase{"OneCharge", true, 0x86C6, 17.34},
                    CurrentCase{"OneIsNoOffset", true, 0x2710, -100.0}, CurrentCase{"OneMost", true, 0xFFFF, 327.67},
                    CurrentCase{"ZeroNoData", false, 0x0000, std::nullopt},
                    CurrentCase{"ZeroAtRest", false, 0x2710, 0.0}, CurrentCase{"ZeroCharge", false, 0x251C, 5.0},
                    CurrentCase{"ZeroDischarge", false, 0x2A62, -8.5}),
    [](const auto& info) { return info.param.name; });

struct TemperatureCase {
  const char* name;
  uint16_t raw;
  bool one_lower;
  std::optional<double> celsius;
};

class TemperatureTest : public testing::TestWithParam<TemperatureCase> {};

TEST_P(TemperatureTest, Decodes) {
  const TemperatureCase& row = GetParam();
  // 82 of the worked frame is at 43.
  const Bytes frame = Changed(Eight(), {{44, static_cast<uint8_t>(row.raw >> 8)}, {45, static_cast<uint8_t>(row.raw)}});
  const Status status = Decoded(frame, {.below_zero_one_lower = row.one_lower});
  ASSERT_EQ(status.battery_temperature.has_value(), row.celsius.has_value());
  if (row.celsius) {
    EXPECT_EQ(status.battery_temperature->value(), *row.celsius);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Coding, TemperatureTest,
    testing::Values(TemperatureCase{"Zero", 0, false, 0}, TemperatureCase{"Hottest", 99, false, 99},
                    TemperatureCase{"MinusZero", 100, false, 0}, TemperatureCase{"MinusOne", 101, false, -1},
                    TemperatureCase{"MinusTen", 110, false, -10}, TemperatureCase{"Coldest", 140, false, -40},
                    TemperatureCase{"BeyondTheCode", 141, false, std::nullopt},
                    TemperatureCase{"HighByteSet", 0x0118, false, std::nullopt},
                    TemperatureCase{"MinusTenOneLower", 110, true, -11},
                    TemperatureCase{"AboveZeroUnchanged", 24, true, 24}),
    [](const auto& info) { return info.param.name; });

struct RefusedCase {
  const char* name;
  Bytes frame;
  DecodeResult want;
};

class RefusedTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedTest, SaysWhyAndWritesNothing) {
  Status status;
  status.soc_percent = 99;
  EXPECT_EQ(Decode(GetParam().frame, status), GetParam().want);
  EXPECT_EQ(status.soc_percent, 99);
}

INSTANTIATE_TEST_SUITE_P(
    Replies, RefusedTest,
    testing::Values(RefusedCase{"OurOwnRequest", Bytes(kReadAll.begin(), kReadAll.end()), DecodeResult::kRequest},
                    RefusedCase{"AReplyTurnedRequest", Changed(Eight(), {{10, 0}}), DecodeResult::kRequest},
                    RefusedCase{"AnswerToAWrite", Changed(Eight(), {{8, 2}}), DecodeResult::kOtherCommand},
                    RefusedCase{"OneValueOnly",
                                {0x4E, 0x57, 0x00, 0x14, 0, 0, 0,    0, 0x03, 0x00, 0x01,
                                 0x85, 0x3F, 0,    0,    0, 0, 0x68, 0, 0,    0x01, 0xE9},
                                DecodeResult::kOtherCommand},
                    RefusedCase{"CellsNotInOrder", Changed(Eight(), {{13, 0x41}}), DecodeResult::kCellBlock},
                    RefusedCase{"CellBlockNotOfThrees", Changed(Eight(), {{12, 0x17}}), DecodeResult::kCellBlock},
                    RefusedCase{"CellBlockOfNothing", Changed(Eight(), {{12, 0x00}}), DecodeResult::kCellBlock},
                    RefusedCase{"CellBlockBeyondTheEnd", Changed(Eight(), {{12, 0xFF}}), DecodeResult::kCutOff},
                    RefusedCase{"AnotherCellCount", Changed(Eight(), {{66, 0x09}}), DecodeResult::kCellCount},
                    RefusedCase{"TwoVoltages", Changed(Eight(), {{49, 0x83}}), DecodeResult::kTwice},
                    RefusedCase{"NoCharge", Without(Eight(), 52, 2), DecodeResult::kMissing},
                    RefusedCase{"NoSwitches", Without(Eight(), 70, 3), DecodeResult::kMissing},
                    RefusedCase{"UnknownInFrontOfTheSwitches", Changed(Eight(), {{70, 0x77}}), DecodeResult::kMissing},
                    RefusedCase{"UnknownWithoutAVersion", Changed(Four(), {{82, 0x8D}}), DecodeResult::kNoVersion}),
    [](const auto& info) { return info.param.name; });

TEST(DecodeStatus, AnUnknownIdentifierEndsTheWalkAndTheVersionIsTakenFromTheEnd) {
  // 8E becomes an identifier that nobody knows.
  const Status status = Decoded(Changed(Eight(), {{73, 0x7A}}));
  EXPECT_EQ(status.unknown_identifier, 0x7A);
  EXPECT_EQ(status.protocol_version, 1);
  EXPECT_NEAR(status.current->value(), -17.34, 1e-9);
  EXPECT_EQ(status.charge_overcurrent_a, std::nullopt);
}

TEST(DecodeStatus, TheFixedPartIgnoresMeasurementsAndSeesSettings) {
  const uint64_t fixed = Decoded(Eight()).fixed_part;
  EXPECT_EQ(Decoded(Changed(Eight(), {{15, 0xEE}, {45, 0x10}, {48, 0x55}, {51, 0x00}, {53, 0x20}})).fixed_part, fixed);
  EXPECT_NE(Decoded(Changed(Eight(), {{110, 0x24}})).fixed_part, fixed) << "an overcurrent limit";
  EXPECT_NE(Decoded(Changed(Eight(), {{191, 'T'}})).fixed_part, fixed) << "the device's name";
}

struct PlausibleCase {
  const char* name;
  Bytes frame;
  const char* reason;
};

class PlausibleTest : public testing::TestWithParam<PlausibleCase> {};

TEST_P(PlausibleTest, SaysWhatNoPackReports) {
  const Status status = Decoded(GetParam().frame);
  EXPECT_EQ(Implausible(status), GetParam().reason);
  EXPECT_EQ(IsPlausible(status), std::string(GetParam().reason).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Rules, PlausibleTest,
    testing::Values(PlausibleCase{"OpenSenseWire", Changed(Eight(), {{20, 0}, {21, 0}}),
                                  "cell 3 at 0 mV: its sense wire is open"},
                    PlausibleCase{"CellBelowZero", Changed(Eight(), {{14, 0xFF}, {15, 0xF0}}), "cell 1 at 65520 mV"},
                    PlausibleCase{"PackIsNotItsCells", Changed(Eight(), {{47, 0x0B}, {48, 0x40}}),
                                  "28.80 V for the pack, but cells that sum up to 26.48 V"},
                    PlausibleCase{"PackWithinTheTolerance", Changed(Eight(), {{48, 0xA8}}), ""},
                    PlausibleCase{"ChargeAbove100", Changed(Eight(), {{53, 101}}), "a state of charge of 101 %"}),
    [](const auto& info) { return info.param.name; });

struct PermissionCase {
  const char* name;
  uint16_t warnings;
  uint16_t switches;
  bool wanted;
  bool charge;
  bool discharge;
};

class PermissionTest : public testing::TestWithParam<PermissionCase> {};

TEST_P(PermissionTest, FromSwitchesAndWarnings) {
  const PermissionCase& row = GetParam();
  Status status;
  status.warnings = row.warnings;
  status.switches = row.switches;
  status.charge_wanted = row.wanted;
  status.discharge_wanted = row.wanted;
  EXPECT_EQ(ChargeAllowed(status), row.charge);
  EXPECT_EQ(DischargeAllowed(status), row.discharge);
}

INSTANTIATE_TEST_SUITE_P(Rules, PermissionTest,
                         testing::Values(PermissionCase{"AllOn", 0, 3, true, true, true},
                                         PermissionCase{"ChargeOff", 0, 2, true, false, true},
                                         PermissionCase{"DischargeOff", 0, 1, true, true, false},
                                         PermissionCase{"SwitchedOffInTheApp", 0, 3, false, false, false},
                                         PermissionCase{"LowCapacityOnlyWarns", 1 << 0, 3, true, true, true},
                                         PermissionCase{"FetHot", 1 << 1, 3, true, false, false},
                                         PermissionCase{"ChargeOvervoltage", 1 << 2, 3, true, false, true},
                                         PermissionCase{"DischargeUndervoltage", 1 << 3, 3, true, true, false},
                                         PermissionCase{"BatteryHot", 1 << 4, 3, true, false, false},
                                         PermissionCase{"ChargeOvercurrent", 1 << 5, 3, true, false, true},
                                         PermissionCase{"DischargeOvercurrent", 1 << 6, 3, true, true, false},
                                         PermissionCase{"CellDifferenceOnlyWarns", 1 << 7, 3, true, true, true},
                                         PermissionCase{"BoxHot", 1 << 8, 3, true, false, false},
                                         PermissionCase{"BatteryCold", 1 << 9, 3, true, false, true},
                                         PermissionCase{"CellOvervoltage", 1 << 10, 3, true, false, true},
                                         PermissionCase{"CellUndervoltage", 1 << 11, 3, true, true, false},
                                         PermissionCase{"HardwareA", 1 << 12, 3, true, false, false},
                                         PermissionCase{"HardwareB", 1 << 13, 3, true, false, false}),
                         [](const auto& info) { return info.param.name; });

TEST(WarningText, NamesAllThatAreSet) {
  EXPECT_EQ(WarningText(0), "");
  EXPECT_EQ(WarningText(1 << 10 | 1 << 2 | 1 << 15), "charge overvoltage, cell overvoltage, unknown bit 15");
}

// Whatever the bytes: an answer, nothing read beyond the end (under the address sanitizer), nothing implausible that
// passes for plausible.
TEST(DecodeStatus, EverySequenceOfBytesGetsAnAnswer) {
  std::mt19937_64 random(20260101);
  for (int round = 0; round < 60'000; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    Bytes frame = random() % 2 == 0 ? Eight() : Four();
    const size_t changes = random() % 6;
    for (size_t i = 0; i < changes; ++i) frame[11 + random() % (frame.size() - 20)] = static_cast<uint8_t>(random());
    if (random() % 3 == 0) frame.erase(frame.begin() + 11 + static_cast<ptrdiff_t>(random() % (frame.size() - 20)));
    if (random() % 3 == 0) {
      frame.insert(frame.begin() + 11 + static_cast<ptrdiff_t>(random() % (frame.size() - 20)),
                   static_cast<uint8_t>(random()));
    }
    if (random() % 4 == 0) frame.erase(frame.begin() + 11 + static_cast<ptrdiff_t>(random() % 30), frame.end() - 9);
    // With a right sum: the walk has to cope, not the sum.
    frame = Sealed(std::move(frame));
    if (CheckFrame(frame) != FrameFault::kNone) continue;
    Status status;
    if (DecodeStatus(frame, {}, status) != DecodeResult::kOk) continue;
    ASSERT_GE(status.cells, 1u);
    ASSERT_LE(status.cells, kCellsMax);
    ASSERT_EQ(Implausible(status).empty(), IsPlausible(status));
    ASSERT_EQ(status.manufacturer_id.back(), '\0');
  }
}

}  // namespace
}  // namespace abcds::jk_bms
