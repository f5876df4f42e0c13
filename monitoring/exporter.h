// The HTTP endpoint that Prometheus scrapes.
#ifndef ABCDS_MONITORING_EXPORTER_H_
#define ABCDS_MONITORING_EXPORTER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "monitoring/metrics.h"
#include "monitoring/snapshot_source.h"

namespace abcds {

// Serves "/metrics". Destroying it takes civetweb about 1.7 s, so never do that before the converters are stopped.
class Exporter {
 public:
  // Binds "address:port" (port 0: any) and serves. AlreadyExists, naming the address, when it cannot be bound. `source`
  // must outlive it.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Exporter>> Start(const std::string& listen,
                                                                       const BuildFacts& build,
                                                                       const SnapshotSource& source);
  virtual ~Exporter() = default;
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  [[nodiscard]] virtual int port() const = 0;

 protected:
  Exporter() = default;
};

}  // namespace abcds

#endif  // ABCDS_MONITORING_EXPORTER_H_
