// The one implementation behind DevicesService and `abcdsd --tool device`: devices asked directly.
#ifndef ABCDS_SERVER_DEVICES_ACCESS_DESK_H_
#define ABCDS_SERVER_DEVICES_ACCESS_DESK_H_

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "abcds/v1/devices.pb.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/site.h"
#include "server/devices/access/configured.h"
#include "server/devices/access/scan.h"
#include "server/devices/direct_access.h"

namespace abcds {

// Thread-safe; the calls block. Errors as devices.proto says.
class DeviceDesk {
 public:
  // For a tool: nothing is known beforehand.
  DeviceDesk() = default;
  // For a daemon that runs `site`: its lines are never touched.
  explicit DeviceDesk(const Site& site) : connections_(ConnectionsOf(site)), occupied_(OccupiedLinesOf(site)) {}
  ~DeviceDesk();
  DeviceDesk(const DeviceDesk&) = delete;
  DeviceDesk& operator=(const DeviceDesk&) = delete;

  [[nodiscard]] v1::ListDeviceTypesResponse Types() const;
  // Targets are locations here: a name is NotFound.
  [[nodiscard]] absl::Status ScanPorts(const v1::ScanDevicesRequest& request, const ScanSink& sink,
                                       const Cancelled& cancelled);
  [[nodiscard]] absl::StatusOr<v1::ProbeDeviceResponse> Probe(const v1::ProbeDeviceRequest& request,
                                                              const Cancelled& cancelled);
  [[nodiscard]] absl::StatusOr<v1::ReadDeviceResponse> Read(const v1::ReadDeviceRequest& request,
                                                            const Cancelled& cancelled);
  [[nodiscard]] absl::StatusOr<v1::WriteDeviceResponse> Write(const v1::WriteDeviceRequest& request,
                                                              const Cancelled& cancelled);

  // Of a device of the site; "" where there is none of that name.
  [[nodiscard]] std::string ConnectionOf(const std::string& name) const;

  // Refuses what comes from now on, and ends what is under way: a held power with 0 W. Returns at once.
  void EndSoon() { stopping_ = true; }
  // Whether no power is held any more, after at most `limit`. After EndSoon().
  [[nodiscard]] bool AwaitWrites(Nanoseconds limit);

 private:
  // A write is under way as long as it lives.
  class Writing;
  struct Asked {
    const DirectAccess* access = nullptr;
    DirectTarget target;
  };
  [[nodiscard]] absl::StatusOr<Asked> Resolve(const v1::DeviceTarget& target) const;
  // `work` alone, or ResourceExhausted while other work goes on.
  template <class Work>
  absl::Status Alone(const Cancelled& cancelled, Work&& work);

  const std::map<std::string, std::string> connections_{};
  const std::vector<OccupiedLine> occupied_{};
  std::mutex working_;
  // Inside of working_. No timed mutex: the thread sanitizer does not see those.
  std::mutex writing_mutex_;
  std::condition_variable written_;
  bool writing_ = false;  // guarded by writing_mutex_
  std::atomic<bool> stopping_{false};
};

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_ACCESS_DESK_H_
