#include "monitoring/families.h"

#include <algorithm>
#include <limits>

namespace abcds {

prometheus::ClientMetric& Families::Add(const char* name, const char* help, prometheus::MetricType type,
                                        const Labels& labels) {
  auto family = std::find_if(families_.begin(), families_.end(), [&](const auto& f) { return f.name == name; });
  if (family == families_.end()) {
    families_.push_back({name, help, type, {}});
    family = families_.end() - 1;
  }
  prometheus::ClientMetric metric;
  for (const auto& [label, value] : labels) metric.label.push_back({label, value});
  family->metric.push_back(std::move(metric));
  return family->metric.back();
}

void Families::Gauge(const char* name, const char* help, double value, const Labels& labels) {
  Add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void Families::Counter(const char* name, const char* help, double value, const Labels& labels) {
  Add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void Families::Histogram(const char* name, const char* help, const DurationHistogram& histogram) {
  auto& result = Add(name, help, prometheus::MetricType::Histogram, {}).histogram;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    cumulative += histogram.counts[i];
    const bool last = i == DurationHistogram::kBoundsSeconds.size();
    result.bucket.push_back(
        {cumulative, last ? std::numeric_limits<double>::infinity() : DurationHistogram::kBoundsSeconds[i]});
  }
  result.sample_count = cumulative;
  result.sample_sum = histogram.sum_seconds;
}

}  // namespace abcds
