#include "server/devices/device_set.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/bus/bus_set.h"
#include "hal/rt/clock.h"
#include "hal/units/check.h"
#include "server/devices/device_type.h"
#include "server/devices/observed_converter.h"
#include "server/devices/registry.h"

namespace abcds {

namespace {

// An inverter that answers does so within 0.3 s; a slow one is not waited for.
constexpr Nanoseconds kZeroPatience = std::chrono::seconds(1);
constexpr Nanoseconds kZeroLook = std::chrono::milliseconds(2);

// Found for every device of a site that has passed the check.
const DeviceType& TypeOf(DeviceKind kind, const Site::Device& device) {
  const DeviceType* type = FindDeviceType(kind, device.arm);
  ABCDS_CHECK(type != nullptr);
  return *type;
}

absl::Status AtDevice(const absl::Status& status, const Site::Device& device) {
  return absl::Status(status.code(), absl::StrCat(device.name, ": ", status.message()));
}

}  // namespace

DeviceSet::DeviceSet() : buses_(std::make_unique<BusSet>()) {}

DeviceSet::~DeviceSet() { Stop(); }

absl::StatusOr<std::unique_ptr<DeviceSet>> DeviceSet::Build(const Site& site, WriteLedger& ledger,
                                                            Purpose purpose) {
  std::unique_ptr<DeviceSet> set(new DeviceSet());
  BuildContext context{site, *set->buses_, ledger, {}};

  for (size_t i = 0; i < site.converters.size(); ++i) {
    const Site::Device& entry = site.converters[i];
    auto built =
        purpose == Purpose::kObserve
            ? absl::StatusOr<std::shared_ptr<PowerConverter>>(
                  std::make_shared<ObservedConverter>(site.core.converters[i]))
            : TypeOf(DeviceKind::kConverter, entry).BuildConverter(site.config.converter(static_cast<int>(i)), context);
    if (!built.ok()) return AtDevice(built.status(), entry);
    PowerConverter* device = built->get();
    set->converters_.push_back(*std::move(built));
    set->converter_views_.push_back({entry.name, entry.type, [device] { return device->Details(); }});
  }
  if (site.battery.has_value()) {
    auto built = TypeOf(DeviceKind::kBms, *site.battery).BuildBms(site.config.bms(), context);
    if (!built.ok()) return AtDevice(built.status(), *site.battery);
    BatteryMonitor* device = built->get();
    set->battery_ = *std::move(built);
    set->battery_view_ = View{site.battery->name, site.battery->type, [device] { return device->Details(); }};
  }
  auto built = TypeOf(DeviceKind::kMeter, site.meter).BuildMeter(site.config.meter(), context);
  if (!built.ok()) return AtDevice(built.status(), site.meter);
  GridMeter* device = built->get();
  set->meter_ = *std::move(built);
  set->meter_view_ = {site.meter.name, site.meter.type, [device] { return device->Details(); }};
  return set;
}

absl::Status DeviceSet::Start() {
  running_ = true;
  // A converter that was running before us (its controller died, or AC came back) is stopped first; what else there is
  // can wait.
  for (const auto& converter : converters_) converter->Start();
  absl::Status opened = buses_->Start();
  AwaitZero();
  opened.Update(buses_->OwnedByDaemon());
  if (!opened.ok()) {
    Stop();
    return opened;
  }
  if (battery_ != nullptr) battery_->Start();
  meter_->Start();
  return absl::OkStatus();
}

// Until every converter has acknowledged the 0 W that it was sent first, but not for long: one that does not answer
// holds up nobody. The cycle, whose reading this is otherwise, has not begun. A daemon that owns a line gets the same
// time: it may have been killed a moment ago.
void DeviceSet::AwaitZero() {
  const MonotonicTime end = MonotonicNow() + kZeroPatience;
  for (MonotonicTime now = MonotonicNow(); now < end; now = MonotonicNow()) {
    const bool all = std::all_of(converters_.begin(), converters_.end(),
                                 [](const auto& converter) { return converter->Latest().acknowledged.valid; });
    if (all && buses_->OwnedByDaemon().ok()) return;
    SleepUntil(now + kZeroLook);
  }
}

void DeviceSet::Stop() {
  if (!std::exchange(running_, false)) return;
  // In parallel: each may wait 2 s for a device that no longer answers.
  std::vector<std::thread> stopping;
  stopping.reserve(converters_.size());
  for (const auto& converter : converters_) stopping.emplace_back([&converter] { converter->Stop(); });
  for (std::thread& thread : stopping) thread.join();
  buses_->Stop();
  if (battery_ != nullptr) battery_->Stop();
  meter_->Stop();
}

std::vector<ThreadProgress> DeviceSet::threads() const {
  std::vector<ThreadProgress> threads;
  for (const auto& converter : converters_) threads.push_back(converter->progress());
  return threads;
}

CycleDevices DeviceSet::cycle_devices() const {
  CycleDevices devices;
  devices.meter = meter_.get();
  devices.battery = battery_.get();
  for (size_t i = 0; i < converters_.size(); ++i) devices.converters[i] = converters_[i].get();
  return devices;
}

}  // namespace abcds
