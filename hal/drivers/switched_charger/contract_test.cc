// A charger behind each kind of plug keeps the contract of all converters.
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "hal/api/converter_contract.h"
#include "hal/drivers/switched_charger/device.h"
#include "hal/drivers/switched_charger/plug_site.h"
#include "hal/sim/wire/http_server.h"
#include "hal/sim/wire/plug.h"

namespace abcds {
namespace {

using Kind = sim::Plug::Kind;

class PlugRig final : public ConverterRig {
 public:
  // Left on by a controller that has died.
  explicit PlugRig(sim::Plug::Options options) : site_(LeftOn(options)), converter_(site_.MakeCharger()) {}
  PowerConverter& converter() override { return *converter_; }
  std::vector<Watts> Setpoints() override {
    std::vector<Watts> setpoints;
    for (const bool on : site_.plug().Told()) setpoints.push_back(on ? max_charge() : Watts(0));
    return setpoints;
  }
  Watts Output() override { return site_.plug().Output(); }
  Watts max_charge() override { return site_.options.power; }
  Watts max_discharge() override { return Watts(0); }
  Watts some_power() override { return max_charge(); }
  bool SetSilent(bool silent) override {
    site_.plug().server().SetFault(sim::HttpServerFault::kSilent, silent);
    return true;
  }

 private:
  static sim::Plug::Options LeftOn(sim::Plug::Options options) {
    options.on = true;
    return options;
  }

  PlugSite site_;
  std::unique_ptr<SwitchedCharger> converter_;
};

std::unique_ptr<ConverterRig> Tasmota() {
  return std::make_unique<PlugRig>(sim::Plug::Options{.kind = Kind::kTasmota, .password = "geheim#12 &+%"});
}
std::unique_ptr<ConverterRig> Gen1() {
  return std::make_unique<PlugRig>(sim::Plug::Options{.kind = Kind::kShellyGen1, .password = "Sommer#24"});
}
std::unique_ptr<ConverterRig> Gen2() {
  return std::make_unique<PlugRig>(sim::Plug::Options{.kind = Kind::kShellyGen2, .password = "Sommer#24"});
}
std::unique_ptr<ConverterRig> SecondRelayWithoutMeter() {
  return std::make_unique<PlugRig>(
      sim::Plug::Options{.kind = Kind::kTasmota, .relay = 2, .password = {}, .meter = false});
}

INSTANTIATE_TEST_SUITE_P(Tasmota, ConverterContractTest, testing::Values(&Tasmota));
INSTANTIATE_TEST_SUITE_P(ShellyGen1, ConverterContractTest, testing::Values(&Gen1));
INSTANTIATE_TEST_SUITE_P(ShellyGen2, ConverterContractTest, testing::Values(&Gen2));
INSTANTIATE_TEST_SUITE_P(SecondRelayWithoutMeter, ConverterContractTest, testing::Values(&SecondRelayWithoutMeter));

}  // namespace
}  // namespace abcds
