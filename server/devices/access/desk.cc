#include "server/devices/access/desk.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/time_util.h"
#include "server/devices/access/can_interfaces.h"
#include "server/devices/access/serial_ports.h"
#include "server/devices/registry.h"

namespace abcds {
namespace {

constexpr int kAddressHighest = 247;
constexpr int kUsualAddressHighest = 8;
constexpr uint32_t kMostRegisters = 32;
constexpr Nanoseconds kLimitShortest = std::chrono::milliseconds(100);
constexpr Nanoseconds kLimitLongest = std::chrono::seconds(60);
constexpr Nanoseconds kHoldShortest = std::chrono::seconds(1);
constexpr Nanoseconds kHoldLongest = std::chrono::minutes(10);

const DirectAccess* FindAccess(const std::string& type) {
  for (const DeviceType* known : DeviceTypes()) {
    if (known->name() == type && known->direct_access() != nullptr) return known->direct_access();
  }
  return nullptr;
}

const DeviceType* FindType(const std::string& name) {
  const auto found = std::find_if(DeviceTypes().begin(), DeviceTypes().end(),
                                  [&name](const DeviceType* known) { return known->name() == name; });
  return found == DeviceTypes().end() ? nullptr : *found;
}

std::string AccessibleTypes() {
  std::vector<std::string> names;
  for (const DeviceType* known : DeviceTypes()) {
    if (known->direct_access() != nullptr) names.push_back(known->name());
  }
  return absl::StrJoin(names, ", ");
}

absl::Status NoSuchType(const std::string& type) {
  if (const DeviceType* known = FindType(type); known != nullptr) {
    return absl::NotFoundError(
        absl::StrCat(type, known->simulated() ? " is part of the daemon itself: there is no wire to ask it on"
                                              : " is only asked through a daemon that has it in its configuration"));
  }
  return absl::NotFoundError(absl::StrCat("there is no type of device \"", type, "\"; known: ", AccessibleTypes()));
}

const char* ReachName(DirectAccess::Reach reach) {
  switch (reach) {
    case DirectAccess::Reach::kSerial:
      return "serial";
    case DirectAccess::Reach::kCan:
      return "can";
    case DirectAccess::Reach::kNetwork:
      return "network";
  }
  return "";
}

void Describe(const DirectAccess& access, v1::DeviceTypeInfo& info) {
  info.set_reached_by(ReachName(access.reach()));
  for (const int baud : access.bauds()) info.add_bauds(static_cast<uint32_t>(baud));
  info.set_address_lowest(static_cast<uint32_t>(access.addresses().lowest));
  info.set_address_highest(static_cast<uint32_t>(access.addresses().highest));
  for (const DirectAccess::Setting& setting : access.settings()) {
    v1::DeviceTypeInfo::Setting& proto = *info.add_settings();
    proto.set_name(setting.name);
    proto.set_text(setting.text);
  }
  for (const DirectAccess::Writable& writable : access.writable()) {
    v1::WritableValue& proto = *info.add_writable();
    proto.set_name(writable.name);
    proto.set_text(writable.text);
    proto.set_lowest(writable.lowest);
    proto.set_highest(writable.highest);
  }
  info.set_has_registers(access.has_registers());
}

// Silence gets the advice of its type.
absl::Status WithAdvice(const absl::Status& status, const DirectAccess& access) {
  if (!absl::IsUnavailable(status)) return status;
  const std::string message(status.message());
  const char* const between = absl::EndsWith(message, "?") ? " " : ". ";
  return absl::UnavailableError(absl::StrCat(message, between, access.advice()));
}

// How long to wait for the device.
template <class Request>
absl::StatusOr<Nanoseconds> LimitOf(const Request& request, const DirectAccess& access) {
  if (!request.has_limit()) return access.probe_limit();
  const Nanoseconds limit(google::protobuf::util::TimeUtil::DurationToNanoseconds(request.limit()));
  if (limit >= kLimitShortest && limit <= kLimitLongest) return limit;
  return absl::InvalidArgumentError(absl::StrCat("a device is waited for ", ToSeconds(kLimitShortest), " s to ",
                                                 ToSeconds(kLimitLongest), " s, not ", ToSeconds(limit), " s"));
}

absl::StatusOr<DirectWrite> WriteOf(const v1::WriteDeviceRequest& request) {
  if (!request.has_value()) return absl::InvalidArgumentError("value is missing");
  DirectWrite write;
  write.name = request.value_name();
  write.value = request.value();
  write.keep = request.keep();
  if (!request.has_hold()) return write;
  if (write.keep) return absl::InvalidArgumentError("hold and keep are both given; only one can be");
  write.hold = Nanoseconds(google::protobuf::util::TimeUtil::DurationToNanoseconds(request.hold()));
  if (write.hold >= kHoldShortest && write.hold <= kHoldLongest) return write;
  return absl::InvalidArgumentError(absl::StrCat("hold = ", ToSeconds(write.hold), " s is outside [", ToSeconds(kHoldShortest),
                                                 " s, ", ToSeconds(kHoldLongest), " s]"));
}

}  // namespace

v1::ListDeviceTypesResponse DeviceDesk::Types() const {
  v1::ListDeviceTypesResponse response;
  for (const DeviceType* known : DeviceTypes()) {
    auto* const types = response.mutable_types();
    auto info = std::find_if(types->begin(), types->end(), [known](const auto& one) { return one.name() == known->name(); });
    if (info == types->end()) {
      response.add_types()->set_name(known->name());
      info = types->end() - 1;
      if (const DirectAccess* access = known->direct_access(); access != nullptr) Describe(*access, *info);
    }
    const std::string kind = KindName(known->kind());
    if (std::find(info->kinds().begin(), info->kinds().end(), kind) == info->kinds().end()) info->add_kinds(kind);
  }
  return response;
}

absl::StatusOr<DeviceDesk::Asked> DeviceDesk::Resolve(const v1::DeviceTarget& target) const {
  if (!target.has_location()) {
    const std::string& name = target.name();
    if (name.empty()) return absl::InvalidArgumentError("target is missing: a name, or a location");
    if (const DirectAccess* access = FindAccess(name); access != nullptr) {
      return absl::NotFoundError(absl::StrCat("no device of the configuration is called ", name, "; to ask one of that type, "
                                              "say where it is: ", access->reach() == DirectAccess::Reach::kNetwork
                                                  ? "--host" : "--port"));
    }
    return absl::NotFoundError(absl::StrCat("no device of the configuration is called \"", name, "\""));
  }
  const v1::DeviceLocation& location = target.location();
  Asked asked;
  asked.access = FindAccess(location.type());
  if (asked.access == nullptr) return NoSuchType(location.type());
  asked.target.port = location.port();
  // What does not fit is out of range there as well.
  const auto number = [](uint32_t value) {
    return static_cast<int>(std::min<uint32_t>(value, std::numeric_limits<int>::max()));
  };
  asked.target.baud = number(location.baud());
  if (location.has_address()) asked.target.address = number(location.address());
  asked.target.host = location.host();
  asked.target.network_port = number(location.network_port());
  asked.target.settings.insert(location.settings().begin(), location.settings().end());
  if (absl::Status status = asked.access->Complete(asked.target); !status.ok()) return status;
  if (const OccupiedLine* line = FindLine(occupied_, asked.target.port); line != nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("abcdsd itself uses ", asked.target.port, ", for ", absl::StrJoin(line->devices, ", "),
                     ": ask for the device by its name, or stop the daemon first"));
  }
  return asked;
}

template <class Work>
absl::Status DeviceDesk::Alone(const Cancelled& cancelled, Work&& work) {
  const std::unique_lock lock(working_, std::try_to_lock);
  if (!lock.owns_lock()) {
    return absl::ResourceExhaustedError("another scan, probe, read or write is under way; try again when it has ended");
  }
  if (stopping_) return absl::UnavailableError("abcdsd is stopping");
  return work(Cancelled([this, &cancelled] { return stopping_ || cancelled(); }));
}

absl::Status DeviceDesk::ScanPorts(const v1::ScanDevicesRequest& request, const ScanSink& sink,
                                   const Cancelled& cancelled) {
  ScanPlan plan;
  plan.occupied = occupied_;
  plan.ports.assign(request.ports().begin(), request.ports().end());
  if (plan.ports.empty()) {
    plan.ports = FindCanInterfaces("/sys/class/net");
    for (const std::string& port : FindSerialPorts("/dev", "/sys/class/tty")) plan.ports.push_back(port);
  }
  if (request.address_highest() > kAddressHighest) {
    return absl::InvalidArgumentError(
        absl::StrCat("address_highest = ", request.address_highest(), " is outside [1, ", kAddressHighest, "]"));
  }
  plan.address_highest =
      request.address_highest() == 0 ? kUsualAddressHighest : static_cast<int>(request.address_highest());
  for (const DeviceType* known : DeviceTypes()) {
    const DirectAccess* const access = known->direct_access();
    if (access == nullptr || access->reach() == DirectAccess::Reach::kNetwork) continue;
    const bool wanted = request.types().empty() || std::find(request.types().begin(), request.types().end(),
                                                             access->type()) != request.types().end();
    std::vector<const DirectAccess*>& types = access->reach() == DirectAccess::Reach::kCan ? plan.can_types : plan.types;
    if (wanted && std::find(types.begin(), types.end(), access) == types.end()) types.push_back(access);
  }
  for (const std::string& type : request.types()) {
    const DirectAccess* const access = FindAccess(type);
    if (access == nullptr) return NoSuchType(type);
    if (access->reach() == DirectAccess::Reach::kNetwork) {
      return absl::InvalidArgumentError(absl::StrCat(type, " is on the network, which is not scanned; probe it by its host"));
    }
  }
  return Alone(cancelled, [&](const Cancelled& ended) {
    Scan(plan, sink, ended);
    return ended() ? absl::CancelledError("the scan was interrupted") : absl::OkStatus();
  });
}

absl::StatusOr<v1::ProbeDeviceResponse> DeviceDesk::Probe(const v1::ProbeDeviceRequest& request,
                                                          const Cancelled& cancelled) {
  const absl::StatusOr<Asked> asked = Resolve(request.target());
  if (!asked.ok()) return asked.status();
  const absl::StatusOr<Nanoseconds> limit = LimitOf(request, *asked->access);
  if (!limit.ok()) return limit.status();
  v1::ProbeDeviceResponse response;
  const absl::Status status = Alone(cancelled, [&](const Cancelled& ended) {
    const auto report = asked->access->Probe(asked->target, *limit, ended);
    if (report.ok()) *response.mutable_report() = ReportOf(*asked->access, asked->target, *report);
    return WithAdvice(report.status(), *asked->access);
  });
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::ReadDeviceResponse> DeviceDesk::Read(const v1::ReadDeviceRequest& request, const Cancelled& cancelled) {
  const absl::StatusOr<Asked> asked = Resolve(request.target());
  if (!asked.ok()) return asked.status();
  const v1::RegisterRange& range = request.registers();
  if (request.has_registers() && (range.count() < 1 || range.count() > kMostRegisters || range.first() > 0xffff ||
                                  range.first() + range.count() > 0x10000)) {
    return absl::InvalidArgumentError(absl::StrCat("registers are 0 to 65535, and 1 to ", kMostRegisters,
                                                   " at a time; ", range.count(), " from ", range.first(), " on are not"));
  }
  const absl::StatusOr<Nanoseconds> limit = LimitOf(request, *asked->access);
  if (!limit.ok()) return limit.status();
  v1::ReadDeviceResponse response;
  const absl::Status status = Alone(cancelled, [&](const Cancelled& ended) -> absl::Status {
    if (request.has_registers()) {
      const auto values = asked->access->ReadRegisters(asked->target, static_cast<uint16_t>(range.first()),
                                                       static_cast<uint8_t>(range.count()));
      if (!values.ok()) return WithAdvice(values.status(), *asked->access);
      *response.mutable_report() = ReportOf(*asked->access, asked->target, {});
      for (size_t i = 0; i < values->size(); ++i) {
        v1::RegisterValue& value = *response.add_registers();
        value.set_address(range.first() + static_cast<uint32_t>(i));
        value.set_value((*values)[i]);
      }
      return absl::OkStatus();
    }
    const auto report = asked->access->Probe(asked->target, *limit, ended);
    if (!report.ok()) return WithAdvice(report.status(), *asked->access);
    *response.mutable_report() = ReportOf(*asked->access, asked->target, *report);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return response;
}

class DeviceDesk::Writing {
 public:
  explicit Writing(DeviceDesk& desk) : desk_(desk) { Set(true); }
  ~Writing() { Set(false); }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

 private:
  void Set(bool writing) {
    const std::lock_guard lock(desk_.writing_mutex_);
    desk_.writing_ = writing;
    desk_.written_.notify_all();
  }

  DeviceDesk& desk_;
};

absl::StatusOr<v1::WriteDeviceResponse> DeviceDesk::Write(const v1::WriteDeviceRequest& request,
                                                          const Cancelled& cancelled) {
  const absl::StatusOr<Asked> asked = Resolve(request.target());
  if (!asked.ok()) return asked.status();
  const absl::StatusOr<DirectWrite> write = WriteOf(request);
  if (!write.ok()) return write.status();
  v1::WriteDeviceResponse response;
  const absl::Status status = Alone(cancelled, [&](const Cancelled& ended) -> absl::Status {
    const Writing writing(*this);
    const absl::StatusOr<DirectWritten> written = asked->access->Write(asked->target, *write, ended);
    if (!written.ok()) return written.status();
    *response.mutable_report() = ReportOf(*asked->access, asked->target, written->report);
    response.set_written(written->written);
    if (written->read_back.has_value()) response.set_read_back(*written->read_back);
    response.set_verified(written->verified);
    response.set_stopped(written->stopped);
    response.set_text(written->text);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return response;
}

std::string DeviceDesk::ConnectionOf(const std::string& name) const {
  const auto found = connections_.find(name);
  return found == connections_.end() ? "" : found->second;
}

bool DeviceDesk::AwaitWrites(Nanoseconds limit) {
  std::unique_lock lock(writing_mutex_);
  return written_.wait_for(lock, limit, [this] { return !writing_; });
}

DeviceDesk::~DeviceDesk() {
  EndSoon();
  const std::lock_guard lock(working_);
}

}  // namespace abcds
