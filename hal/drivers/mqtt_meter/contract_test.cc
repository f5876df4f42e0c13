// The MQTT meter keeps the contract of all meters, for both kinds of payload.
#include <memory>

#include "gtest/gtest.h"
#include "hal/api/meter_contract.h"
#include "hal/drivers/mqtt_meter/device.h"
#include "hal/drivers/mqtt_meter/mqtt_site.h"

namespace abcds {
namespace {

using Fault = sim::MqttMeterWire::Fault;

class MqttRig final : public MeterRig {
 public:
  explicit MqttRig(sim::MqttMeterWire::Format format) : site_(format), meter_(site_.MakeMeter()) {}
  GridMeter& meter() override { return *meter_; }
  void SetGridPower(Watts power) override { site_.SetPower(power); }
  Nanoseconds interval() override { return MqttSite::kInterval; }
  void SetSilent(bool silent) override { site_.SetFault(Fault::kSilent, silent); }

 private:
  MqttSite site_;
  std::unique_ptr<MqttMeter> meter_;
};

std::unique_ptr<MeterRig> MakeNumberRig() { return std::make_unique<MqttRig>(sim::MqttMeterWire::Format::kNumber); }
std::unique_ptr<MeterRig> MakeJsonRig() { return std::make_unique<MqttRig>(sim::MqttMeterWire::Format::kJson); }

INSTANTIATE_TEST_SUITE_P(Number, MeterContractTest, testing::Values(&MakeNumberRig));
INSTANTIATE_TEST_SUITE_P(Json, MeterContractTest, testing::Values(&MakeJsonRig));

}  // namespace
}  // namespace abcds
