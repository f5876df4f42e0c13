#include "server/tool/device.h"

#include <sys/prctl.h>

#include <atomic>
#include <csignal>
#include <ostream>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "abcds/v1/devices.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/devices/access/desk.h"
#include "server/tool/exit_status.h"

namespace abcds {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

// While it lives a signal only asks for the end: a power that is held must be taken back first.
class Interruptible {
 public:
  Interruptible() {
    interrupted = false;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &before_[i]);
    // Nobody reads any more what the other end of a closed pipe would.
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, &pipe_before_);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
  }
  ~Interruptible() {
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before_[i], nullptr);
    sigaction(SIGPIPE, &pipe_before_, nullptr);
    prctl(PR_SET_PDEATHSIG, 0);
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before_[std::size(kSignals)] {};
  struct sigaction pipe_before_ {};
};

template <class Message>
absl::Status Print(const absl::StatusOr<Message>& message, std::ostream& out) {
  if (!message.ok()) return message.status();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  static_cast<void>(google::protobuf::util::MessageToJsonString(*message, &text, options));
  out << text << "\n" << std::flush;
  return out.good() ? absl::OkStatus() : absl::CancelledError("nobody reads the answer");
}

template <class Message>
absl::Status Parse(const std::string& json, Message& request) {
  const auto status = google::protobuf::util::JsonStringToMessage(json, &request);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the request is no ", request.GetDescriptor()->name(), " in JSON: ", status.ToString()));
}

// One call with its request, as the desk has it.
template <class Request, class Call>
absl::Status Run(const std::string& json, std::ostream& out, Call&& call) {
  Request request;
  if (absl::Status status = Parse(json, request); !status.ok()) return status;
  return Print(call(request), out);
}

}  // namespace

int RunDevice(const std::vector<std::string>& arguments, std::istream&, std::ostream& out, std::ostream& err) {
  if (arguments.size() != 2) {
    err << "device wants a call of DevicesService and its request in JSON; `abcdsctl device` knows them\n";
    return kToolUsage;
  }
  const std::string& call = arguments[0];
  const std::string& json = arguments[1];
  const Interruptible interruptible;
  const Cancelled cancelled = [] { return interrupted.load(); };
  DeviceDesk desk;
  absl::Status status;
  if (call == "ListDeviceTypes") {
    status = Run<v1::ListDeviceTypesRequest>(
        json, out, [&](const auto&) { return absl::StatusOr<v1::ListDeviceTypesResponse>(desk.Types()); });
  } else if (call == "ScanDevices") {
    v1::ScanDevicesRequest request;
    status = Parse(json, request);
    const auto sink = [&out](const v1::ScanDevicesResponse& event) {
      return Print(absl::StatusOr<v1::ScanDevicesResponse>(event), out).ok();
    };
    if (status.ok()) status = desk.ScanPorts(request, sink, cancelled);
  } else if (call == "ProbeDevice") {
    status = Run<v1::ProbeDeviceRequest>(json, out, [&](const auto& request) { return desk.Probe(request, cancelled); });
  } else if (call == "ReadDevice") {
    status = Run<v1::ReadDeviceRequest>(json, out, [&](const auto& request) { return desk.Read(request, cancelled); });
  } else if (call == "WriteDevice") {
    status = Run<v1::WriteDeviceRequest>(json, out, [&](const auto& request) { return desk.Write(request, cancelled); });
  } else {
    err << "DevicesService has no call \"" << call << "\" that works without a daemon\n";
    return kToolUsage;
  }
  if (status.ok()) return kToolOk;
  err << absl::StrReplaceAll(std::string(status.message()), {{"\n", " "}}) << "\n";
  return kToolFailed;
}

}  // namespace abcds
