// The Shelly keeps the contract of all meters, with and without a login.
#include <memory>

#include "gtest/gtest.h"
#include "hal/api/meter_contract.h"
#include "hal/drivers/shelly/device.h"
#include "hal/drivers/shelly/shelly_site.h"
#include "hal/sim/wire/http_server.h"

namespace abcds {
namespace {

class ShellyRig final : public MeterRig {
 public:
  explicit ShellyRig(const sim::ShellyMeterWire::Options& options) : site_(options), meter_(site_.MakeMeter()) {}
  GridMeter& meter() override { return *meter_; }
  void SetGridPower(Watts power) override { site_.SetPower(power); }
  Nanoseconds interval() override { return ShellySite::kInterval; }
  void SetSilent(bool silent) override { site_.wire().server().SetFault(sim::HttpServerFault::kSilent, silent); }

 private:
  ShellySite site_;
  std::unique_ptr<ShellyMeter> meter_;
};

std::unique_ptr<MeterRig> MakeOpenRig() { return std::make_unique<ShellyRig>(sim::ShellyMeterWire::Options{}); }
std::unique_ptr<MeterRig> MakeLoginRig() {
  return std::make_unique<ShellyRig>(
      sim::ShellyMeterWire::Options{.login = sim::HttpLogin::Kind::kBasic, .user = "admin", .password = "Sommer#24"});
}

INSTANTIATE_TEST_SUITE_P(Open, MeterContractTest, testing::Values(&MakeOpenRig));
INSTANTIATE_TEST_SUITE_P(Login, MeterContractTest, testing::Values(&MakeLoginRig));

}  // namespace
}  // namespace abcds
