#include "server/devices/safe_state.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/units/check.h"
#include "hal/units/line_owner.h"
#include "server/config/check.h"
#include "server/devices/device_type.h"
#include "server/devices/registry.h"
#include "server/state/safe_state_ledger.h"

namespace abcds {
namespace {

// Of several on one line, each gets the line for so long before the next one's turn. At first all together so long that
// the last one is told well within two seconds, and each at least the time for being told and a late acknowledgement;
// when all have been told, the turns grow to the time that a slow display takes to know.
constexpr Nanoseconds kFirstTurns = std::chrono::milliseconds(1000);
constexpr Nanoseconds kFirstTurnMost = std::chrono::milliseconds(400);
constexpr Nanoseconds kFirstTurnLeast = std::chrono::milliseconds(150);
constexpr Nanoseconds kLongestTurn = std::chrono::milliseconds(3000);
// Past the limit a child only has to close its port and report.
constexpr Nanoseconds kGrace = std::chrono::milliseconds(500);

struct Child {
  pid_t pid = -1;
  int done = -1;  // readable (its end) when the child has gone
  std::vector<size_t> group;
};

// The bus that a converter is on; empty where it has a line of its own.
std::string BusOf(const v1::Converter& converter) {
  const SelectedDevice device = DeviceOf(converter);
  ABCDS_CHECK(device.field != nullptr);
  const auto* field = device.options->GetDescriptor()->FindFieldByName("bus");
  return field == nullptr ? "" : device.options->GetReflection()->GetString(*device.options, field);
}

const DeviceType& TypeOf(const Site& site, size_t index) {
  const DeviceType* type = FindDeviceType(DeviceKind::kConverter, site.converters[index].arm);
  ABCDS_CHECK(type != nullptr);
  return *type;
}

const v1::Converter& ConverterOf(const Site& site, size_t index) {
  return site.config.converter(static_cast<int>(index));
}

// Whether every one has confirmed.
bool CommandTogether(const Site& site, const std::vector<size_t>& group, const SafeStateContext& context,
                     const SafeStateReport& report) {
  std::vector<const v1::Converter*> converters;
  for (const size_t index : group) converters.push_back(&ConverterOf(site, index));
  bool confirmed = true;
  TypeOf(site, group.front()).CommandSafeStateTogether(converters, context, [&](size_t i, const absl::Status& status) {
    confirmed = confirmed && status.ok();
    report(site.converters[group[i]].name, status);
  });
  return confirmed;
}

bool CommandInTurns(const Site& site, const std::vector<size_t>& group, SafeStateLedger& ledger, MonotonicTime deadline,
                    const SafeStateReport& report) {
  std::map<size_t, absl::Status> open;
  for (const size_t index : group) open[index] = absl::DeadlineExceededError("no time was left for it");
  bool owned = false;
  Nanoseconds turn_length =
      std::clamp(kFirstTurns / static_cast<int64_t>(group.size()), kFirstTurnLeast, kFirstTurnMost);
  do {
    for (auto entry = open.begin(); entry != open.end() && !owned;) {
      const MonotonicTime turn = open.size() == 1 ? deadline : std::min(deadline, MonotonicNow() + turn_length);
      const absl::Status status =
          TypeOf(site, entry->first).CommandSafeState(ConverterOf(site, entry->first), {site, ledger, turn});
      entry->second = status;
      if (status.ok()) {
        report(site.converters[entry->first].name, status);
        entry = open.erase(entry);
        continue;
      }
      ++entry;
      // A daemon owns the whole line, and commands what is on it: nothing that a retry could change.
      owned = OwnerOf(status) == LineOwner::kDaemon;
      if (!owned) continue;
      for (auto& [index, result] : open) result = status;
    }
    turn_length = std::min(turn_length * 5 / 2, kLongestTurn);
  } while (!open.empty() && !owned && MonotonicNow() < deadline);
  for (const auto& [index, status] : open) report(site.converters[index].name, status);
  return open.empty();
}

bool CommandGroup(const Site& site, const StateFile& file, const std::vector<size_t>& group, MonotonicTime deadline,
                  const SafeStateReport& report) {
  SafeStateLedger ledger(file);
  const bool confirmed = TypeOf(site, group.front()).safe_state_together()
                             ? CommandTogether(site, group, {site, ledger, deadline}, report)
                             : CommandInTurns(site, group, ledger, deadline, report);
  // A disk that cannot be written changes nothing about what the converters do; the daemon says so when it starts.
  static_cast<void>(ledger.Flush());
  return confirmed;
}

absl::Status Fork(const Site& site, const StateFile& file, const std::vector<size_t>& group, MonotonicTime deadline,
                  const SafeStateReport& report, Child& child) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ResourceExhaustedError(std::strerror(errno));
  child.pid = fork();
  if (child.pid == 0) _exit(CommandGroup(site, file, group, deadline, report) ? 0 : 1);
  const int error = errno;
  close(ends[1]);
  child.done = ends[0];
  child.group = group;
  return child.pid > 0 ? absl::OkStatus() : absl::ResourceExhaustedError(std::strerror(error));
}

// Whether it has ended with every converter confirmed.
bool Await(const Child& child, MonotonicTime until, const Site& site, const SafeStateReport& report) {
  pollfd ended{.fd = child.done, .events = POLLIN, .revents = 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(until - MonotonicNow(), Nanoseconds(0)));
  const bool in_time = poll(&ended, 1, static_cast<int>(left.count())) > 0;
  close(child.done);
  int status = -1;
  if (!in_time) {
    kill(child.pid, SIGKILL);
  } else if (waitpid(child.pid, &status, 0) == child.pid && WIFEXITED(status)) {
    return WEXITSTATUS(status) == 0;
  }
  for (const size_t index : child.group) {
    report(site.converters[index].name, absl::DeadlineExceededError("its line is stuck; check its adapter"));
  }
  return false;
}

}  // namespace

std::vector<std::vector<size_t>> SafeStateGroups(const Site& site) {
  std::vector<std::vector<size_t>> groups;
  std::map<std::string, size_t> group_of_bus;
  for (size_t i = 0; i < site.converters.size(); ++i) {
    const std::string bus = BusOf(site.config.converter(static_cast<int>(i)));
    const auto known = group_of_bus.find(bus);
    if (!bus.empty() && known != group_of_bus.end()) {
      groups[known->second].push_back(i);
      continue;
    }
    if (!bus.empty()) group_of_bus[bus] = groups.size();
    groups.push_back({i});
  }
  return groups;
}

bool CommandSafeState(const Site& site, const StateFile& file, Nanoseconds limit, const SafeStateReport& report) {
  const MonotonicTime deadline = MonotonicNow() + limit;
  bool confirmed = true;
  std::vector<Child> children;
  for (const std::vector<size_t>& group : SafeStateGroups(site)) {
    Child child;
    if (Fork(site, file, group, deadline, report, child).ok()) {
      children.push_back(child);
    } else {
      // Without processes or memory for a child it is done here, one line after the other: late is better than never.
      if (child.done >= 0) close(child.done);
      confirmed = CommandGroup(site, file, group, deadline, report) && confirmed;
    }
  }
  for (const Child& child : children) confirmed = Await(child, deadline + kGrace, site, report) && confirmed;
  return confirmed;
}

}  // namespace abcds
