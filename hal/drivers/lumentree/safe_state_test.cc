// What the guard does when the worker has died, on a pty, against an inverter with framing and checksum of its own.
#include "hal/drivers/lumentree/safe_state.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/sim/wire/bench_inverter.h"
#include "hal/sim/wire/lumentree.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/transport/serial_port.h"

namespace abcds::lumentree {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// Delivers 600 W by itself, as after its AC has returned.
sim::ConverterOptions Inverter() {
  sim::ConverterOptions options;
  options.lowest = Watts(-600);
  options.dead_time = 150ms;
  options.start_delay = 300ms;
  options.ramp_up = WattsPerSecond(1200);
  options.ramp_down = WattsPerSecond(2500);
  options.readback_refresh = 200ms;
  options.power_on = Watts(-600);
  return options;
}

class SafeStateTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("TEST_TMPDIR");
    auto line = sim::ModbusLine::Open(
        {.link = std::string(folder != nullptr ? folder : "/tmp") + "/safe-state-" + std::to_string(getpid())});
    ASSERT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(1, inverter_);
    line_->Start();
    while (bench_.Output() > Watts(-590) && ++looks_ < 2000) SleepUntil(MonotonicNow() + 10ms);
    ASSERT_LE(bench_.Output(), Watts(-590));
  }

  absl::Status Command(Nanoseconds limit) {
    const MonotonicTime begin = MonotonicNow();
    const absl::Status status = CommandSafeState({.model = LumentreeModel::k600, .address = 1, .port_label = ""},
                                                 line_->path(), 9600, begin + limit);
    took_ = MonotonicNow() - begin;
    return status;
  }

  // Every setpoint that the inverter accepted was 0 W, and there was one.
  void ExpectOnlyZeros() {
    ASSERT_FALSE(bench_.Setpoints().empty());
    for (const Watts setpoint : bench_.Setpoints()) EXPECT_EQ(setpoint, Watts(0));
  }

  sim::BenchInverter bench_{Inverter()};
  sim::LumentreeInverter inverter_{bench_.Plant(), 600};
  std::unique_ptr<sim::ModbusLine> line_;
  Nanoseconds took_{0};
  int looks_ = 0;
};

TEST_F(SafeStateTest, ZeroIsTheFirstWordAndIsReadBack) {
  const absl::Status status = Command(20s);
  EXPECT_TRUE(status.ok()) << status;
  ExpectOnlyZeros();
  EXPECT_LT(Magnitude(bench_.Output()), Watts(20));
  EXPECT_EQ(line_->Exchanges().front().request[1], 0x10);
  EXPECT_EQ(line_->Exchanges().back().request[1], 0x03) << "confirmed by what the inverter reports";
}

TEST_F(SafeStateTest, InverterThatIsJustStartingIsNotTakenForResting) {
  bench_.RestartUnseen();
  const absl::Status status = Command(20s);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_LT(Magnitude(bench_.Output()), Watts(20));
}

TEST_F(SafeStateTest, SpoiltAnswersAreAskedForAgain) {
  line_->SetFaults({.corrupt_every = 2});
  const absl::Status status = Command(20s);
  EXPECT_TRUE(status.ok()) << status;
  ExpectOnlyZeros();
}

TEST_F(SafeStateTest, SilentInverterIsNotConfirmedAndTheTimeIsKept) {
  line_->SetFaults({.silent = true});
  const absl::Status status = Command(1200ms);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("no answer from unit 1"), absl::string_view::npos) << status;
  EXPECT_GE(took_, 1200ms);
  EXPECT_LT(took_, 2500ms);
  EXPECT_GE(line_->exchange_count(), 3u) << "tried again and again";
}

TEST_F(SafeStateTest, MuteInverterObeysWithoutConfirming) {
  line_->SetFaults({.mute = true});
  EXPECT_EQ(Command(1200ms).code(), absl::StatusCode::kUnavailable);
  ExpectOnlyZeros();
}

TEST_F(SafeStateTest, RefusalIsNotConfirmation) {
  line_->SetFaults({.exception = 4});
  const absl::Status status = Command(1200ms);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("refuses"), absl::string_view::npos) << status;
}

TEST_F(SafeStateTest, EchoIsNotConfirmation) {
  line_->SetFaults({.mute = true, .echo = true});
  EXPECT_FALSE(Command(1200ms).ok());
}

TEST_F(SafeStateTest, InverterThatGoesOnDeliveringIsNamed) {
  // Acknowledges, and is full on again right after.
  sim::LumentreePlant plant = bench_.Plant();
  plant.set_w = [](double) {};
  sim::LumentreeInverter deaf(plant, 600);
  line_->Stop();
  auto line = sim::ModbusLine::Open({});
  ASSERT_TRUE(line.ok());
  line_ = *std::move(line);
  line_->Attach(1, deaf);
  line_->Start();
  const absl::Status status = Command(2500ms);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_NE(status.message().find("was told 0 W and still delivers"), absl::string_view::npos) << status;
  line_->Stop();
}

TEST_F(SafeStateTest, AnotherOwnerIsLeftAlone) {
  const auto owner = OpenSerialPort({.port = line_->path()});
  ASSERT_TRUE(owner.ok()) << owner.status();
  EXPECT_EQ(Command(5s).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_LT(took_, 1s) << "at once: its owner commands it";
  EXPECT_EQ(line_->exchange_count(), 0u);
}

TEST_F(SafeStateTest, AnotherProgramIsWaitedFor) {
  FILE* const holder = popen(("exec flock " + line_->path() + " cat >/dev/null").c_str(), "we");
  ASSERT_NE(holder, nullptr);
  const auto taken = [this] { return !OpenSerialPort({.port = line_->path()}).ok(); };
  while (!taken() && ++looks_ < 4000) SleepUntil(MonotonicNow() + 10ms);
  ASSERT_TRUE(taken());
  const absl::Status held = Command(300ms);
  EXPECT_FALSE(held.ok());
  EXPECT_GE(took_, 300ms) << "it may be gone in a moment";
  EXPECT_NE(held.message().find(", flock)"), absl::string_view::npos) << held;
  pclose(holder);
  EXPECT_TRUE(Command(10s).ok());
  ExpectOnlyZeros();
}

TEST_F(SafeStateTest, MissingPortIsLookedForUntilTheEnd) {
  line_->Unplug();
  EXPECT_FALSE(Command(500ms).ok());
  EXPECT_GE(took_, 500ms);
}

}  // namespace
}  // namespace abcds::lumentree
