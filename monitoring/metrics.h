// The plant as Prometheus metrics. Pure translation: README.md lists every metric, and a test compares.
#ifndef ABCDS_MONITORING_METRICS_H_
#define ABCDS_MONITORING_METRICS_H_

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "monitoring/snapshot_source.h"

namespace abcds {

// What does not change while the process runs.
struct BuildFacts {
  std::string version;
  std::string site;
};

// Names by the Prometheus conventions: prefix abcds_, base units, counters end in _total. Labels have a bounded number
// of values: configured names and our own enumerations. What is unknown is absent, never 0. Before the first control
// cycle only the build is told.
[[nodiscard]] std::vector<prometheus::MetricFamily> CollectMetrics(const BuildFacts& build,
                                                                   const Observation& observation);

}  // namespace abcds

#endif  // ABCDS_MONITORING_METRICS_H_
