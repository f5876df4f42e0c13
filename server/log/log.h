// One-line log messages for people, on standard error.
#ifndef ABCDS_SERVER_LOG_LOG_H_
#define ABCDS_SERVER_LOG_LOG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "hal/units/time.h"

namespace abcds {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning", "error"; missing for anything else.
[[nodiscard]] std::optional<LogLevel> ParseLogLevel(std::string_view name);

struct LogOptions {
  int fd = 2;
  LogLevel least = LogLevel::kInfo;  // less important messages are dropped
  // The reader is journald: it adds the time itself and understands "<4>" as a priority.
  bool journald = false;
  std::function<WallTime()> wall_clock = [] { return std::chrono::system_clock::now(); };
  std::function<MonotonicTime()> monotonic_clock = {};  // missing: hal/rt/clock
};

// True when standard error is connected to journald, as sd-daemon(3) says: JOURNAL_STREAM names its device and inode.
[[nodiscard]] bool StandardErrorIsJournal();

// Thread-safe; not for the real-time thread. Control characters become spaces: one message is one line, whatever a
// device or a client has put into it. Callers hand in no secrets.
class Log {
 public:
  // Per key, so that something that happens in every cycle cannot fill the disk.
  static constexpr int kBurst = 5;
  static constexpr Nanoseconds kWindow = std::chrono::minutes(1);
  // Keys remembered; beyond it the oldest is forgotten, and may burst again.
  static constexpr size_t kKeysMax = 256;

  explicit Log(LogOptions options);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void Info(std::string_view message) { Write(LogLevel::kInfo, message); }
  void Warning(std::string_view message) { Write(LogLevel::kWarning, message); }
  void Error(std::string_view message) { Write(LogLevel::kError, message); }
  void Write(LogLevel level, std::string_view message);

  // At most kBurst messages per `key` and kWindow; the next one that passes says how many were left out.
  void WriteLimited(LogLevel level, std::string_view key, std::string_view message);

 private:
  struct Window {
    MonotonicTime begin;
    int written = 0;
    uint64_t left_out = 0;
  };

  void WriteLine(LogLevel level, std::string_view message);

  const LogOptions options_;
  std::mutex mutex_;
  std::map<std::string, Window, std::less<>> windows_;  // guarded by mutex_
};

}  // namespace abcds

#endif  // ABCDS_SERVER_LOG_LOG_H_
