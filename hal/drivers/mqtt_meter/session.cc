#include "hal/drivers/mqtt_meter/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace abcds::mqtt_meter {
namespace {

using std::chrono::seconds;

// Two clients with one id throw each other out within seconds of each connect.
constexpr Nanoseconds kShortConnection = seconds(2);
constexpr int kFlapping = 3;
constexpr size_t kExcerpt = 24;

// Short, and harmless on a terminal and in a log.
std::string Excerpt(std::span<const uint8_t> payload) {
  std::string text;
  for (const uint8_t c : payload.first(std::min(payload.size(), kExcerpt))) {
    text.push_back(c >= 0x20 && c < 0x7f && c != '"' ? static_cast<char>(c) : '.');
  }
  return payload.size() > kExcerpt ? text + "…" : text;
}

}  // namespace

Session::Session(const Codec& codec, const SessionOptions& options)
    : codec_(codec), options_(options), trust_(options.interval) {}

void Session::OnConnected(MonotonicTime now) noexcept {
  connected_ = true;
  granted_ = true;
  connected_at_ = now;
  heard_at_ = MonotonicTime::min();
  trust_.OnLink();
}

void Session::OnDisconnected(std::string_view reason, MonotonicTime now) {
  if (connected_) {
    ++disconnects_;
    short_connections_ = now - connected_at_ < kShortConnection ? short_connections_ + 1 : 0;
  }
  connected_ = false;
  loss_reason_ = std::string(reason);
  trust_.OnLinkLost();
}

void Session::OnSubscribed(bool granted, MonotonicTime /*now*/) noexcept { granted_ = granted; }

void Session::OnMessage(std::span<const uint8_t> payload, bool retained, MonotonicTime now) {
  const DecodedPower decoded = codec_.Decode(payload);
  if (retained) {
    ++retained_messages_;
    if (decoded.refusal == Refusal::kNone) retained_ = decoded.power;
    return;
  }
  ++messages_;
  heard_at_ = now;
  last_refusal_ = decoded.refusal;
  if (decoded.refusal == Refusal::kNone) return trust_.OnValue(decoded.power, now);
  ++refused_[static_cast<size_t>(decoded.refusal)];
  last_refused_ = Excerpt(payload);
}

void Session::OnTime(MonotonicTime now) noexcept { trust_.OnTime(now); }

void Session::Describe(MonotonicTime now, DeviceDetails& details) const {
  details.identity["topic"] = options_.topic;
  const MeterState& state = trust_.state();
  if (state.power.valid) {
    details.readings["power_w"] = state.power.value.value();
    details.readings["age_s"] = ToSeconds(now - state.power.taken_at);
  }
  if (trust_.spacing() > Nanoseconds(0)) details.readings["spacing_s"] = ToSeconds(trust_.spacing());
  if (retained_) details.readings["retained_power_w"] = retained_->value();
  details.counters["messages"] = messages_;
  details.counters["values"] = state.sequence;
  details.counters["retained"] = retained_messages_;
  details.counters["disconnects"] = disconnects_;
  details.counters["trust_lost"] = trust_.losses();
  for (size_t i = 1; i < refused_.size(); ++i) {
    details.counters[absl::StrCat("refused_", RefusalName(static_cast<Refusal>(i)))] = refused_[i];
  }
  details.trouble = Trouble(now);
}

// Without numbers that change by themselves: each new sentence is news to the log. Ages and spacings are readings.
std::string Session::Trouble(MonotonicTime now) const {
  if (short_connections_ >= kFlapping) {
    return "the MQTT broker drops this client within 2 s of each connect: another client may use the same id, or the "
           "broker's "
           "limits forbid it";
  }
  if (!connected_) return loss_reason_;
  if (!granted_)
    return absl::StrCat("the MQTT broker refuses the subscription to ", options_.topic, ": check its access rights");
  const MonotonicTime since = heard_at_ == MonotonicTime::min() ? connected_at_ : heard_at_;
  if (now - since > trust_.silence()) {
    return absl::StrFormat(
        "no message on topic %s for more than %.3g s: is its publisher running, and the topic right?%s", options_.topic,
        ToSeconds(trust_.silence()), retained_ ? " (only a stored copy of unknown age, which is not used)" : "");
  }
  // A document without our member is no news (Tasmota sends several kinds on one topic), unless there is nothing else.
  if (last_refusal_ != Refusal::kNone && (last_refusal_ != Refusal::kMissing || !trust_.heard())) {
    return absl::StrCat("the newest message on topic ", options_.topic, " was refused: ", RefusalText(last_refusal_),
                        " (\"", last_refused_, "\")");
  }
  if (!trust_.trusted() && trust_.bursting()) {
    return absl::StrFormat(
        "messages on topic %s come more than three times faster than interval_s = %.3g: an old burst, or the wrong "
        "interval",
        options_.topic, ToSeconds(options_.interval));
  }
  return {};
}

}  // namespace abcds::mqtt_meter
