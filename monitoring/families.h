// A small builder of Prometheus metric families.
#ifndef ABCDS_MONITORING_FAMILIES_H_
#define ABCDS_MONITORING_FAMILIES_H_

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

#include "control/runtime/snapshot.h"

namespace abcds {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Collects samples into families in the order in which the families are first named. Names start with "abcds_".
class Families {
 public:
  void Gauge(const char* name, const char* help, double value, const Labels& labels = {});
  void Counter(const char* name, const char* help, double value, const Labels& labels = {});
  void Histogram(const char* name, const char* help, const DurationHistogram& histogram);

  [[nodiscard]] std::vector<prometheus::MetricFamily> Take() { return std::move(families_); }

 private:
  prometheus::ClientMetric& Add(const char* name, const char* help, prometheus::MetricType type, const Labels& labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace abcds

#endif  // ABCDS_MONITORING_FAMILIES_H_
