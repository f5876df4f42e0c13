// The meter against a simulated device on loopback HTTP.
#include "hal/drivers/shelly/device.h"

#include <functional>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "hal/drivers/shelly/shelly_site.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/http_server.h"
#include "hal/sim/wire/shelly.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Fault = sim::ShellyMeterWire::Fault;
using ServerFault = sim::HttpServerFault;

bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = seconds(20)) {
  const MonotonicTime deadline = MonotonicNow() + patience;
  while (!holds()) {
    if (MonotonicNow() >= deadline) return false;
    SleepUntil(MonotonicNow() + milliseconds(1));
  }
  return true;
}

bool Active(ShellyMeter& meter) { return meter.Latest().lifecycle == Lifecycle::kActive; }

struct Document {
  const char* name;
  Fault fault;
  const char* counter;
};

class DocumentTest : public testing::TestWithParam<Document> {};

TEST_P(DocumentTest, WithAFaultHasNoEffectAndIsNamed) {
  ShellySite site;
  site.SetPower(Watts(55));
  const std::unique_ptr<ShellyMeter> meter = site.MakeMeter();
  meter->Start();
  ASSERT_TRUE(Eventually([&] { return Active(*meter); }));
  site.wire().SetFault(GetParam().fault, true);
  ASSERT_TRUE(Eventually([&] { return meter->Details().counters.at(GetParam().counter) >= 2; }));
  EXPECT_TRUE(Eventually([&] { return !meter->Details().trouble.empty(); }));
  EXPECT_EQ(meter->Latest().power.value, Watts(55));
  site.wire().SetFault(GetParam().fault, false);
  EXPECT_TRUE(Eventually([&] { return Active(*meter) && meter->Details().trouble.empty(); }));
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Documents, DocumentTest, testing::Values(
    Document{"Empty",        Fault::kEmpty,        "refused_empty"},
    Document{"Html",         Fault::kHtml,         "refused_html"},
    Document{"Truncated",    Fault::kTruncated,    "refused_malformed"},
    Document{"Trailing",     Fault::kTrailing,     "refused_malformed"},
    Document{"Deep",         Fault::kDeep,         "refused_too_deep"},
    Document{"Huge",         Fault::kHuge,         "failed_too_large"},
    Document{"Null",         Fault::kNull,         "refused_no_value"},
    Document{"Nan",          Fault::kNan,          "refused_malformed"},
    Document{"Text",         Fault::kText,         "refused_no_value"},
    Document{"WrongType",    Fault::kWrongType,    "refused_wrong_type"},
    Document{"Missing",      Fault::kMissing,      "refused_missing"},
    Document{"PhaseMissing", Fault::kPhaseMissing, "refused_missing"},
    Document{"Invalid",      Fault::kInvalid,      "refused_no_value"},
    Document{"Implausible",  Fault::kImplausible,  "refused_implausible"},
    Document{"Dead",         Fault::kDead,         "repeated"}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(ShellyMeter, ReadsOldFirmwareWithoutClock) {
  ShellySite site;
  site.wire().SetFault(Fault::kNoTotal, true);
  site.wire().SetFault(Fault::kNoClock, true);
  site.SetPower(Watts(-730));
  const std::unique_ptr<ShellyMeter> meter = site.MakeMeter();
  meter->Start();
  EXPECT_TRUE(
      Eventually([&] { return Active(*meter) && Magnitude(meter->Latest().power.value - Watts(-730)) < Watts(0.1); }));
}

TEST(ShellyMeter, ComesBackWhenTheDeviceIsGoneForAWhile) {
  ShellySite site;
  site.SetPower(Watts(100));
  const std::unique_ptr<ShellyMeter> meter = site.MakeMeter();
  meter->Start();
  ASSERT_TRUE(Eventually([&] { return Active(*meter); }));
  site.wire().server().SetFault(ServerFault::kRefuse, true);
  ASSERT_TRUE(Eventually([&] { return meter->Latest().lifecycle == Lifecycle::kConnecting; }));
  EXPECT_TRUE(Eventually([&] { return meter->Details().trouble.find("takes no connection") != std::string::npos; }))
      << meter->Details().trouble;
  site.SetPower(Watts(200));
  site.wire().server().SetFault(ServerFault::kRefuse, false);
  ASSERT_TRUE(Eventually([&] { return Active(*meter) && meter->Latest().power.value == Watts(200); }));
  EXPECT_TRUE(Eventually([&] { return meter->Details().trouble.empty(); }));
  EXPECT_EQ(site.wire().server().most_open(), 1);
}

TEST(ShellyMeter, AWrongPasswordIsNamedAndNotRepeatedInAnyText) {
  ShellySite site({.login = sim::HttpLogin::Kind::kBasic, .user = "admin", .password = "Sommer#24"});
  ShellyOptions options;
  options.server.host = "127.0.0.1";
  options.server.port = site.wire().port();
  options.server.user = "admin";
  options.server.password = "hunter2";
  const auto meter = ShellyMeter::Create(options);
  ASSERT_TRUE(meter.ok());
  (*meter)->Start();
  ASSERT_TRUE(Eventually([&] { return (*meter)->Details().counters.at("failed_auth") == 2; }));
  const DeviceDetails details = (*meter)->Details();
  EXPECT_NE(details.trouble.find("refuses user name or password"), std::string::npos);
  EXPECT_EQ(details.trouble.find("hunter2"), std::string::npos);
  for (const auto& [name, value] : details.identity) EXPECT_EQ(value.find("hunter2"), std::string::npos) << name;
  EXPECT_EQ((*meter)->Latest().lifecycle, Lifecycle::kInactive);
}

TEST(ShellyMeter, AnotherModelIsFaulty) {
  ShellySite site;
  site.wire().SetFault(Fault::kOtherModel, true);
  const std::unique_ptr<ShellyMeter> meter = site.MakeMeter();
  meter->Start();
  EXPECT_TRUE(Eventually([&] { return meter->Latest().lifecycle == Lifecycle::kFaulty; }));
  EXPECT_FALSE(meter->Latest().power.valid);
}

TEST(ShellyMeter, BadOptionsAreRefusedWithTheFieldsName) {
  ShellyOptions options;
  EXPECT_EQ(ShellyMeter::Create(options).status().message(), "server.host: is missing");
  options.server.host = "meter";
  EXPECT_TRUE(ShellyMeter::Create(options).ok());
  options.interval = Nanoseconds(0);
  EXPECT_FALSE(ShellyMeter::Create(options).ok());
  options.interval = seconds(1);
  options.model = "shelly-9em";
  EXPECT_FALSE(ShellyMeter::Create(options).ok());
}

}  // namespace
}  // namespace abcds
