// A real mosquitto of our own, for simulations and tests; never the system's service.
#ifndef ABCDS_HAL_SIM_WIRE_BROKER_PROCESS_H_
#define ABCDS_HAL_SIM_WIRE_BROKER_PROCESS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"

namespace abcds::sim {

// Runs /usr/sbin/mosquitto as a child that dies with us, on a loopback port, without login and without persistence.
class BrokerProcess {
 public:
  BrokerProcess();
  ~BrokerProcess();
  BrokerProcess(const BrokerProcess&) = delete;
  BrokerProcess& operator=(const BrokerProcess&) = delete;

  // Waits until it accepts connections. `extra_configuration`: lines for mosquitto.conf. Starts on a free port the
  // first time and on the same port later. Fails with a sentence when there is no mosquitto, or it ends by itself.
  [[nodiscard]] absl::Status Start(const std::string& extra_configuration = "");
  // Kills it without ceremony, as a power cut does. Idempotent.
  void Stop();
  // SIGSTOP and SIGCONT: the connections stay up, and nothing is answered.
  void Freeze(bool frozen);

  [[nodiscard]] int port() const { return port_; }

 private:
  [[nodiscard]] absl::Status WriteConfiguration(const std::string& extra) const;
  [[nodiscard]] bool Accepts() const;

  std::string configuration_path_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_BROKER_PROCESS_H_
