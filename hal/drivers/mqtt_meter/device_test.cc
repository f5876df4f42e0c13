// The meter against a real mosquitto and a publisher on its other side.
#include "hal/drivers/mqtt_meter/device.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "hal/drivers/mqtt_meter/mqtt_site.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/mqtt_meter.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Fault = sim::MqttMeterWire::Fault;

bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = seconds(20)) {
  const MonotonicTime deadline = MonotonicNow() + patience;
  while (!holds()) {
    if (MonotonicNow() >= deadline) return false;
    SleepUntil(MonotonicNow() + milliseconds(1));
  }
  return true;
}

TEST(MqttMeter, ComesBackAfterABrokerRestartWithoutUsingTheStoredCopy) {
  MqttSite site;
  site.SetPower(Watts(100));
  const std::unique_ptr<MqttMeter> meter = site.MakeMeter();
  meter->Start();
  ASSERT_TRUE(Eventually([&] { return meter->Latest().lifecycle == Lifecycle::kActive; }));
  site.broker().Stop();
  ASSERT_TRUE(Eventually([&] { return meter->Latest().lifecycle == Lifecycle::kConnecting; }));
  EXPECT_NE(meter->Details().trouble, "");
  site.SetPower(Watts(200));
  ASSERT_TRUE(site.broker().Start().ok());
  ASSERT_TRUE(Eventually(
      [&] { return meter->Latest().lifecycle == Lifecycle::kActive && meter->Latest().power.value == Watts(200); }));
  EXPECT_EQ(meter->Details().trouble, "");
  EXPECT_EQ(meter->Details().counters.at("connects"), 2u);
}

TEST(MqttMeter, ARetainedCopyAtConnectIsOnlyShown) {
  MqttSite site;
  site.SetFault(Fault::kSilent, true);
  site.With([](sim::MqttMeterWire& wire) { wire.SendRaw("412", /*retain=*/true); });
  // Once the broker has it, which another meter sees: live, or as a copy already.
  const std::unique_ptr<MqttMeter> witness = site.MakeMeter();
  witness->Start();
  ASSERT_TRUE(Eventually([&] {
    const auto counters = witness->Details().counters;
    return counters.at("messages") + counters.at("retained") > 0;
  }));
  const std::unique_ptr<MqttMeter> meter = site.MakeMeter();
  meter->Start();
  ASSERT_TRUE(Eventually([&] { return meter->Details().counters.at("retained") == 1; }));
  EXPECT_FALSE(meter->Latest().power.valid);
  EXPECT_EQ(meter->Latest().lifecycle, Lifecycle::kInactive);
  EXPECT_DOUBLE_EQ(meter->Details().readings.at("retained_power_w"), 412);
}

TEST(MqttMeter, GarbageHasNoEffectAndIsNamed) {
  MqttSite site;
  site.SetPower(Watts(55));
  const std::unique_ptr<MqttMeter> meter = site.MakeMeter();
  meter->Start();
  ASSERT_TRUE(Eventually([&] { return meter->Latest().lifecycle == Lifecycle::kActive; }));
  site.SetFault(Fault::kGarbage, true);
  ASSERT_TRUE(Eventually([&] { return meter->Details().counters.at("refused_decimal_comma") > 0; }));
  EXPECT_EQ(meter->Latest().power.value, Watts(55));
  EXPECT_NE(meter->Details().trouble.find("was refused"), std::string::npos) << meter->Details().trouble;
  site.SetFault(Fault::kGarbage, false);
  ASSERT_TRUE(Eventually([&] { return meter->Details().trouble.empty(); }));
}

TEST(MqttMeter, ABurstOfOldValuesEndsTrust) {
  MqttSite site;
  site.SetPower(Watts(55));
  const std::unique_ptr<MqttMeter> meter = site.MakeMeter();
  meter->Start();
  ASSERT_TRUE(Eventually([&] { return meter->Latest().sequence >= 10; }));
  site.With([](sim::MqttMeterWire& wire) { wire.Replay(10); });
  ASSERT_TRUE(Eventually([&] { return meter->Details().counters.at("trust_lost") == 1; }));
  EXPECT_TRUE(Eventually([&] { return meter->Latest().lifecycle == Lifecycle::kActive; }));
}

TEST(MqttMeter, ArrivesWithinMilliseconds) {
  MqttSite site;
  site.SetFault(Fault::kSilent, true);
  const std::unique_ptr<MqttMeter> meter = site.MakeMeter();
  meter->Start();
  ASSERT_TRUE(Eventually([&] { return meter->Latest().lifecycle == Lifecycle::kInactive; }));
  Nanoseconds fastest = seconds(1);
  for (int i = 0; i < 20; ++i) {
    const uint64_t before = meter->Latest().sequence;
    const MonotonicTime sent_at = MonotonicNow();
    site.With([&](sim::MqttMeterWire& wire) { wire.SendRaw(std::to_string(i)); });
    ASSERT_TRUE(Eventually([&] { return meter->Latest().sequence == before + 1; }));
    fastest = std::min(fastest, meter->Latest().power.taken_at - sent_at);
  }
  // A polling interval anywhere on the way would show; one good run out of twenty is enough on a busy machine.
  EXPECT_LT(fastest, milliseconds(20));
  RecordProperty("fastest_us", static_cast<int>(fastest.count() / 1000));
}

struct BadOptions {
  const char* name;
  std::function<void(MqttMeterOptions&)> spoil;
  const char* message;
};

class MqttMeterOptionsTest : public testing::TestWithParam<BadOptions> {};

TEST_P(MqttMeterOptionsTest, AreRefusedWithTheFieldsName) {
  MqttMeterOptions options;
  options.broker.host = "localhost";
  options.topic = "grid/power";
  ASSERT_TRUE(MqttMeter::Create(options).ok());
  GetParam().spoil(options);
  const auto meter = MqttMeter::Create(options);
  ASSERT_FALSE(meter.ok());
  EXPECT_EQ(std::string(meter.status().message()).rfind(GetParam().message, 0), 0u) << meter.status();
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Options, MqttMeterOptionsTest, testing::Values(
    BadOptions{"NoHost",     [](MqttMeterOptions& o) { o.broker.host = ""; },       "broker.host: "},
    BadOptions{"NoTopic",    [](MqttMeterOptions& o) { o.topic = ""; },             "topic: "},
    BadOptions{"Wildcard",   [](MqttMeterOptions& o) { o.topic = "tele/+/SENSOR"; }, "topic: "},
    BadOptions{"NoInterval", [](MqttMeterOptions& o) { o.interval = {}; },          "interval_s: "},
    BadOptions{"BadPath",    [](MqttMeterOptions& o) { o.json_path = "a["; },       "json_path: "}),
    [](const auto& info) { return info.param.name; });
// clang-format on

}  // namespace
}  // namespace abcds
