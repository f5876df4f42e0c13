#include "hal/sim/wire/shelly.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace abcds::sim {
namespace {

constexpr double kSharePhase1 = 0.5;
constexpr double kSharePhase2 = 0.3;

}  // namespace

ShellyMeterWire::ShellyMeterWire(const Options& options)
    : options_(options),
      login_(options.login, options.user, options.password),
      server_([this](const HttpAsked& asked) { return Serve(asked); }) {}

void ShellyMeterWire::Measure(Watts power) {
  const std::lock_guard lock(mutex_);
  if (!Has(Fault::kDead)) ++unixtime_s_;
  if (Has(Fault::kFrozen) || Has(Fault::kDead)) return;
  power_w_ = power.value();
  ++measurements_;
}

void ShellyMeterWire::SetFault(Fault fault, bool present) {
  const std::lock_guard lock(mutex_);
  faults_.at(static_cast<size_t>(fault)) = present;
}

void ShellyMeterWire::SetStatus(int status, const std::string& headers) {
  const std::lock_guard lock(mutex_);
  status_ = status;
  status_headers_ = headers;
}

void ShellyMeterWire::ExpireNonce() {
  const std::lock_guard lock(mutex_);
  login_.Expire();
}

HttpServed ShellyMeterWire::Serve(const HttpAsked& asked) {
  const std::lock_guard lock(mutex_);
  // Which device it is, anybody may ask.
  if (asked.target == "/shelly") return {.headers = {}, .body = Identity()};
  if (!login_.Accepts(asked.authorization, asked.method, asked.target)) {
    const std::string challenge = login_.Challenge();
    return {.status = 401,
            .headers = challenge.empty() ? "" : absl::StrCat("WWW-Authenticate: ", challenge, "\r\n"),
            .body = "401 Unauthorized"};
  }
  if (asked.target != "/status") return {.status = 404, .headers = {}, .body = "Not Found"};
  if (status_ != 0) return {.status = status_, .headers = status_headers_, .body = "{\"error\":\"simulated\"}"};
  return {.headers = {}, .body = StatusBody()};
}

std::string ShellyMeterWire::Identity() const {
  const bool em = Has(Fault::kOtherModel);
  return absl::StrCat(R"({"type":")", em ? "SHEM" : "SHEM-3", R"(","mac":"A8032AB1C2D3","auth":)",
                      options_.login == HttpLogin::Kind::kNone ? "false" : "true",
                      R"(,"fw":"20230913-114244/v1.14.0-gcb84623","discoverable":false,"longid":1,"num_outputs":1,)",
                      R"("num_meters":0,"num_emeters":)", em ? 2 : 3, R"(,"report_period":1})");
}

std::string ShellyMeterWire::PowerText(double share) const {
  if (Has(Fault::kNull)) return "null";
  if (Has(Fault::kNan)) return "NaN";
  if (Has(Fault::kText)) return "\"offline\"";
  if (Has(Fault::kWrongType)) return "true";
  if (Has(Fault::kImplausible)) return "-2147483648";
  const double sign = Has(Fault::kFlipped) ? -1.0 : 1.0;
  return Has(Fault::kKilowatts) ? absl::StrFormat("%.5f", sign * power_w_ * share * 1e-3)
                                : absl::StrFormat("%.2f", sign * power_w_ * share);
}

std::string ShellyMeterWire::StatusBody() const {
  if (Has(Fault::kEmpty)) return "";
  if (Has(Fault::kHtml)) return "<!DOCTYPE html><html><body><form>Login</form></body></html>";
  if (Has(Fault::kDeep)) return std::string(10'000, '[');
  if (Has(Fault::kHuge)) return std::string(5'000'000, ' ');
  const double shares[] = {kSharePhase1, kSharePhase2, 1 - kSharePhase1 - kSharePhase2};
  std::string phases;
  for (size_t i = 0; i < (Has(Fault::kPhaseMissing) ? 2 : 3); ++i) {
    // A meter's voltage never stands quite still.
    const double voltage_v = 234.2 + 0.4 * static_cast<double>(i) + 0.01 * static_cast<double>(measurements_ % 17);
    absl::StrAppend(&phases, phases.empty() ? "{" : ",{");
    if (!Has(Fault::kMissing)) absl::StrAppend(&phases, "\"power\":", PowerText(shares[i]), ",");
    absl::StrAppendFormat(
        &phases, R"("pf":0.93,"current":%.2f,"voltage":%.2f,"is_valid":%s,"total":%.1f,"total_returned":55.1})",
        std::abs(power_w_ * shares[i]) / voltage_v, voltage_v, Has(Fault::kInvalid) && i == 1 ? "false" : "true",
        402118.4 + 0.1 * static_cast<double>(measurements_));
  }
  std::string total;
  if (!Has(Fault::kNoTotal) && !Has(Fault::kMissing)) total = absl::StrCat("\"total_power\":", PowerText(1), ",");
  std::string body = absl::StrCat(
      R"({"wifi_sta":{"connected":true,"ssid":"home","ip":"192.168.1.57","rssi":-61},"cloud":{"enabled":false,)",
      R"("connected":false},"mqtt":{"connected":false},"time":"14:07","unixtime":)",
      Has(Fault::kNoClock) ? 0 : unixtime_s_,
      R"(,"serial":8121,"has_update":false,"mac":"A8032AB1C2D3","relays":[{"ison":false,"has_timer":false,)",
      R"("overpower":false,"is_valid":true,"source":"input"}],"emeters":[)", phases, "],", total,
      R"("emeter_n":{"current":0.00,"ixsum":1.02,"mismatch":false,"is_valid":false},"fs_mounted":true,"v_data":1,)",
      R"("ct_calst":0,"ram_total":49440,"ram_free":30260,"fs_size":233681,"fs_free":155118,"uptime":)",
      771204 + (unixtime_s_ - 1'750'161'234), "}");
  if (Has(Fault::kTruncated)) body.resize(body.size() / 2);
  if (Has(Fault::kTrailing)) body += "}{";
  return body;
}

}  // namespace abcds::sim
