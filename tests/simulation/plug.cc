#include "tests/simulation/plug.h"

#include <cstdlib>

namespace abcds::simulation {
namespace {

using std::chrono_literals::operator""s;

constexpr Nanoseconds kPatience = 2s;  // of the driver's transport

switched_charger::SessionOptions OptionsFor(const switched_charger::ChargerRating& rating) {
  switched_charger::SessionOptions options;
  options.requests = {.kind = switched_charger::Kind::kShellyGen1,
                      .relay = 1,
                      .user = "",
                      .password = "",
                      .auto_off = 120s};
  options.charger = rating;
  return options;
}

}  // namespace

PlugCharger::PlugCharger(sim::ConverterModel& model, const switched_charger::ChargerRating& rating)
    : model_(model), session_(OptionsFor(rating)) {}

DeviceDetails PlugCharger::Details() const {
  DeviceDetails details;
  session_.Describe(now_, details);
  return details;
}

void PlugCharger::Switch(bool on) {
  if (on != on_) ++clicks_;
  on_ = on;
  off_at_ = MonotonicTime::max();
  model_.Set(on ? model_.options().highest : Watts(0));
}

std::string PlugCharger::Answer(const std::string& path) {
  const std::string ison = on_ ? "true" : "false";
  if (path == "/status") return "{\"relays\":[{\"ison\":" + ison + "}],\"meters\":[]}";
  const bool turn_on = path.find("turn=on") != std::string::npos;
  if (!deaf) {
    Switch(turn_on);
    const size_t timer = path.find("timer=");
    if (turn_on && timer != std::string::npos) off_at_ = now_ + std::chrono::seconds(std::atoi(path.c_str() + timer + 6));
  }
  return std::string("{\"ison\":") + (turn_on ? "true" : "false") + ",\"overpower\":false}";
}

void PlugCharger::Step(MonotonicTime now) {
  now_ = now;
  if (now >= off_at_) Switch(false);
  if (asked_ && session_.Abandons(now)) asked_ = false;
  if (!asked_) {
    const HttpRequest request = session_.NextRequest(now);
    if (request.due > now) return;
    asked_ = true;
    path_ = request.path;
    asked_at_ = now;
  }
  const bool never = silent || answers_after > kPatience;
  if (now - asked_at_ < (never ? kPatience : answers_after)) return;
  asked_ = false;
  HttpReply reply;
  std::string body;
  if (!silent) body = Answer(path_);  // too late is heard all the same
  if (never) {
    reply.fault = HttpFault::kTimeout;
  } else {
    reply.fault = HttpFault::kNone;
    reply.status = 200;
    reply.body = body;
  }
  session_.OnReply(reply, now);
}

}  // namespace abcds::simulation
