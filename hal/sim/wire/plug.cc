#include "hal/sim/wire/plug.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "hal/rt/clock.h"

namespace abcds::sim {
namespace {

std::string PercentDecoded(const std::string& text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded.push_back(static_cast<char>(std::strtol(text.substr(i + 1, 2).c_str(), nullptr, 16)));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

std::map<std::string, std::string> QueryOf(const std::string& text) {
  std::map<std::string, std::string> query;
  const std::vector<std::string> pairs = absl::StrSplit(text, '&');
  for (const std::string& pair : pairs) {
    const std::pair<std::string, std::string> both = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    query[both.first] = PercentDecoded(both.second);
  }
  return query;
}

std::string Get(const std::map<std::string, std::string>& query, const std::string& key) {
  const auto found = query.find(key);
  return found == query.end() ? "" : found->second;
}

Nanoseconds SecondsOf(const std::string& text) {
  int seconds = 0;
  return absl::SimpleAtoi(text, &seconds) ? std::chrono::seconds(seconds) : Nanoseconds(0);
}

HttpLogin::Kind LoginOf(const Plug::Options& options) {
  // Tasmota's stands in the address.
  if (options.password.empty() || options.kind == Plug::Kind::kTasmota) return HttpLogin::Kind::kNone;
  return options.kind == Plug::Kind::kShellyGen1 ? HttpLogin::Kind::kBasic : HttpLogin::Kind::kDigest;
}

HttpServed NotFound() { return {.status = 404, .headers = {}, .body = "Not Found"}; }

const char* Flag(bool value) { return value ? "true" : "false"; }

}  // namespace

Plug::Plug(const Options& options)
    : options_(options),
      login_(LoginOf(options), "admin", options.password),
      power_(options.power),
      on_(options.on),
      server_([this](const HttpAsked& asked) { return Serve(asked); }) {}

void Plug::SetFault(Fault fault, bool present) {
  const std::lock_guard lock(mutex_);
  Advance(MonotonicNow());
  faults_.at(static_cast<size_t>(fault)) = present;
  if (fault == Fault::kTripped && present) Switch(false, MonotonicNow());
}

void Plug::ExpireNonce() {
  const std::lock_guard lock(mutex_);
  login_.Expire();
}

void Plug::PressButton() {
  const std::lock_guard lock(mutex_);
  Advance(MonotonicNow());
  Switch(!on_, MonotonicNow());
}

void Plug::SetPower(Watts power) {
  const std::lock_guard lock(mutex_);
  power_ = power;
}

bool Plug::on() {
  const std::lock_guard lock(mutex_);
  Advance(MonotonicNow());
  return on_;
}

Watts Plug::Output() {
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = MonotonicNow();
  Advance(now);
  return OutputAt(now);
}

std::vector<bool> Plug::Told() const {
  const std::lock_guard lock(mutex_);
  return told_;
}

int Plug::clicks() const {
  const std::lock_guard lock(mutex_);
  return clicks_;
}

Nanoseconds Plug::auto_off() const {
  const std::lock_guard lock(mutex_);
  return auto_off_;
}

void Plug::Advance(MonotonicTime now) {
  if (now >= off_at_) Switch(false, off_at_);
}

void Plug::Switch(bool on, MonotonicTime now) {
  if (!on) off_at_ = MonotonicTime::max();
  if (on == on_ || (on && Has(Fault::kTripped)) || (!on && Has(Fault::kWelded))) return;
  on_ = on;
  switched_at_ = now;
  ++clicks_;
}

void Plug::Tell(bool on, Nanoseconds timer) {
  const MonotonicTime now = MonotonicNow();
  told_.push_back(on);
  if (Has(Fault::kDeaf)) return;
  Switch(on, now);
  auto_off_ = timer;
  if (on_) off_at_ = timer > Nanoseconds(0) ? now + timer : MonotonicTime::max();
}

Watts Plug::OutputAt(MonotonicTime now) const {
  const bool started = switched_at_ == MonotonicTime::min() || now - switched_at_ >= options_.starts_after;
  return on_ && started && !Has(Fault::kNoLoad) ? power_ : Watts(0);
}

HttpServed Plug::Serve(const HttpAsked& asked) {
  const std::lock_guard lock(mutex_);
  Advance(MonotonicNow());
  const std::pair<std::string, std::string> target = absl::StrSplit(asked.target, absl::MaxSplits('?', 1));
  if (target.first == "/shelly" && options_.kind != Kind::kTasmota) return {.headers = {}, .body = Shelly()};
  if (!login_.Accepts(asked.authorization, asked.method, asked.target)) {
    const std::string challenge = login_.Challenge();
    return {.status = 401,
            .headers = challenge.empty() ? "" : absl::StrCat("WWW-Authenticate: ", challenge, "\r\n"),
            .body = challenge.empty() ? "401 Unauthorized" : ""};
  }
  const Query query = QueryOf(target.second);
  HttpServed served = options_.kind == Kind::kTasmota      ? Tasmota(target.first, query)
                      : options_.kind == Kind::kShellyGen1 ? Gen1(target.first, query)
                                                           : Gen2(target.first, query);
  if (Has(Fault::kEmpty)) served.body = "";
  if (Has(Fault::kHtml)) served.body = "<!DOCTYPE html><html><body><form>Login</form></body></html>";
  if (Has(Fault::kTruncated)) served.body.resize(served.body.size() / 2);
  return served;
}

HttpServed Plug::Tasmota(const std::string& path, const Query& query) {
  if (path != "/cm") return NotFound();
  if (!options_.password.empty() && (Get(query, "user") != "admin" || Get(query, "password") != options_.password)) {
    return {.status = options_.old_firmware ? 200 : 401,
            .headers = {},
            .body = R"({"WARNING":"Need user=<username>&password=<password>"})"};
  }
  return {.headers = {}, .body = TasmotaCommand(absl::AsciiStrToLower(Get(query, "cmnd")))};
}

std::string Plug::TasmotaCommand(const std::string& command) {
  const std::pair<std::string, std::string> words = absl::StrSplit(command, absl::MaxSplits(' ', 1));
  const std::string number = options_.relay == 1 ? "" : absl::StrCat(options_.relay);
  if (words.first == "power" + number || words.first == absl::StrCat("power", options_.relay)) {
    if (words.second == "on") Tell(true, auto_off_);
    if (words.second == "off") Tell(false, auto_off_);
    return absl::StrCat("{\"POWER", number, "\":\"", on_ ? "ON" : "OFF", "\"}");
  }
  if (words.first == absl::StrCat("pulsetime", options_.relay)) {
    int value = 0;
    if (absl::SimpleAtoi(words.second, &value) && value >= 0) {
      auto_off_ = value >= 112 ? Nanoseconds(std::chrono::seconds(value - 100)) : Nanoseconds(std::chrono::milliseconds(100 * value));
    }
    return absl::StrCat("{\"PulseTime", options_.relay, "\":{\"Set\":", value, ",\"Remaining\":0}}");
  }
  if (command == "status 0") {
    return absl::StrCat(R"({"Status":{"Module":0,"DeviceName":"Charger","FriendlyName":["Charger"],"Power":"0"},)",
                        R"-("StatusFWR":{"Version":"13.4.0(tasmota)","Hardware":"ESP8266EX"},"StatusSNS":{)-",
                        options_.meter ? R"("ENERGY":{"Power":0})" : "", R"(},"StatusSTS":{"POWER)", number, R"(":")",
                        on_ ? "ON" : "OFF", R"("}})");
  }
  if (command == "status 10") {
    const double power_w = OutputAt(MonotonicNow()).value();
    const std::string energy = absl::StrFormat(
        R"(,"ENERGY":{"Total":311.204,"Power":%.0f,"Voltage":231,"Current":%.3f})", power_w, power_w / 231);
    return absl::StrCat(R"({"StatusSNS":{"Time":"2026-02-03T07:41:13")", options_.meter ? energy : "", "}}");
  }
  return R"({"Command":"Unknown"})";
}

std::string Plug::Gen1Relay() const {
  const bool timer = on_ && off_at_ != MonotonicTime::max();
  return absl::StrCat(R"({"ison":)", Flag(on_), R"(,"has_timer":)", Flag(timer),
                      R"(,"timer_started":0,"timer_duration":)", timer ? ToSeconds(auto_off_) : 0,
                      R"(,"timer_remaining":0,"overpower":)", Flag(Has(Fault::kTripped)), R"(,"source":"http"})");
}

// What every Shelly tells without a login.
std::string Plug::Shelly() const {
  const char* const locked = Flag(!options_.password.empty());
  if (options_.kind == Kind::kShellyGen1) {
    return absl::StrCat(R"({"type":"SHPLG-S","mac":"B4E62D18AC92","auth":)", locked,
                        R"(,"fw":"20230913-113421/v1.14.0","num_outputs":)", options_.relay, R"(,"num_meters":)",
                        options_.meter ? options_.relay : 0, "}");
  }
  return absl::StrCat(R"({"name":null,"id":"shellyplus1pm-a8032ab636ec","mac":"A8032AB636EC","model":"SNSW-001P16EU",)",
                      R"("gen":2,"fw_id":"20231107-164738","ver":"1.0.8","app":"Plus1PM","auth_en":)", locked, "}");
}

HttpServed Plug::Gen1(const std::string& path, const Query& query) {
  if (path == absl::StrCat("/relay/", options_.relay - 1)) {
    const std::string turn = Get(query, "turn");
    if (turn == "on" || turn == "off") Tell(turn == "on", SecondsOf(Get(query, "timer")));
    return {.headers = {}, .body = Gen1Relay()};
  }
  if (path != "/status") return NotFound();
  std::string relays;
  std::string meters;
  for (int i = 1; i < options_.relay; ++i) {
    relays += R"({"ison":false,"overpower":false,"is_valid":true},)";
    meters += R"({"power":0.0,"is_valid":true},)";
  }
  // A Shelly 1 has no meter, and says so in its own way.
  const double power_w = options_.meter ? OutputAt(MonotonicNow()).value() : 0;
  return {.headers = {},
          .body = absl::StrCat(R"({"wifi_sta":{"connected":true,"rssi":-61},"relays":[)", relays, Gen1Relay(),
                               R"(],"meters":[)", meters,
                               absl::StrFormat(R"({"power":%.2f,"is_valid":true,"total":1234}],)", power_w),
                               R"("temperature":41.30,"overtemperature":false,"uptime":771204})")};
}

HttpServed Plug::Gen2(const std::string& path, const Query& query) {
  if (path == "/rpc/Shelly.GetStatus") {
    std::string switches;
    for (int id = 0; id < options_.relay; ++id) {
      absl::StrAppend(&switches, R"("switch:)", id, R"(":{"id":)", id, R"(,"output":false)",
                      options_.meter ? R"(,"apower":0.0)" : "", "},");
    }
    return {.headers = {}, .body = absl::StrCat(R"({"ble":{},)", switches, R"("sys":{"mac":"A8032AB636EC"}})")};
  }
  if (path != "/rpc/Switch.Set" && path != "/rpc/Switch.GetStatus") {
    return {.status = 404, .headers = {}, .body = R"({"code":404,"message":"No handler"})"};
  }
  if (Get(query, "id") != absl::StrCat(options_.relay - 1)) {
    return {.status = 500, .headers = {}, .body = R"({"code":-105,"message":"Argument 'id', value not found!"})"};
  }
  if (path == "/rpc/Switch.Set") {
    const bool was_on = on_;
    Tell(Get(query, "on") == "true", SecondsOf(Get(query, "toggle_after")));
    return {.headers = {}, .body = absl::StrCat(R"({"was_on":)", Flag(was_on), "}")};
  }
  const double power_w = OutputAt(MonotonicNow()).value();
  const std::string meter =
      absl::StrFormat(R"(,"apower":%.1f,"voltage":231.0,"current":%.3f,"freq":50.0)", power_w, power_w / 231);
  return {.headers = {},
          .body = absl::StrCat(R"({"id":)", options_.relay - 1, R"(,"source":"HTTP_in","output":)", Flag(on_),
                               options_.meter ? meter : "", R"(,"temperature":{"tC":41.0,"tF":105.8})",
                               Has(Fault::kTripped) ? R"(,"errors":["overpower"])" : "", "}")};
}

}  // namespace abcds::sim
