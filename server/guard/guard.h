// The parent that outlives the worker: sees it die or hang, brings every converter to 0 W, starts it again.
#ifndef ABCDS_SERVER_GUARD_GUARD_H_
#define ABCDS_SERVER_GUARD_GUARD_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "hal/units/time.h"
#include "server/guard/restart_pauses.h"
#include "server/log/log.h"

namespace abcds {

struct GuardTiming {
  Nanoseconds first_beat = std::chrono::seconds(10);  // from fork to the first heartbeat
  Nanoseconds silence = std::chrono::seconds(1);      // without a heartbeat: killed
  Nanoseconds end = std::chrono::seconds(6);          // from SIGTERM to the worker's end; it takes 3.5 s at most
  // A process that has closed the heartbeat pipe and is not gone yet is stuck in closing something.
  Nanoseconds closing = std::chrono::milliseconds(500);
  Nanoseconds safe_state = std::chrono::seconds(6);  // one attempt, after which its processes are killed
  Nanoseconds safe_state_pause_first = std::chrono::milliseconds(500);  // between attempts; doubles
  Nanoseconds safe_state_pause_longest = std::chrono::seconds(10);
  Nanoseconds last_safe_state = std::chrono::seconds(3);  // at the daemon's own end no attempt begins after it
};

struct GuardOptions {
  std::string program = "/proc/self/exe";  // also after an upgrade has replaced the file: the one that runs now
  std::vector<std::string> worker;         // its arguments, name included
  std::vector<std::string> restarted_worker;  // likewise, once one has run; empty: the same
  std::vector<std::string> safe_state;     // likewise; ends with status 0 when all converters have confirmed 0 W; empty:
                                           // the worker only observes, and no converter is anybody's business here
  std::string config;                      // handed down as it is: a file edited meanwhile changes no restart
  GuardTiming timing = {};
};

// One thread, no library: little that could fail, and a fork that copies little.
class Guard {
 public:
  Guard(GuardOptions options, Log& log);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // Until SIGTERM, SIGINT or SIGHUP (unless started with nohup) has ended the worker, or the worker has refused its first
  // start. The exit code of the daemon. Once per process: it takes over the process's signals.
  [[nodiscard]] int Run();

 private:
  // A child process; pid -1: none.
  struct Worker {
    pid_t pid = -1;
    int life = -1;       // our end; closing it tells the worker that we are gone
    int heartbeat = -1;  // our end; -1 after its end of file
    MonotonicTime started_at;
    MonotonicTime heard_at;                // the last beat
    bool beaten = false;                   // at least one
    std::optional<MonotonicTime> closing;  // since when the heartbeat is at its end of file
    bool killed = false;                   // by us
  };
  struct Attempt {
    pid_t pid = -1;
    MonotonicTime kill_at;
  };

  void StartWorker(MonotonicTime now);
  void KillWorker(MonotonicTime now, const std::string& why);
  void ReadHeartbeat(MonotonicTime now);
  void ReadSignals(MonotonicTime now);
  void Reap(MonotonicTime now);
  void OnWorkerEnd(int status, MonotonicTime now);
  void OnAttemptEnd(int status, MonotonicTime now);
  // The worker is dead, or as good as: from now on converters are brought to 0 W.
  void BeginSafeState(MonotonicTime now);
  void StartAttempt(MonotonicTime now);
  void Act(MonotonicTime now);
  void ActOnWorker(MonotonicTime now);
  void ActOnSafeState(MonotonicTime now);
  [[nodiscard]] MonotonicTime NextLook(MonotonicTime now) const;
  void Wait(MonotonicTime until);
  void End(int code) { exit_code_ = code; }
  [[nodiscard]] bool Ending() const { return asked_ > 0 || refused_; }
  // `what` is said of the converters, where they are ours.
  [[nodiscard]] std::string Promise(const char* what) const { return options_.safe_state.empty() ? "" : what; }

  const GuardOptions options_;
  Log& log_;
  const GuardTiming& timing_;
  int config_ = -1;
  int signals_ = -1;

  Worker worker_;
  Attempt attempt_;
  RestartPauses pauses_;
  bool ran_ = false;  // some worker has regulated: its configuration is good
  int asked_ = 0;     // signals that ask for the end
  bool refused_ = false;  // the first start: this is the end, too
  MonotonicTime asked_at_;

  // While the worker is down.
  bool safe_state_begun_ = false;
  bool tried_ = false;      // an attempt has ended
  bool confirmed_ = false;  // every converter has confirmed 0 W since the worker's death
  MonotonicTime attempt_at_;
  Nanoseconds attempt_pause_{0};
  MonotonicTime restart_at_;
  MonotonicTime give_up_at_ = MonotonicTime::max();  // no attempt begins after it

  std::optional<int> exit_code_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GUARD_GUARD_H_
