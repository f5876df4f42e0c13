#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"

namespace abcds {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

// Shared by all devices that talk to a broker: the `broker` block.
void CheckBroker(const v1::MqttBroker& broker, const Scope& scope) {
  using v1::MqttBroker;
  const std::string& host = broker.host();
  if (absl::StrContains(host, "://") || host.find_first_of("/ \t\"") != std::string::npos) {
    scope.Add(Field(broker, MqttBroker::kHostFieldNumber),
              absl::StrCat("= \"", host, "\" must be a plain host name or address; the port has its own field"));
  }
  if (broker.has_password() && broker.has_password_file()) {
    scope.Add(Field(broker, MqttBroker::kPasswordFileFieldNumber), "and password are both given; only one can be");
  }
  if ((broker.has_password() || broker.has_password_file()) && broker.user().empty()) {
    scope.Add(Field(broker, MqttBroker::kUserFieldNumber), "is missing: MQTT knows no password without a user");
  }
  if (broker.has_password_file() && !absl::StartsWith(broker.password_file(), "/")) {
    scope.Add(Field(broker, MqttBroker::kPasswordFileFieldNumber), "must be a full path");
  }
  if (!broker.has_tls()) return;
  const MqttBroker::Tls& tls = broker.tls();
  const Scope tls_scope = scope.Nested(Field(broker, MqttBroker::kTlsFieldNumber));
  if (tls.has_certificate_file() != tls.has_key_file()) {
    const int missing =
        tls.has_key_file() ? MqttBroker::Tls::kCertificateFileFieldNumber : MqttBroker::Tls::kKeyFileFieldNumber;
    tls_scope.Add(Field(tls, missing), "is missing: a client's certificate and its key come together");
  }
  for (const int number : {MqttBroker::Tls::kCaFileFieldNumber, MqttBroker::Tls::kCertificateFileFieldNumber,
                           MqttBroker::Tls::kKeyFileFieldNumber}) {
    if (!IsGiven(tls, number)) continue;
    const std::string path = tls.GetReflection()->GetString(tls, &Field(tls, number));
    if (!absl::StartsWith(path, "/")) tls_scope.Add(Field(tls, number), "must be a full path");
  }
  if (tls.insecure() && tls.has_ca_file()) {
    tls_scope.Add(Field(tls, MqttBroker::Tls::kInsecureFieldNumber),
                  "= true makes ca_file pointless: give one of them");
  }
}

}  // namespace

void CheckMeter(const v1::Config& config, const Scope& root) {
  if (!config.has_meter()) return;
  const v1::Meter& meter = config.meter();
  const Scope scope = root.Nested(Field(config, v1::Config::kMeterFieldNumber));
  // Any device with a broker has it in a field of this name.
  const SelectedDevice device = DeviceOf(meter);
  if (device.field != nullptr) {
    const FieldDescriptor* broker = device.options->GetDescriptor()->FindFieldByName("broker");
    if (broker != nullptr) {
      const Scope device_scope = scope.Nested(*device.field);
      if (device.options->GetReflection()->HasField(*device.options, broker)) {
        CheckBroker(
            static_cast<const v1::MqttBroker&>(device.options->GetReflection()->GetMessage(*device.options, broker)),
            device_scope.Nested(*broker));
      } else if (!device_scope.IsUnreadable(*broker)) {
        device_scope.Add(*broker, "is missing: host and port of the MQTT broker");
      }
    }
  }
  // What the meter shows is the house and our own power: it must be able to show both.
  const double plausible = NumberInForce(meter, v1::Meter::kPlausibleWFieldNumber);
  const double target = NumberInForce(config.regulation(), v1::Regulation::kTargetWFieldNumber);
  if (target > plausible || target < -plausible) {
    root.Nested(Field(config, v1::Config::kRegulationFieldNumber))
        .Add(Field(config.regulation(), v1::Regulation::kTargetWFieldNumber),
             absl::StrCat("= ", FormatNumber(target), " is beyond meter.plausible_w = ± ", FormatNumber(plausible),
                          ": the meter's values there would be refused"));
  }
}

}  // namespace abcds
