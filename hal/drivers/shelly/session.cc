#include "hal/drivers/shelly/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hal/text/excerpt.h"

namespace abcds::shelly {
namespace {

using std::chrono::seconds;

constexpr int kFailuresAtFullPace = 3;
constexpr Nanoseconds kLongestPause = seconds(15);
constexpr Nanoseconds kWrongModelPause = seconds(60);

}  // namespace

Session::Session(const SessionOptions& options) : options_(options), random_(options.seed), trust_(options.interval) {}

HttpRequest Session::NextRequest() const noexcept {
  return {.due = ask_at_, .path = identified_ ? options_.model->status_path : kIdentityPath};
}

void Session::OnReply(const HttpReply& reply, MonotonicTime now) {
  OnTime(now);  // the silence before this reply counts, whether or not the timer came in time
  if (reply.fault != HttpFault::kNone) return OnFailure(reply, now);
  last_fault_ = HttpFault::kNone;
  failures_ = 0;
  if (identified_) {
    OnStatus(reply.body, now);
  } else {
    OnIdentity(reply.body, now);
  }
}

void Session::OnFailure(const HttpReply& reply, MonotonicTime now) {
  ++faults_[static_cast<size_t>(reply.fault)];
  failures_ = reply.fault == last_fault_ || !IsLoginRefused(reply.fault) ? failures_ + 1 : 1;
  last_fault_ = reply.fault;
  last_refusal_ = Refusal::kNone;
  repeating_ = false;
  const Nanoseconds pause = std::max(PauseAfter(reply), reply.retry_after);
  AskAtNextGridPoint(now);
  if (pause > Nanoseconds(0)) ask_at_ = std::max(ask_at_, now + pause);
  if (IsLoginRefused(reply.fault) && failures_ == 1) ask_at_ = now;
  LoseLinkWhenSilent();
}

Nanoseconds Session::PauseAfter(const HttpReply& reply) noexcept {
  if (IsLoginRefused(reply.fault)) {
    if (failures_ == 1) return Nanoseconds(0);  // a nonce may have grown old
    return failures_ == 2 ? seconds(10) : seconds(60);
  }
  if (reply.fault == HttpFault::kThrottled && reply.retry_after == Nanoseconds(0)) {
    return Jittered(std::chrono::milliseconds(2500));
  }
  if (failures_ <= kFailuresAtFullPace) return Nanoseconds(0);
  const int doublings = std::min(failures_ - kFailuresAtFullPace, 4);
  return Jittered(std::min<Nanoseconds>(seconds(1 << doublings), kLongestPause));
}

Nanoseconds Session::Jittered(Nanoseconds pause) noexcept {
  const double share = static_cast<double>(random_() >> 11) * 0x1p-53;
  return FromSeconds(ToSeconds(pause) * (0.8 + 0.4 * share));
}

void Session::AskAtNextGridPoint(MonotonicTime now) noexcept {
  // A device that needs almost all of T to answer gets a rest all the same; missed grid points are not made up for.
  const MonotonicTime earliest = now + options_.interval / 5;
  ask_at_ = ask_at_ == MonotonicTime::min() ? earliest : std::max(ask_at_ + options_.interval, earliest);
}

void Session::OnIdentity(std::string_view body, MonotonicTime now) {
  const DecodedIdentity decoded = DecodeIdentity(body);
  if (decoded.refusal != Refusal::kNone) return Refuse(decoded.refusal, 0, body, now);
  last_refusal_ = Refusal::kNone;
  identity_ = decoded.identity;
  wrong_model_ = identity_.type != options_.model->type;
  if (wrong_model_) {
    ask_at_ = now + kWrongModelPause;
    return;
  }
  identified_ = true;
  last_.reset();
  trust_.OnLink();
  ask_at_ = now;
}

void Session::OnStatus(std::string_view body, MonotonicTime now) {
  const DecodedReading decoded = DecodeStatus(body, *options_.model, options_.decode);
  if (decoded.refusal != Refusal::kNone) return Refuse(decoded.refusal, decoded.clamp, body, now);
  last_refusal_ = Refusal::kNone;
  AskAtNextGridPoint(now);
  const Reading& reading = decoded.reading;
  // A clock that runs backwards or stands proves nothing.
  repeating_ = last_ && reading.SameValues(*last_) && reading.unixtime_s <= last_->unixtime_s;
  last_ = reading;
  if (repeating_) {
    ++repeated_;
  } else {
    trust_.OnValue(reading.power, now);
  }
}

void Session::Refuse(Refusal refusal, size_t clamp, std::string_view body, MonotonicTime now) {
  ++refused_[static_cast<size_t>(refusal)];
  last_refusal_ = refusal;
  last_clamp_ = clamp;
  repeating_ = false;
  AskAtNextGridPoint(now);
  last_refused_ = Excerpt(body);
}

void Session::OnTime(MonotonicTime now) noexcept {
  trust_.OnTime(now);
  LoseLinkWhenSilent();
}

// Silent and without a reply: when it is there again, it may be another device.
void Session::LoseLinkWhenSilent() noexcept {
  if (!identified_ || trust_.heard() || !IsSilence(last_fault_)) return;
  identified_ = false;
  trust_.OnLinkLost();
}

MeterState Session::state() const noexcept {
  MeterState state = trust_.state();
  if (wrong_model_) state.lifecycle = Lifecycle::kFaulty;
  return state;
}

void Session::Describe(MonotonicTime now, DeviceDetails& details) const {
  details.identity["model"] = options_.model->product;
  details.identity["address"] = options_.address;
  if (!identity_.type.empty()) details.identity["type"] = identity_.type;
  if (!identity_.mac.empty()) details.identity["mac"] = identity_.mac;
  if (!identity_.firmware.empty()) details.identity["firmware"] = identity_.firmware;
  const MeterState& state = trust_.state();
  if (state.power.valid) {
    details.readings["power_w"] = state.power.value.value();
    details.readings["age_s"] = ToSeconds(now - state.power.taken_at);
  }
  if (trust_.spacing() > Nanoseconds(0)) details.readings["spacing_s"] = ToSeconds(trust_.spacing());
  for (size_t i = 0; last_ && last_->has_channels && i < options_.model->channels; ++i) {
    const Channel& channel = last_->channels.at(i);
    details.readings[absl::StrCat("l", i + 1, "_power_w")] = channel.power.value();
    if (channel.voltage) details.readings[absl::StrCat("l", i + 1, "_voltage_v")] = channel.voltage->value();
    if (channel.current) details.readings[absl::StrCat("l", i + 1, "_current_a")] = channel.current->value();
  }
  details.counters["values"] = state.sequence;
  details.counters["repeated"] = repeated_;
  details.counters["trust_lost"] = trust_.losses();
  for (size_t i = 1; i < faults_.size(); ++i) {
    details.counters[absl::StrCat("failed_", HttpFaultName(static_cast<HttpFault>(i)))] = faults_[i];
  }
  for (size_t i = 1; i < refused_.size(); ++i) {
    details.counters[absl::StrCat("refused_", RefusalName(static_cast<Refusal>(i)))] = refused_[i];
  }
  details.trouble = Trouble();
}

// Without numbers that change by themselves: each new sentence is news to the log. Ages and spacings are readings.
std::string Session::Trouble() const {
  const std::string device = absl::StrCat("the ", options_.model->product, " at ", options_.address);
  // One lost exchange among good ones is everyday life on a radio link.
  if (last_fault_ != HttpFault::kNone && (failures_ >= kFailuresAtFullPace || !trust_.trusted())) {
    return absl::StrCat(device, " ", HttpFaultText(last_fault_));
  }
  if (wrong_model_) {
    return absl::StrCat("the device at ", options_.address, " is a ", identity_.type, ", not a ",
                        options_.model->product, " (", options_.model->type, "): check its address");
  }
  if (last_refusal_ != Refusal::kNone) {
    return absl::StrCat("the newest reply of ", device, " was refused: ", RefusalTextHere(last_refusal_, last_clamp_),
                        " (\"", last_refused_, "\")");
  }
  if (repeating_ && !trust_.heard()) {
    return absl::StrCat(device, " answers, but neither its values nor its clock move: restart it");
  }
  return {};
}

}  // namespace abcds::shelly
