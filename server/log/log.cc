#include "server/log/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "hal/rt/clock.h"

namespace abcds {
namespace {

struct LevelText {
  LogLevel level;
  const char* name;
  const char* journal_priority;  // as syslog(3) numbers them
};

constexpr std::array<LevelText, 4> kLevels = {{
    {LogLevel::kDebug, "debug", "<7>"},
    {LogLevel::kInfo, "info", "<6>"},
    {LogLevel::kWarning, "warning", "<4>"},
    {LogLevel::kError, "error", "<3>"},
}};

const LevelText& TextOf(LogLevel level) { return kLevels[static_cast<size_t>(level)]; }

// "2026-11-22 09:24:53.123", local time: what the owner's own clock shows.
std::string FormatTime(WallTime time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  char date[32];
  const size_t length = std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03d", static_cast<int>(milliseconds % 1000));
  return std::string(date, length) + fraction;
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (const LevelText& text : kLevels) {
    if (name == text.name) return text.level;
  }
  return std::nullopt;
}

bool StandardErrorIsJournal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return std::string_view(stream) == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

Log::Log(LogOptions options) : options_(std::move(options)) {}

void Log::Write(LogLevel level, std::string_view message) {
  if (level < options_.least) return;
  WriteLine(level, message);
}

void Log::WriteLimited(LogLevel level, std::string_view key, std::string_view message) {
  if (level < options_.least) return;
  const MonotonicTime now = options_.monotonic_clock ? options_.monotonic_clock() : MonotonicNow();
  uint64_t left_out = 0;
  {
    const std::lock_guard lock(mutex_);
    auto found = windows_.find(key);
    if (found == windows_.end()) {
      if (windows_.size() >= kKeysMax) {
        windows_.erase(std::min_element(windows_.begin(), windows_.end(),
                                        [](const auto& a, const auto& b) { return a.second.begin < b.second.begin; }));
      }
      found = windows_.emplace(std::string(key), Window{now, 0, 0}).first;
    }
    Window& window = found->second;
    if (now - window.begin >= kWindow) {
      window.begin = now;
      window.written = 0;
      left_out = std::exchange(window.left_out, 0);
    }
    if (window.written >= kBurst) {
      ++window.left_out;
      return;
    }
    ++window.written;
  }
  if (left_out == 0) return WriteLine(level, message);
  WriteLine(level, std::string(message) + " (" + std::to_string(left_out) + " more like this were left out)");
}

void Log::WriteLine(LogLevel level, std::string_view message) {
  std::string line;
  line.reserve(message.size() + 48);
  if (options_.journald) {
    line += TextOf(level).journal_priority;
  } else {
    line += FormatTime(options_.wall_clock());
    line += ' ';
    line += TextOf(level).name;
    line += ": ";
  }
  for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  line += '\n';
  // One write() per line, so that lines of several threads do not mix. A reader that has gone is no reason to stop.
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t result = write(options_.fd, line.data() + written, line.size() - written);
    if (result < 0 && errno == EINTR) continue;
    if (result <= 0) return;
    written += static_cast<size_t>(result);
  }
}

}  // namespace abcds
