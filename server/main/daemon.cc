#include "server/main/daemon.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/rt/clock.h"
#include "hal/units/at_rest.h"
#include "server/main/listen.h"
#include "server/main/plant_memory.h"
#include "server/main/version.h"
#include "server/plant/explain.h"

namespace abcds {
namespace {

DeviceFacts FactsOf(const DeviceSet::View& view) { return {view.name, view.type}; }

SiteFacts FactsOf(const Site& site, const DeviceSet& devices) {
  SiteFacts facts;
  facts.site = site.name;
  facts.version = kVersion;
  facts.settings = site.core;
  facts.meter = FactsOf(devices.meter());
  if (devices.battery()) facts.battery = FactsOf(*devices.battery());
  for (const DeviceSet::View& view : devices.converters()) facts.converters.push_back(FactsOf(view));
  return facts;
}

DetailsSources SourcesOf(const DeviceSet& devices) {
  DetailsSources sources;
  sources.meter = devices.meter().details;
  if (devices.battery()) sources.battery = devices.battery()->details;
  for (const DeviceSet::View& view : devices.converters()) sources.converters.push_back(view.details);
  return sources;
}

// Told 0 W, and seen without power since `began`; where a device reports no power, its word must do.
bool HasComeToRest(const ConverterState& state, MonotonicTime began) {
  if (!state.acknowledged.valid || state.acknowledged.value != Watts(0)) return false;
  if (!state.power.valid) return state.acknowledged.taken_at >= began;
  return state.power.taken_at >= began && Magnitude(state.power.value) < kAtRest;
}

// The desk speaks the proto's words already: nothing is left to translate.
DirectDevices DirectDevicesOf(DeviceDesk& desk) {
  DirectDevices direct;
  direct.types = [&desk] { return desk.Types(); };
  direct.scan = [&desk](const auto& request, const auto& sink, const auto& cancelled) {
    return desk.ScanPorts(request, sink, cancelled);
  };
  direct.probe = [&desk](const auto& request, const auto& cancelled) { return desk.Probe(request, cancelled); };
  direct.read = [&desk](const auto& request, const auto& cancelled) { return desk.Read(request, cancelled); };
  direct.write = [&desk](const auto& request, const auto& cancelled) { return desk.Write(request, cancelled); };
  direct.connection = [&desk](const std::string& name) { return desk.ConnectionOf(name); };
  return direct;
}

}  // namespace

Daemon::Daemon(const Site& site, const DaemonOptions& options, StateKeeper& keeper, Log& log)
    : site_(site),
      options_(options),
      keeper_(keeper),
      log_(log),
      desk_(site) {}

absl::Status Daemon::Start() {
  absl::StatusOr<std::unique_ptr<DeviceSet>> devices = DeviceSet::Build(
      site_, keeper_, options_.observe ? DeviceSet::Purpose::kObserve : DeviceSet::Purpose::kRegulate);
  if (!devices.ok()) return devices.status();
  devices_ = *std::move(devices);
  const LoopOptions options = {site_.period, site_.priority, site_.cpu, options_.allow_non_realtime};
  loop_ = std::make_unique<ControlLoop>(site_.core, options, devices_->cycle_devices());
  SiteFacts facts = FactsOf(site_, *devices_);
  facts.observing = options_.observe;
  const PlantMemory before = TakeOver(facts);
  for (const Latch& latch : before.latches) loop_->RestoreLatch(latch.fault, latch.converter);
  for (const auto& [converter, watts] : before.learned_w) loop_->RestoreLearned(converter, Watts(watts));
  for (const auto& [converter, savings] : before.savings) {
    loop_->RestoreSavings(converter, {.left = static_cast<double>(savings.left), .written = savings.written});
  }
  plant_ = std::make_unique<Plant>(
      facts, SourcesOf(*devices_), PlantBorder{loop_->snapshots(), loop_->events(), loop_->intents()}, log_, before,
      [this, facts](const PlantMemory& memory) {
        keeper_.Change([&](KeptState& kept) { Keep(memory, facts, kept); });
      });
  if (absl::Status status = StartServices(); !status.ok()) return status;
  return StartPlant();
}

PlantMemory Daemon::TakeOver(const SiteFacts& facts) {
  const TakenOver taken = MemoryOf(keeper_.state(), facts);
  for (const std::string& one : taken.dropped) {
    log_.Warning(absl::StrCat(one, " was latched before this start and is forgotten: it is not of this configuration any more"));
  }
  if (const std::string text = TakenOverText(taken.memory, facts); !text.empty()) log_.Warning(text);
  keeper_.Change([&](KeptState& kept) { Keep(taken.memory, facts, kept); });
  return taken.memory;
}

absl::Status Daemon::StartServices() {
  for (const auto& [field, listen] : {std::pair("services.grpc_listen", &site_.grpc_listen),
                                      std::pair("services.metrics_listen", &site_.metrics_listen)}) {
    if (listen->empty()) continue;
    if (absl::Status status = CheckCanListen(field, *listen); !status.ok()) return status;
  }
  if (!site_.grpc_listen.empty()) {
    grpc_ = std::make_unique<GrpcServer>(*plant_, DirectDevicesOf(desk_));
    if (absl::Status status = grpc_->Start(site_.grpc_listen); !status.ok()) return status;
  }
  if (!site_.metrics_listen.empty()) {
    source_ = std::make_unique<PlantSource>(*plant_, [this] { return devices_->threads(); });
    absl::StatusOr<std::unique_ptr<Exporter>> exporter =
        Exporter::Start(site_.metrics_listen, {kVersion, site_.name}, *source_);
    if (!exporter.ok()) return exporter.status();
    exporter_ = *std::move(exporter);
  }
  return absl::OkStatus();
}

absl::Status Daemon::StartPlant() {
  if (absl::Status status = devices_->Start(); !status.ok()) return status;
  if (absl::Status status = loop_->Start(); !status.ok()) {
    devices_->Stop();
    return status;
  }
  plant_->Start();
  if (plant_->WaitNewer(0, std::chrono::seconds(5)) == nullptr) {
    static_cast<void>(StopPlant());
    return absl::UnavailableError("no control cycle has run within 5 s after the start; is the machine overloaded?");
  }
  if (grpc_ != nullptr) grpc_->SetServing(true);
  return absl::OkStatus();
}

absl::Status Daemon::Tend() {
  if (grpc_ != nullptr) grpc_->SetServing(plant_->Alive());
  const std::vector<ThreadProgress> threads = devices_->threads();
  const MonotonicTime now = MonotonicNow();
  const std::optional<size_t> hangs = hangs_.Look(threads, now);
  if (!hangs) return absl::OkStatus();
  return absl::InternalError(absl::StrFormat(
      "%s: the thread that speaks to it has hung for %.1f s, and the converter keeps its last setpoint meanwhile",
      site_.converters[*hangs].name, ToSeconds(now - threads[*hangs].went_on_at)));
}

bool Daemon::StopPlant() {
  desk_.EndSoon();
  plant_->AnnounceEnd();
  loop_->Stop();
  const MonotonicTime began = MonotonicNow();
  devices_->Stop();
  // What they say after their own stop; the cycle, whose reading this is otherwise, has ended.
  const CycleDevices devices = devices_->cycle_devices();
  bool confirmed = true;
  for (size_t i = 0; i < site_.converters.size(); ++i) {
    if (HasComeToRest(devices.converters[i]->Latest(), began)) continue;
    log_.Warning(absl::StrCat(site_.converters[i].name, ": has not confirmed 0 W; if it has power, check it"));
    confirmed = false;
  }
  if (!desk_.AwaitWrites(std::chrono::milliseconds(500))) {
    log_.Warning("a power was being held by hand on a device beside the configuration; it may not have heard 0 W yet");
    confirmed = false;
  }
  return confirmed;
}

void Daemon::EndPlant() { plant_->Stop(); }

void Daemon::EndStreams() {
  if (grpc_ != nullptr) grpc_->Stop(std::chrono::milliseconds(100));
}

std::string Daemon::Greeting() const {
  const Plant::StatePtr state = plant_->Latest();
  const CycleStatistics& cycle = state->snapshot.cycle;
  std::string text = absl::StrCat("abcdsd ", kVersion, ", site \"", site_.name, "\": ",
                                  options_.observe ? "observing, commands nothing, " : "running, ",
                                  cycle.real_time ? "real time, " : "without real-time priority, ", "one cycle every ",
                                  ToSeconds(site_.period) * 1e3, " ms\n");
  if (!site_.grpc_listen.empty()) absl::StrAppend(&text, "  gRPC     ", site_.grpc_listen, "\n");
  if (!site_.metrics_listen.empty()) absl::StrAppend(&text, "  metrics  http://", site_.metrics_listen, "/metrics\n");
  absl::StrAppend(&text, "  plant    ", ExplainPlant(plant_->facts(), state->snapshot), "\n");
  return text;
}

}  // namespace abcds
