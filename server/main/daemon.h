// Daemon: everything that runs, assembled and started in the order that safety asks for.
#ifndef ABCDS_SERVER_MAIN_DAEMON_H_
#define ABCDS_SERVER_MAIN_DAEMON_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "control/runtime/control_loop.h"
#include "monitoring/exporter.h"
#include "server/config/site.h"
#include "server/devices/access/desk.h"
#include "server/devices/device_set.h"
#include "server/grpc/server.h"
#include "server/log/log.h"
#include "server/main/hang_watch.h"
#include "server/main/plant_source.h"
#include "server/plant/plant.h"
#include "server/state/state_keeper.h"

namespace abcds {

struct DaemonOptions {
  bool allow_non_realtime = false;
  bool observe = false;  // computes and explains everything, opens and commands no converter
};

class Daemon {
 public:
  // All are to outlive it.
  Daemon(const Site& site, const DaemonOptions& options, StateKeeper& keeper, Log& log);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Ports first, while nothing has been touched, then actuators at 0 W, BMS and meter, then the control cycle. On
  // failure every converter that was started is at 0 W again. Returns when the first cycle has been published.
  [[nodiscard]] absl::Status Start();

  // To be called every second or so: health follows the control cycle. Not OK, with one sentence, when the daemon must
  // end since a converter cannot be commanded any more: its thread hangs.
  [[nodiscard]] absl::Status Tend();

  // Control cycles so far, for the heartbeat. Any thread, after Start() has succeeded.
  [[nodiscard]] uint64_t Cycles() const { return loop_->Heartbeat(); }

  // The cycle ends with a command of 0 W for all; then each converter confirms or 2 s pass, all in parallel. Whether
  // all have confirmed. A power that somebody holds on another device by hand ends likewise.
  bool StopPlant();
  // After StopPlant(): what its last cycle latched is with the keeper.
  void EndPlant();
  // Tells the clients. Network threads are not joined, as that can take seconds: the process ends with _exit()
  // afterwards.
  void EndStreams();

  // Addresses and what the plant does now, several lines.
  [[nodiscard]] std::string Greeting() const;

 private:
  // What earlier runs left for a person to undo, and says so.
  [[nodiscard]] PlantMemory TakeOver(const SiteFacts& facts);
  [[nodiscard]] absl::Status StartServices();
  [[nodiscard]] absl::Status StartPlant();

  const Site& site_;
  const DaemonOptions options_;
  StateKeeper& keeper_;
  Log& log_;
  std::unique_ptr<DeviceSet> devices_;
  HangWatch hangs_;
  std::unique_ptr<ControlLoop> loop_;
  std::unique_ptr<Plant> plant_;
  std::unique_ptr<PlantSource> source_;
  DeviceDesk desk_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<Exporter> exporter_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_DAEMON_H_
