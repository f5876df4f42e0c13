// What the guard does when the worker has died, on a pty, against a board with framing and checksum of its own. What
// is common to all such inverters is tested with the Lumentree.
#include "hal/drivers/trucki/safe_state.h"

#include <gtest/gtest.h>

#include <memory>

#include "hal/rt/clock.h"
#include "hal/sim/wire/bench_inverter.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/sim/wire/trucki.h"
#include "hal/transport/serial_port.h"

namespace abcds::trucki {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr uint8_t kAddress = 5;

// Delivers what the dead worker had told it last: the board keeps it.
sim::ConverterOptions Inverter() {
  sim::ConverterOptions options;
  options.lowest = Watts(-1000);
  options.dead_time = 150ms;
  options.ramp_down = WattsPerSecond(2500);
  options.readback_refresh = 10ms;
  options.power_on = Watts(-700);
  return options;
}

class TruckiSafeStateTest : public testing::Test {
 protected:
  void SetUp() override { OpenLine(board_); }

  void OpenLine(sim::ModbusUnit& board) {
    if (line_ != nullptr) line_->Stop();
    auto line = sim::ModbusLine::Open({.link = "", .turnaround = 60ms});
    ASSERT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(kAddress, board);
    line_->Start();
    for (int looks = 0; bench_.Output() > Watts(-650) && looks < 2000; ++looks) SleepUntil(MonotonicNow() + 10ms);
    ASSERT_LE(bench_.Output(), Watts(-650));
  }

  absl::Status Command(Nanoseconds limit) {
    begin_ = MonotonicNow();
    const absl::Status status =
        CommandSafeState({.model = Model::k1000, .old_firmware = false, .address = kAddress, .port_label = ""},
                         line_->path(), 9600, begin_ + limit);
    took_ = MonotonicNow() - begin_;
    return status;
  }

  sim::BenchInverter bench_{Inverter()};
  sim::TruckiBoard board_{bench_.Plant(), {}};
  std::unique_ptr<sim::ModbusLine> line_;
  MonotonicTime begin_;
  Nanoseconds took_{0};
};

TEST_F(TruckiSafeStateTest, ZeroIsTheFirstWordAndOnlyADisplayThatCanKnowConfirms) {
  const absl::Status status = Command(20s);
  EXPECT_TRUE(status.ok()) << status;
  for (const Watts setpoint : bench_.Setpoints()) EXPECT_EQ(setpoint, Watts(0));
  EXPECT_FALSE(bench_.Setpoints().empty());
  EXPECT_LT(Magnitude(bench_.Output()), Watts(20));
  const auto exchanges = line_->Exchanges();
  ASSERT_FALSE(exchanges.empty());
  EXPECT_EQ(exchanges.front().request[1], 0x10);
  EXPECT_LT(exchanges.front().heard_at - begin_, 1s);
  EXPECT_EQ(exchanges.back().request[1], 0x03);
  EXPECT_GE(exchanges.back().asked_at - exchanges.front().answered_at, 1300ms);
  EXPECT_EQ(board_.forbidden_writes(), 0);
}

TEST_F(TruckiSafeStateTest, RestingBoardIsConfirmedWithinOneAttemptOfTheGuard) {
  EXPECT_TRUE(Command(20s).ok());
  const absl::Status status = Command(2500ms);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(TruckiSafeStateTest, BoardThatIsDeafIsNamed) {
  sim::InverterPlant plant = bench_.Plant();
  plant.set_w = [](double) {};
  sim::TruckiBoard deaf(plant, {});
  OpenLine(deaf);
  const absl::Status status = Command(3s);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_NE(status.message().find("still delivers"), absl::string_view::npos) << status;
  line_->Stop();
}

TEST_F(TruckiSafeStateTest, SilentBoardIsNotConfirmed) {
  line_->SetFaults({.silent = true});
  const absl::Status status = Command(1500ms);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("no answer from unit 5"), absl::string_view::npos) << status;
}

TEST_F(TruckiSafeStateTest, AnotherOwnerIsLeftAlone) {
  const auto owner = OpenSerialPort({.port = line_->path()});
  ASSERT_TRUE(owner.ok()) << owner.status();
  EXPECT_EQ(Command(5s).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(line_->exchange_count(), 0u);
}

}  // namespace
}  // namespace abcds::trucki
