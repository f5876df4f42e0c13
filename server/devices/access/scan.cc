#include "server/devices/access/scan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hal/drivers/bus/port_check.h"
#include "hal/units/line_owner.h"
#include "server/devices/access/serial_ports.h"

namespace abcds {
namespace {

struct Question {
  const DirectAccess* access = nullptr;
  int baud = 0;
  int address = 0;
};

// Grouped by baud rate, in the order of the types.
std::vector<Question> QuestionsOf(const ScanPlan& plan) {
  std::vector<int> bauds;
  for (const DirectAccess* access : plan.types) {
    for (const int baud : access->bauds()) {
      if (std::find(bauds.begin(), bauds.end(), baud) == bauds.end()) bauds.push_back(baud);
    }
  }
  std::vector<Question> questions;
  for (const int baud : bauds) {
    for (const DirectAccess* access : plan.types) {
      const std::vector<int> own = access->bauds();
      if (std::find(own.begin(), own.end(), baud) == own.end()) continue;
      const DirectAccess::Addresses range = access->addresses();
      const int last = std::min(range.highest, plan.address_highest);
      for (int address = range.lowest; address <= last; ++address) questions.push_back({access, baud, address});
    }
  }
  return questions;
}

class Scanning {
 public:
  Scanning(const ScanPlan& plan, const ScanSink& sink, const Cancelled& cancelled)
      : plan_(plan), sink_(sink), cancelled_(cancelled), questions_(QuestionsOf(plan)) {}

  void Run() {
    for (const std::string& port : plan_.ports) {
      if (Ended()) return;
      ScanPort(port);
      done_ = static_cast<uint32_t>(++ports_done_ * StepsOfAPort());
    }
  }

 private:
  [[nodiscard]] size_t StepsOfAPort() const { return questions_.size() + plan_.can_types.size(); }

  bool Ended() { return !listening_ || cancelled_(); }

  void Send(const v1::ScanDevicesResponse& event) { listening_ = listening_ && sink_(event); }

  void Close(const std::string& port, v1::ScannedPort::Result result, const std::string& text) {
    v1::ScanDevicesResponse event;
    event.mutable_port()->set_port(port);
    event.mutable_port()->set_result(result);
    event.mutable_port()->set_text(text);
    Send(event);
  }

  void ScanPort(const std::string& port) {
    if (const OccupiedLine* line = FindLine(plan_.occupied, port); line != nullptr) {
      Close(port, v1::ScannedPort::RESULT_IN_USE, absl::StrCat("abcdsd uses it: ", absl::StrJoin(line->devices, ", ")));
      return;
    }
    const bool interface = port.find('/') == std::string::npos;
    const int first_baud = questions_.empty() ? 115200 : questions_.front().baud;
    absl::Status line = interface ? absl::OkStatus() : CheckPort(port, first_baud);
    // An SLCAN adapter must be set up before it can be asked, which nobody else on a serial line should have to hear.
    const bool can_first = interface || IsModem(port);
    size_t found = 0;
    if (line.ok() && can_first) found = ScanCan(port, interface, line);
    if (!line.ok()) {
      Close(port,
            OwnerOf(line) == LineOwner::kNobody ? v1::ScannedPort::RESULT_CANNOT_OPEN : v1::ScannedPort::RESULT_IN_USE,
            std::string(line.message()));
      return;
    }
    if (found == 0 && !interface) found = ScanSerial(port);
    if (found == 0 && !can_first) found = ScanCan(port, interface, line);
    if (Ended()) return;
    Close(port, found > 0 ? v1::ScannedPort::RESULT_FOUND : v1::ScannedPort::RESULT_SILENT,
          found == 1  ? "one device"
          : found > 1 ? absl::StrCat(found, " devices")
                      : "no device that this build knows has answered");
  }

  // How many were found. `line`: what is wrong with an interface; a serial port on which no adapter opens a CAN bus may
  // still have other devices.
  size_t ScanCan(const std::string& port, bool interface, absl::Status& line) {
    size_t found = 0;
    for (const DirectAccess* access : plan_.can_types) {
      ++done_;
      if (Ended()) return found;
      DirectTarget target;
      target.port = port;
      target.baud = access->bauds().front();
      Tell(port, absl::StrCat(access->type(), " on a CAN bus at ", target.baud, " bit/s"));
      const int highest = std::min(access->addresses().highest, plan_.address_highest);
      const absl::StatusOr<std::vector<int>> addresses = access->FindAddresses(port, highest, cancelled_);
      if (!addresses.ok()) {
        if (interface) line = addresses.status();
        continue;
      }
      for (const int address : *addresses) {
        if (Ended()) return found;
        target.address = address;
        if (Report(*access, target, DirectAccess::kProbeLimit)) ++found;
      }
    }
    return found;
  }

  size_t ScanSerial(const std::string& port) {
    int found_at = 0;  // baud
    std::set<int> addresses;
    for (const Question& question : questions_) {
      ++done_;
      if (!addresses.empty() && question.baud != found_at) continue;
      if (addresses.count(question.address) > 0) continue;
      if (Ended()) break;
      if (!Ask(port, question)) continue;
      addresses.insert(question.address);
      found_at = question.baud;
    }
    return addresses.size();
  }

  bool Ask(const std::string& port, const Question& question) {
    DirectTarget target;
    target.port = port;
    target.baud = question.baud;
    target.address = question.address;
    const DirectAccess& access = *question.access;
    Tell(port, absl::StrCat(access.type(), " at ", target.baud, " baud",
                            target.address == 0 ? "" : absl::StrCat(", address ", target.address)));
    return !Ended() && Report(access, target, DirectAccess::kScanLimit);
  }

  // False: it does not answer.
  bool Report(const DirectAccess& access, const DirectTarget& target, Nanoseconds limit) {
    const absl::StatusOr<DirectReport> report = access.Probe(target, limit, cancelled_);
    if (!report.ok()) return false;
    v1::ScanDevicesResponse event;
    v1::FoundDevice& found = *event.mutable_found();
    *found.mutable_report() = ReportOf(access, target, *report);
    v1::DeviceLocation& location = *found.mutable_location();
    location.set_type(access.type());
    location.set_port(target.port);
    location.set_baud(static_cast<uint32_t>(target.baud));
    location.set_address(static_cast<uint32_t>(target.address));
    found.set_config_text(access.ConfigText(target));
    Send(event);
    return true;
  }

  void Tell(const std::string& port, const std::string& asking) {
    v1::ScanDevicesResponse event;
    v1::ScanProgress& progress = *event.mutable_progress();
    progress.set_port(port);
    progress.set_asking(asking);
    progress.set_done(done_ - 1);
    progress.set_total(static_cast<uint32_t>(plan_.ports.size() * StepsOfAPort()));
    Send(event);
  }

  const ScanPlan& plan_;
  const ScanSink& sink_;
  const Cancelled& cancelled_;
  const std::vector<Question> questions_;
  bool listening_ = true;
  size_t ports_done_ = 0;
  uint32_t done_ = 0;
};

}  // namespace

void Scan(const ScanPlan& plan, const ScanSink& sink, const Cancelled& cancelled) {
  Scanning(plan, sink, cancelled).Run();
}

v1::DeviceReport ReportOf(const DirectAccess& access, const DirectTarget& target, const DirectReport& report) {
  v1::DeviceReport proto;
  proto.set_type(access.type());
  proto.set_connection(access.ConnectionText(target));
  v1::DeviceDetails& details = *proto.mutable_details();
  details.mutable_identity()->insert(report.details.identity.begin(), report.details.identity.end());
  details.mutable_readings()->insert(report.details.readings.begin(), report.details.readings.end());
  details.mutable_counters()->insert(report.details.counters.begin(), report.details.counters.end());
  details.set_trouble(report.details.trouble);
  proto.mutable_limits()->insert(report.limits.begin(), report.limits.end());
  return proto;
}

}  // namespace abcds
