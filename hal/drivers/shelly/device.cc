#include "hal/drivers/shelly/device.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"

namespace abcds {
namespace {

HttpOptions ServerOf(const ShellyOptions& options) {
  HttpOptions server = options.server;
  server.auth = server.user.empty() ? HttpAuth::kNone : HttpAuth::kBasic;
  server.keep_alive = false;  // the device closes anyway, and has room for about two connections
  return server;
}

shelly::SessionOptions SessionOf(const ShellyOptions& options) {
  return {.model = shelly::FindModel(options.model),
          .address = absl::StrCat(options.server.host, ":", options.server.port),
          .interval = options.interval,
          .decode = {.invert = options.invert, .plausible = options.plausible},
          .seed = std::random_device{}()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<ShellyMeter>> ShellyMeter::Create(const ShellyOptions& options) {
  if (shelly::FindModel(options.model) == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("model: ", options.model, " is not known"));
  }
  if (options.server.host.empty()) return absl::InvalidArgumentError("server.host: is missing");
  if (options.interval <= Nanoseconds(0)) return absl::InvalidArgumentError("interval_s: must be above 0");
  if (!(options.plausible > Watts(0))) return absl::InvalidArgumentError("plausible_w: must be above 0");
  return std::unique_ptr<ShellyMeter>(new ShellyMeter(options));
}

ShellyMeter::ShellyMeter(const ShellyOptions& options)
    : state_(MeterState{}), session_(SessionOf(options)), connection_(ServerOf(options), *this) {}

ShellyMeter::~ShellyMeter() { Stop(); }

void ShellyMeter::Start() { connection_.Start(); }

void ShellyMeter::Stop() { connection_.Stop(); }

DeviceDetails ShellyMeter::Details() const {
  DeviceDetails details;
  const HttpCounters counters = connection_.Counters();
  details.counters["requests"] = counters.requests;
  details.counters["replies"] = counters.replies;
  details.counters["connections"] = counters.connections;
  details.counters["lookups"] = counters.lookups;
  const std::lock_guard lock(session_mutex_);
  session_.Describe(MonotonicNow(), details);
  return details;
}

MeterState ShellyMeter::Latest() noexcept { return state_.Latest(); }

template <class Step>
void ShellyMeter::Advance(Step&& step) noexcept {
  const std::lock_guard lock(session_mutex_);
  try {
    step();
  } catch (...) {
    // Out of memory for an excerpt: the value itself needs none.
  }
  state_.Publish(session_.state());
}

HttpRequest ShellyMeter::NextRequest() noexcept {
  const std::lock_guard lock(session_mutex_);
  return session_.NextRequest();
}

void ShellyMeter::OnReply(const HttpReply& reply, MonotonicTime now) noexcept {
  Advance([&] { session_.OnReply(reply, now); });
}

MonotonicTime ShellyMeter::NextDue() noexcept {
  const std::lock_guard lock(session_mutex_);
  return session_.NextDue();
}

void ShellyMeter::OnTime(MonotonicTime now) noexcept {
  Advance([&] { session_.OnTime(now); });
}

}  // namespace abcds
