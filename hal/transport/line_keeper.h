// The life of a bus's line: one thread that opens it, serves it until it is lost, and opens it again, for ever.
#ifndef ABCDS_HAL_TRANSPORT_LINE_KEEPER_H_
#define ABCDS_HAL_TRANSPORT_LINE_KEEPER_H_

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "hal/rt/progress.h"
#include "hal/rt/waker.h"
#include "hal/transport/reopen_pause.h"
#include "hal/units/line_owner.h"
#include "hal/units/time.h"

namespace abcds {

struct LineTiming {
  // Pauses between attempts to open the port.
  ReopenPause::Limits reopen;
  Nanoseconds reopen_longest_tcp = std::chrono::seconds(10);
  // A port that has answered nothing for this long is closed and opened again (a hung USB adapter, a half-open
  // connection); doubles up to `mute_longest` while that does not help.
  Nanoseconds mute_first = std::chrono::seconds(3);
  Nanoseconds mute_longest = std::chrono::seconds(30);
};

class LineKeeper {
 public:
  // Who waits for a client's next turn looks up at least that often, so that it is seen to go on.
  static constexpr Nanoseconds kLongestIdle = std::chrono::seconds(1);

  // A bus as its keeper sees it. Called by the keeper's thread; the first Open() by whoever starts it.
  class Line {
   public:
    // LineOwnedError() when somebody else owns the port, InvalidArgument when it can never be one. One sentence.
    [[nodiscard]] virtual absl::Status Open() = 0;
    [[nodiscard]] virtual bool IsOpen() const = 0;
    // Serves the clients over the open line until it is lost, and closed, or the keeper is stopping.
    virtual void Serve() = 0;
    // The end: without a word to the clients.
    virtual void Close() = 0;

   protected:
    ~Line() = default;
  };

  // `line` must outlive Stop().
  LineKeeper(Line& line, std::string port, const LineTiming& timing);
  ~LineKeeper();
  LineKeeper(const LineKeeper&) = delete;
  LineKeeper& operator=(const LineKeeper&) = delete;

  // Opens the port once, so that a mistake is told at once, and starts the thread; of a tcp:// port only its owner is
  // asked for, since connecting may take seconds. InvalidArgument where it can never be one; one that is absent, or
  // somebody else's, is tried again for ever.
  [[nodiscard]] absl::Status Start();
  // Ends the thread. Idempotent; after it there is no Start().
  void Stop();

  // Any thread.
  [[nodiscard]] bool running() const noexcept { return running_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(); }
  [[nodiscard]] Waker& waker() noexcept { return waker_; }
  [[nodiscard]] const std::string& port() const noexcept { return port_; }
  // Of the thread; not watched before Start() and after Stop().
  [[nodiscard]] ThreadProgress progress() const noexcept { return progress_.Now(); }
  // One sentence on what is wrong with the port now, and what to do; empty when nothing is.
  [[nodiscard]] std::string trouble() const;
  // Who has the port, if that is why it could not be opened the last time: LineOwnedError(), else OK.
  [[nodiscard]] absl::Status owned() const;
  void SetTrouble(const std::string& trouble);

  // The keeper's thread, within Serve().
  // To be asked in each round, every few seconds at least: who does not, hangs. False: the keeper is stopping.
  [[nodiscard]] bool GoesOn() noexcept;
  // Before the line is closed, which may take the kernel long.
  void OnClosing() noexcept;
  void OnOpened(MonotonicTime now) noexcept;
  // Somebody answered: the line is a good one.
  void OnAnswer(MonotonicTime now) noexcept;
  // Nobody did. True: for so long that the line is to be closed; it is then opened again without a pause.
  [[nodiscard]] bool OnSilence(MonotonicTime now) noexcept;

 private:
  void Run();
  // What came of an attempt to open the port.
  void Note(const absl::Status& opened);

  Line& line_;
  const std::string port_;
  const LineTiming timing_;
  Waker waker_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> running_{false};
  Progress progress_;
  std::thread thread_;

  // The keeper's thread.
  ReopenPause pause_;
  Nanoseconds mute_limit_;
  MonotonicTime answered_at_ = MonotonicTime::min();
  bool mute_ = false;  // the line is closed because nobody answered

  mutable std::mutex mutex_;
  std::string trouble_;
  // Not as a status: the threads would share its parts, whose count the thread sanitizer does not see.
  LineOwner owner_ = LineOwner::kNobody;
  std::string owned_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_LINE_KEEPER_H_
