#include "monitoring/exporter.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>

#include <exception>
#include <utility>
#include <vector>

namespace abcds {
namespace {

class PlantMetrics final : public prometheus::Collectable {
 public:
  PlantMetrics(BuildFacts build, const SnapshotSource& source) : build_(std::move(build)), source_(source) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    return CollectMetrics(build_, source_.Observe());
  }

 private:
  const BuildFacts build_;
  const SnapshotSource& source_;
};

class CivetExporter final : public Exporter {
 public:
  // Throws what civetweb throws.
  CivetExporter(const std::string& listen, const BuildFacts& build, const SnapshotSource& source)
      : metrics_(std::make_shared<PlantMetrics>(build, source)),
        // Two threads are two scrapers at a time; a client that says nothing holds one for 5 s at most.
        exposer_(std::vector<std::string>{"listening_ports", listen, "num_threads", "2", "request_timeout_ms", "5000",
                                          "enable_keep_alive", "no"}) {
    exposer_.RegisterCollectable(metrics_);
  }

  [[nodiscard]] int port() const override {
    const std::vector<int> ports = exposer_.GetListeningPorts();
    return ports.empty() ? 0 : ports.front();
  }

 private:
  const std::shared_ptr<PlantMetrics> metrics_;  // the exposer keeps a weak pointer
  prometheus::Exposer exposer_;
};

// civetweb takes numeric addresses only.
std::string Numeric(const std::string& listen) {
  constexpr char kLocalhost[] = "localhost:";
  return listen.rfind(kLocalhost, 0) == 0 ? "127.0.0.1:" + listen.substr(sizeof kLocalhost - 1) : listen;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Exporter>> Exporter::Start(const std::string& listen, const BuildFacts& build,
                                                          const SnapshotSource& source) {
  try {
    return std::unique_ptr<Exporter>(std::make_unique<CivetExporter>(Numeric(listen), build, source));
  } catch (const std::exception&) {
    // Its text names neither address nor cause.
    return absl::AlreadyExistsError("metrics cannot listen on " + listen +
                                    ": another program may be using the port; stop it, or set services.metrics_listen "
                                    "to another one");
  }
}

}  // namespace abcds
