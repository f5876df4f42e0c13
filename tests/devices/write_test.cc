// A power by hand: held, and taken back whatever happens.
#include <gmock/gmock.h>

#include <atomic>
#include <limits>
#include <thread>

#include "google/protobuf/util/time_util.h"
#include "tests/devices/bench.h"

namespace abcds {
namespace {

using google::protobuf::util::TimeUtil;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WriteTest : public DeviceBench {
 protected:
  v1::WriteDeviceRequest Power(double value, const std::string& type = "lumentree") {
    v1::WriteDeviceRequest request;
    *request.mutable_target() = At(type, modbus_->path());
    request.set_value_name("power_w");
    request.set_value(value);
    *request.mutable_hold() = TimeUtil::SecondsToDuration(1);
    return request;
  }

  bool Eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 2000; ++i) {
      if (holds()) return true;
      SleepUntil(MonotonicNow() + 5ms);
    }
    return false;
  }
};

TEST_F(WriteTest, PowerIsHeldVerifiedAndTakenBack) {
  Modbus({{1, &lumentree_}});
  const MonotonicTime begin = MonotonicNow();
  const auto response = desk_.Write(Power(-100), Never);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_GE(MonotonicNow() - begin, 1s);
  EXPECT_TRUE(response->verified());
  EXPECT_TRUE(response->stopped());
  EXPECT_EQ(response->written(), -100);
  EXPECT_THAT(response->text(), HasSubstr("100 W discharging"));
  EXPECT_THAT(response->text(), HasSubstr("told 0 W, and it rests"));
  EXPECT_THAT(bench_.Setpoints(), ElementsAre(Watts(-100), Watts(0)));
  EXPECT_LT(Magnitude(bench_.Output()), Watts(10));
}

TEST_F(WriteTest, TruckisOwnSetpointIsTheProof) {
  Modbus({{1, &trucki_}});
  const auto response = desk_.Write(Power(-200, "trucki"), Never);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->verified());
  EXPECT_EQ(response->read_back(), -200);
  EXPECT_EQ(trucki_.forbidden_writes(), 0);
}

TEST_F(WriteTest, KeptPowerStaysAndSaysHowToStopIt) {
  Modbus({{1, &lumentree_}});
  v1::WriteDeviceRequest request = Power(-100);
  request.clear_hold();
  request.set_keep(true);
  const auto response = desk_.Write(request, Never);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_FALSE(response->stopped());
  EXPECT_THAT(response->text(), HasSubstr("device write lumentree power_w 0 --port"));
  EXPECT_THAT(bench_.Setpoints(), ElementsAre(Watts(-100)));
  const auto stop = desk_.Write(Power(0), Never);
  ASSERT_TRUE(stop.ok()) << stop.status();
  EXPECT_TRUE(stop->stopped());
  EXPECT_TRUE(stop->verified());
}

TEST_F(WriteTest, CancelledMeansZeroAtOnce) {
  Modbus({{1, &lumentree_}});
  v1::WriteDeviceRequest request = Power(-300);
  *request.mutable_hold() = TimeUtil::SecondsToDuration(600);
  std::atomic<bool> cancelled{false};
  std::thread canceller([&] {
    EXPECT_TRUE(Eventually([&] { return bench_.Output() < Watts(-280); }));
    cancelled = true;
  });
  const auto response = desk_.Write(request, [&cancelled] { return cancelled.load(); });
  canceller.join();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->stopped());
  EXPECT_THAT(response->text(), HasSubstr("Interrupted"));
  EXPECT_EQ(bench_.Setpoints().back(), Watts(0));
}

TEST_F(WriteTest, DaemonThatStopsTakesItBack) {
  Modbus({{1, &lumentree_}});
  v1::WriteDeviceRequest request = Power(-300);
  *request.mutable_hold() = TimeUtil::SecondsToDuration(600);
  std::thread writer([&] { EXPECT_TRUE(desk_.Write(request, Never).ok()); });
  EXPECT_TRUE(Eventually([&] { return bench_.Output() < Watts(-280); }));
  EXPECT_FALSE(desk_.AwaitWrites(1ms));
  EXPECT_EQ(desk_.Write(Power(-100), Never).status().code(), absl::StatusCode::kResourceExhausted) << "one at a time";
  desk_.EndSoon();
  EXPECT_TRUE(desk_.AwaitWrites(10s));
  EXPECT_EQ(bench_.Setpoints().back(), Watts(0));
  writer.join();
  EXPECT_EQ(desk_.Write(Power(-100), Never).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(WriteTest, LineThatComesBackBringsTheZero) {
  Modbus({{1, &lumentree_}});
  std::thread plug([&] {
    EXPECT_TRUE(Eventually([&] { return bench_.Output() < Watts(-80); }));
    modbus_->Unplug();
    SleepUntil(MonotonicNow() + 1500ms);
    EXPECT_TRUE(modbus_->Plug().ok());
  });
  const auto response = desk_.Write(Power(-100), Never);
  plug.join();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->stopped());
  EXPECT_EQ(bench_.Setpoints().back(), Watts(0));
}

TEST_F(WriteTest, DeviceThatNeverShowedWhatItIsGetsNothing) {
  Modbus({{1, &lumentree_}}).SetFaults({.silent = true});
  EXPECT_EQ(desk_.Write(Power(-100), Never).status().code(), absl::StatusCode::kUnavailable);
  modbus_->SetFaults({});
  EXPECT_EQ(desk_.Write(Power(-100, "trucki"), Never).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(bench_.Setpoints(), IsEmpty());
  ExpectOnlyReads();
}

// Acknowledges, and does what it wants.
TEST_F(WriteTest, DeviceThatDoesNotFollowIsNotVerified) {
  sim::InverterPlant plant = bench_.Plant();
  plant.set_w = [](double) {};
  sim::LumentreeInverter deaf(plant, 600);
  Modbus({{1, &deaf}});
  const auto response = desk_.Write(Power(-100), Never);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_FALSE(response->verified());
  EXPECT_THAT(response->text(), HasSubstr("but it reports"));
  modbus_->Stop();
}

TEST_F(WriteTest, DeviceThatRunsOnAtTheEndIsAnError) {
  sim::InverterPlant plant = bench_.Plant();
  plant.set_w = [](double) {};
  plant.output_w = [] { return 100.0; };
  sim::LumentreeInverter deaf(plant, 600);
  Modbus({{1, &deaf}});
  const auto response = desk_.Write(Power(-100), Never);
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("still delivers 100 W"));
  modbus_->Stop();
}

// Never on a wire.
TEST_F(WriteTest, WrongValuesAreRefused) {
  Modbus({{1, &lumentree_}});
  for (const double value : {100.0, -601.0, -5.0, std::numeric_limits<double>::quiet_NaN(),
                             -std::numeric_limits<double>::infinity()}) {
    const auto response = desk_.Write(Power(value), Never);
    EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument) << value;
  }
  v1::WriteDeviceRequest request = Power(-100);
  request.set_value_name("power");
  EXPECT_THAT(std::string(desk_.Write(request, Never).status().message()), HasSubstr("only power_w"));
  request = Power(-100);
  request.clear_value();
  EXPECT_THAT(std::string(desk_.Write(request, Never).status().message()), HasSubstr("value is missing"));
  request = Power(-100);
  request.set_keep(true);
  EXPECT_THAT(std::string(desk_.Write(request, Never).status().message()), HasSubstr("only one can be"));
  request = Power(-100);
  *request.mutable_hold() = TimeUtil::SecondsToDuration(601);
  EXPECT_THAT(std::string(desk_.Write(request, Never).status().message()), HasSubstr("outside [1 s, 600 s]"));
  request = Power(-100);
  request.mutable_target()->mutable_location()->set_type("jk-bms");
  EXPECT_THAT(std::string(desk_.Write(request, Never).status().message()), HasSubstr("nothing that can be written"));
  EXPECT_EQ(modbus_->exchange_count(), 0u);
}

}  // namespace
}  // namespace abcds
