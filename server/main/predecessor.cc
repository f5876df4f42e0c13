#include "server/main/predecessor.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>

#include "hal/units/line_owner.h"

namespace abcds {
namespace {

struct Process {
  std::string name;
  int parent = 0;
  bool zombie = false;
};

// "123 (name) S 1 ...": the name may hold anything, the last parenthesis ends it.
bool ParseStat(const std::string& stat, Process& process) {
  const size_t open = stat.find('(');
  const size_t close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open || stat.size() < close + 5) return false;
  process.name = stat.substr(open + 1, close - open - 1);
  const char* const parent = stat.data() + close + 4;
  process.zombie = stat[close + 2] == 'Z';
  return std::from_chars(parent, stat.data() + stat.size(), process.parent).ec == std::errc();
}

// A zombie has let go of everything, but for one whose other threads are still ending.
bool HasEnded(const Process& process, const std::filesystem::path& folder) {
  if (!process.zombie) return false;
  int threads = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder / "task", error), end; !error && entry != end;
       entry.increment(error)) {
    ++threads;
  }
  return threads <= 1;
}

std::map<int, Process> Processes(const std::string& proc) {
  std::map<int, Process> processes;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(proc, error), end; !error && entry != end; entry.increment(error)) {
    const std::string number = entry->path().filename();
    int pid = 0;
    const auto [rest, bad] = std::from_chars(number.data(), number.data() + number.size(), pid);
    if (bad != std::errc() || rest != number.data() + number.size()) continue;
    std::ifstream file(entry->path() / "stat");
    std::string stat;
    Process process;
    if (std::getline(file, stat) && ParseStat(stat, process) && !HasEnded(process, entry->path())) {
      processes[pid] = process;
    }
  }
  return processes;
}

}  // namespace

bool SomeoneIsOrphaned(const std::string& proc) {
  const std::map<int, Process> processes = Processes(proc);
  for (const auto& [pid, process] : processes) {
    if (process.name != kWorkerProcess && process.name != kEndingProcess && process.name != kSafeStateProcess) continue;
    const auto parent = processes.find(process.parent);
    if (parent == processes.end() || parent->second.zombie || parent->second.name.rfind("abcdsd", 0) != 0) return true;
  }
  return false;
}

}  // namespace abcds
