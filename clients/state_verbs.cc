#include "clients/state_verbs.h"

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "clients/json.h"
#include "clients/report.h"
#include "clients/screen.h"
#include "clients/terminal.h"
#include "clients/version.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/time_util.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;

void Print(std::ostream& out, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) out << line << "\n";
}

absl::StatusOr<milliseconds> Interval(const Invocation& invocation) {
  return ParseDuration(invocation.line.Get("interval", "1s"));
}

}  // namespace

int RunStatus(const Invocation& invocation) {
  const auto response = invocation.Connect()->GetState();
  if (!response.ok()) return invocation.Failed(response.status());
  if (invocation.json) {
    invocation.out << ToJson(response->state(), true);
  } else {
    Print(invocation.out, StatusLines(response->state()));
  }
  return kExitOk;
}

int RunWatch(const Invocation& invocation) {
  const auto interval = Interval(invocation);
  if (!interval.ok()) return invocation.UsageError(std::string(interval.status().message()));
  int left = std::numeric_limits<int>::max();
  if (invocation.line.Has("count")) {
    const auto count = ParseCount(invocation.line.Get("count", ""));
    if (!count.ok()) return invocation.UsageError(std::string(count.status().message()));
    left = *count;
  }
  const absl::Status status = invocation.Connect()->WatchState(*interval, [&](const v1::PlantState& state) {
    invocation.out << (invocation.json ? ToJson(state, false) : WatchLine(state) + "\n") << std::flush;
    return --left > 0 && invocation.out.good();  // a closed pipe ends the watch
  });
  return status.ok() ? static_cast<int>(kExitOk) : invocation.Failed(status);
}

int RunTop(const Invocation& invocation) {
  const auto interval = Interval(invocation);
  if (!interval.ok()) return invocation.UsageError(std::string(interval.status().message()));
  if (invocation.json) return invocation.UsageError("top draws a screen; JSON lines come from `abcdsctl watch --json`");
  {
    // Asked once before the screen is taken, so that "no daemon" is an ordinary error message.
    const auto first = invocation.Connect()->GetState();
    if (!first.ok()) return invocation.Failed(first.status());
  }
  const auto terminal = Terminal::Take();
  if (!terminal.ok()) return invocation.UsageError(std::string(terminal.status().message()));
  const std::unique_ptr<Client> client = invocation.Connect();
  GridHistory history;
  v1::PlantState state;
  std::string note;
  auto next = std::chrono::steady_clock::now();
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= next) {
      const auto response = client->GetState();
      note = response.ok() ? "" : "old values: " + std::string(response.status().message());
      if (response.ok()) state = response->state();
      history.Add(response.ok() ? state : v1::PlantState());
      next = now + *interval;
    }
    (*terminal)->Draw(RenderScreen(state, history, (*terminal)->size(), note));
    const auto pause = std::chrono::duration_cast<milliseconds>(next - std::chrono::steady_clock::now());
    if ((*terminal)->Wait(std::max(pause, milliseconds(0)) + milliseconds(1)) == Terminal::Event::kQuit) return kExitOk;
  }
}

int RunExplain(const Invocation& invocation) {
  const auto response = invocation.Connect()->Explain();
  if (!response.ok()) return invocation.Failed(response.status());
  if (invocation.json) {
    invocation.out << ToJson(*response, true);
  } else {
    Print(invocation.out, ExplainLines(*response, google::protobuf::util::TimeUtil::GetCurrentTime()));
  }
  return kExitOk;
}

int RunVersion(const Invocation& invocation) {
  // Our own version needs no daemon; its version is told where one answers.
  const auto response = invocation.Connect()->GetState();
  if (invocation.json) {
    google::protobuf::Struct versions;
    (*versions.mutable_fields())["abcdsctl"].set_string_value(kVersion);
    if (response.ok()) (*versions.mutable_fields())["abcdsd"].set_string_value(response->state().version());
    invocation.out << ToJson(versions, true);
    return kExitOk;
  }
  invocation.out << "abcdsctl " << kVersion << "\n";
  if (response.ok()) invocation.out << "abcdsd " << response->state().version() << " at " << invocation.address << "\n";
  return kExitOk;
}

}  // namespace abcds
