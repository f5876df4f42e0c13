// What the contract does not say, seen at the plug.
#include "hal/drivers/switched_charger/device.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "hal/drivers/switched_charger/plug_site.h"
#include "hal/sim/wire/http_server.h"
#include "hal/sim/wire/plug.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = sim::Plug::Kind;
using Fault = sim::Plug::Fault;
using ServerFault = sim::HttpServerFault;

class SwitchedChargerTest : public testing::Test {
 protected:
  // The kind with the most exchanges: a login of two rounds, and a state that is asked for after each order.
  explicit SwitchedChargerTest(Kind kind = Kind::kShellyGen2)
      : site_({.kind = kind, .password = "Sommer#24"}), charger_(site_.MakeCharger()) {}

  // Heals the plug, so that the driver's last act is done at once; that it is not, is a test of its own.
  void TearDown() override {
    for (int i = 0; i < static_cast<int>(Fault::kCount); ++i) site_.plug().SetFault(static_cast<Fault>(i), false);
    site_.plug().server().SetFault(ServerFault::kRefuse, false);
    site_.plug().server().SetFault(ServerFault::kSilent, false);
  }

  bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = seconds(15)) {
    const MonotonicTime deadline = MonotonicNow() + patience;
    while (!holds()) {
      if (MonotonicNow() >= deadline) return false;
      charger_->Command({.power = power_, .expires_at = MonotonicNow() + seconds(1)});
      SleepUntil(MonotonicNow() + milliseconds(1));
    }
    return true;
  }
  bool Is(Lifecycle lifecycle) {
    return Eventually([&] { return charger_->Latest().lifecycle == lifecycle; });
  }
  bool Flows(Watts power) {
    return Eventually([&] { return site_.plug().Output() == power && charger_->Latest().power.value == power; });
  }
  bool TroubleSays(const std::string& words) {
    return Eventually([&] { return charger_->Details().trouble.find(words) != std::string::npos; });
  }

  PlugSite site_;
  std::unique_ptr<SwitchedCharger> charger_;
  Watts power_{600};  // commanded all the time
};

// What a plug's own words decide.
class KindOfPlugTest : public SwitchedChargerTest, public testing::WithParamInterface<Kind> {
 protected:
  KindOfPlugTest() : SwitchedChargerTest(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Kinds, KindOfPlugTest, testing::Values(Kind::kTasmota, Kind::kShellyGen1, Kind::kShellyGen2),
                         [](const auto& info) {
                           return info.param == Kind::kTasmota      ? "Tasmota"
                                  : info.param == Kind::kShellyGen1 ? "ShellyGen1"
                                                                    : "ShellyGen2";
                         });

TEST_P(KindOfPlugTest, HandAtThePlugIsPutRight) {
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  power_ = Watts(0);
  ASSERT_TRUE(Flows(Watts(0)));
  site_.plug().PressButton();
  ASSERT_TRUE(site_.plug().on());
  EXPECT_TRUE(Eventually([&] { return !site_.plug().on(); }));
  EXPECT_TRUE(TroubleSays("switched on by somebody"));
}

TEST_P(KindOfPlugTest, PlugWithoutADaemonSwitchesItselfOff) {
  const Nanoseconds auto_off = seconds(2);
  site_.options.auto_off = auto_off;
  charger_ = site_.MakeCharger();
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  EXPECT_EQ(site_.plug().auto_off(), auto_off);
  // Well beyond that time: it is wound up again.
  const MonotonicTime until = MonotonicNow() + auto_off + seconds(1);
  EXPECT_FALSE(Eventually([&] { return !site_.plug().on(); }, until - MonotonicNow()));
  EXPECT_EQ(site_.plug().clicks(), 1);
  // The wire is dead for us, but not for the charger.
  site_.plug().server().SetFault(ServerFault::kRefuse, true);
  EXPECT_TRUE(Eventually([&] { return !site_.plug().on(); }));
}

TEST_F(SwitchedChargerTest, ComesBackThroughOff) {
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  site_.plug().server().SetFault(ServerFault::kRefuse, true);
  ASSERT_TRUE(Is(Lifecycle::kConnecting));
  EXPECT_TRUE(TroubleSays("takes no connection")) << charger_->Details().trouble;
  const size_t before = site_.plug().Told().size();
  site_.plug().server().SetFault(ServerFault::kRefuse, false);
  ASSERT_TRUE(Eventually([&] { return site_.plug().Told().size() > before; }));
  EXPECT_FALSE(site_.plug().Told()[before]);
  EXPECT_TRUE(Flows(Watts(600)));
  EXPECT_TRUE(Eventually([&] { return charger_->Details().trouble.empty(); }));
}

TEST_F(SwitchedChargerTest, OffDoesNotWaitForALookThatHangs) {
  site_.options.answers_within = seconds(30);
  charger_ = site_.MakeCharger();
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  site_.plug().server().SetFault(ServerFault::kSilent, true);
  const size_t asked = site_.plug().server().Log().size();
  ASSERT_TRUE(Eventually([&] { return site_.plug().server().Log().size() > asked; }));
  site_.plug().server().SetFault(ServerFault::kSilent, false);
  power_ = Watts(0);
  EXPECT_TRUE(Eventually([&] { return !site_.plug().on(); }, seconds(10)));
}

TEST_F(SwitchedChargerTest, LivesWithBadServers) {
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  for (const ServerFault form : {ServerFault::kChunked, ServerFault::kNoLength, ServerFault::kResetAfter}) {
    site_.plug().server().SetFault(form, true);
    for (const Watts power : {Watts(0), Watts(600)}) {
      power_ = power;
      ASSERT_TRUE(Flows(power)) << static_cast<int>(form);
    }
    site_.plug().server().SetFault(form, false);
  }
}

TEST_P(KindOfPlugTest, WrongDocumentsAreNamed) {
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  for (const Fault fault : {Fault::kEmpty, Fault::kHtml, Fault::kTruncated}) {
    site_.plug().SetFault(fault, true);
    ASSERT_TRUE(TroubleSays("which is not what a")) << static_cast<int>(fault);
    ASSERT_TRUE(Is(Lifecycle::kFaulty));
    EXPECT_TRUE(Eventually([&] { return !site_.plug().on(); })) << "it is told off, and hears it";
    site_.plug().SetFault(fault, false);
    ASSERT_TRUE(Flows(Watts(600)));
  }
}

TEST_P(KindOfPlugTest, TrippedPlugIsFaulty) {
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  site_.plug().SetFault(Fault::kTripped, true);
  ASSERT_TRUE(Is(Lifecycle::kFaulty));
  EXPECT_TRUE(TroubleSays("again in a minute"));
}

TEST_F(SwitchedChargerTest, RelayThatDoesNotOpenIsFaulty) {
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  site_.plug().SetFault(Fault::kWelded, true);
  power_ = Watts(0);
  ASSERT_TRUE(TroubleSays("stays on although"));
  EXPECT_EQ(charger_->Latest().lifecycle, Lifecycle::kFaulty);
  site_.plug().SetFault(Fault::kWelded, false);
  EXPECT_TRUE(Flows(Watts(0)));
  EXPECT_TRUE(Is(Lifecycle::kActive));
}

TEST_F(SwitchedChargerTest, PlugThatSaysYesAndDoesNothingIsFound) {
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  site_.plug().SetFault(Fault::kDeaf, true);
  power_ = Watts(0);
  EXPECT_TRUE(TroubleSays("stays on although"));
}

TEST_P(KindOfPlugTest, MeasuredPowerBecomesTheStep) {
  site_.plug().SetPower(Watts(652));
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(652)));
  EXPECT_TRUE(Eventually([&] {
    const ConverterState state = charger_->Latest();
    return state.max_charge == Watts(652) && state.min_charge == Watts(652);
  }));
}

TEST_F(SwitchedChargerTest, StopEndsInTimeWhenNobodyAnswers) {
  charger_->Start();
  ASSERT_TRUE(Is(Lifecycle::kActive));
  site_.plug().server().SetFault(ServerFault::kSilent, true);
  const MonotonicTime stopped_at = MonotonicNow();
  charger_->Stop();
  EXPECT_GE(MonotonicNow() - stopped_at, milliseconds(1900));
  EXPECT_LE(MonotonicNow() - stopped_at, seconds(4));
}

TEST_P(KindOfPlugTest, WrongPasswordIsNamedAndNotRepeatedInAnyText) {
  site_.options.server.password = "hunter2";
  charger_ = site_.MakeCharger();
  charger_->Start();
  ASSERT_TRUE(TroubleSays("refuses user name or password"));
  const DeviceDetails details = charger_->Details();
  EXPECT_EQ(details.trouble.find("hunter2"), std::string::npos);
  for (const auto& [name, value] : details.identity) EXPECT_EQ(value.find("hunter2"), std::string::npos) << name;
  EXPECT_TRUE(site_.plug().Told().empty());
}

TEST_F(SwitchedChargerTest, PlugHasOneOwner) {
  charger_->Start();
  ASSERT_TRUE(Flows(Watts(600)));
  const size_t told = site_.plug().Told().size();
  const auto second = site_.MakeCharger();
  second->Start();
  ASSERT_TRUE(Eventually([&] { return second->Latest().lifecycle == Lifecycle::kFaulty; }));
  EXPECT_NE(second->Details().trouble.find("is already used by"), std::string::npos) << second->Details().trouble;
  EXPECT_EQ(second->Details().counters.at("requests"), 0u);
  EXPECT_EQ(site_.plug().Told().size(), told);
  EXPECT_TRUE(site_.plug().on());
  second->Stop();
  charger_->Stop();
  const auto third = site_.MakeCharger();
  third->Start();
  EXPECT_TRUE(Eventually([&] { return third->Latest().lifecycle == Lifecycle::kActive; })) << "its owner has gone";
}

TEST(SwitchedCharger, PlaceIsOneHoweverItIsWritten) {
  using switched_charger::PlaceOf;
  EXPECT_EQ(PlaceOf("Plug.Lan.", 80, 1), PlaceOf("plug.lan", 80, 1));
  EXPECT_EQ(PlaceOf("[FE80::1]", 80, 1), PlaceOf("fe80::1", 80, 1));
  EXPECT_NE(PlaceOf("plug", 80, 1), PlaceOf("plug", 80, 2));
  EXPECT_NE(PlaceOf("plug", 80, 1), PlaceOf("plug", 8080, 1));
}

TEST(SwitchedCharger, OldTasmotaRefusesALoginWithStatus200) {
  PlugSite site({.kind = Kind::kTasmota, .password = "Sommer#24", .old_firmware = true});
  site.options.server.password = "hunter2";
  const auto charger = site.MakeCharger();
  charger->Start();
  const MonotonicTime deadline = MonotonicNow() + seconds(15);
  while (charger->Latest().lifecycle != Lifecycle::kFaulty && MonotonicNow() < deadline) {
    SleepUntil(MonotonicNow() + milliseconds(1));
  }
  EXPECT_EQ(charger->Latest().lifecycle, Lifecycle::kFaulty);
  EXPECT_GE(charger->Details().counters.at("failed_auth"), 1u);
}

TEST(SwitchedCharger, StaleNonceCostsNothing) {
  PlugSite site({.kind = Kind::kShellyGen2, .password = "Sommer#24"});
  const auto charger = site.MakeCharger();
  charger->Start();
  const auto requests = [&] { return charger->Details().counters.at("replies"); };
  for (int i = 0; i < 3; ++i) {
    const uint64_t before = requests();
    const MonotonicTime deadline = MonotonicNow() + seconds(15);
    while (requests() < before + 2 && MonotonicNow() < deadline) SleepUntil(MonotonicNow() + milliseconds(1));
    ASSERT_GE(requests(), before + 2);
    site.plug().ExpireNonce();
  }
  EXPECT_EQ(charger->Details().counters.at("failed_auth"), 0u);
}

TEST(SwitchedCharger, BadOptionsAreRefusedWithTheFieldsName) {
  SwitchedChargerOptions options;
  EXPECT_EQ(SwitchedCharger::Create(options).status().message(), "server.host: is missing");
  options.server.host = "plug";
  EXPECT_EQ(SwitchedCharger::Create(options).status().message(), "power_w: must be above 0, or learned");
  options.power = Watts(600);
  EXPECT_TRUE(SwitchedCharger::Create(options).ok());
  options.relay = 0;
  EXPECT_FALSE(SwitchedCharger::Create(options).ok());
}

}  // namespace
}  // namespace abcds
