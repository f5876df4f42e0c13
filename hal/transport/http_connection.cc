#include "hal/transport/http_connection.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/rt/waker.h"

namespace abcds {
namespace {

constexpr Nanoseconds kHousekeeping = std::chrono::milliseconds(500);
constexpr std::chrono::milliseconds kStopTimeout(1500);
// The library looks up between its steps; one of them may tidy away an old lookup of a name.
constexpr Nanoseconds kPatience = std::chrono::seconds(15);

// SIGPIPE of a broken connection goes to the thread that wrote: blocked here, no process-wide setting is needed.
void BlockSignals() noexcept {
  sigset_t all;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

class HttpConnection::Worker final : private HttpTransfer::Side {
 public:
  Worker(HttpOptions options, HttpClient& client) : transfer_(std::move(options)), client_(&client) {}

  void Run() noexcept {
    BlockSignals();
    pthread_setname_np(pthread_self(), "http");
    while (!stopping_.load()) {
      progress_.GoOn(MonotonicNow(), kPatience);
      const HttpRequest request = NextRequest();
      const MonotonicTime now = MonotonicNow();
      if (now < request.due) {
        waker_.WaitUntil(std::min({request.due, std::max(NextDue(), now), now + kHousekeeping}));
        TellTime();
        continue;
      }
      HttpReply reply;
      abandoned_ = false;
      try {
        reply = transfer_.Run(request.path, *this);
      } catch (...) {  // out of memory: the client's back-off gives it time
        reply = {};
      }
      if (stopping_.load()) break;
      if (abandoned_) continue;
      const MonotonicTime arrived_at = MonotonicNow();
      Tell([&](HttpClient& client) { client.OnReply(reply, arrived_at); });
    }
    // Here, on the thread that used them.
    transfer_.Close();
    progress_.End();
    const std::lock_guard lock(finished_mutex_);
    finished_ = true;
    finished_condition_.notify_all();
  }

  void Stop() {
    stopping_.store(true);
    waker_.Wake();
    const std::lock_guard lock(client_mutex_);  // waits for a call that is under way
    client_ = nullptr;
  }

  // False when the thread is still held up.
  bool WaitFinished() {
    std::unique_lock lock(finished_mutex_);
    return finished_condition_.wait_for(lock, kStopTimeout, [this] { return finished_; });
  }

  void Wake() noexcept { waker_.Wake(); }

  HttpCounters Counters() const { return transfer_.Counters(); }

  ThreadProgress progress() const noexcept { return progress_.Now(); }

 private:
  // Beside an exchange.
  bool GoesOn() noexcept override {
    progress_.GoOn(MonotonicNow(), kPatience);
    waker_.Clear();
    TellTime();
    Tell([&](HttpClient& client) { abandoned_ = client.Abandons(); });
    return !abandoned_ && !stopping_.load();
  }
  int fd() noexcept override { return waker_.fd(); }

  template <class Call>
  void Tell(Call&& call) noexcept {
    const std::lock_guard lock(client_mutex_);
    if (client_ != nullptr) call(*client_);
  }

  void TellTime() noexcept {
    const MonotonicTime now = MonotonicNow();
    Tell([&](HttpClient& client) {
      if (client.NextDue() <= now) client.OnTime(now);
    });
  }

  MonotonicTime NextDue() noexcept override {
    MonotonicTime due = MonotonicTime::max();
    Tell([&](HttpClient& client) { due = client.NextDue(); });
    return due;
  }

  HttpRequest NextRequest() noexcept {
    HttpRequest request;
    Tell([&](HttpClient& client) { request = client.NextRequest(); });
    return request;
  }

  std::atomic<bool> stopping_{false};
  Progress progress_;
  Waker waker_;
  HttpTransfer transfer_;   // this thread only, but for its counters
  bool abandoned_ = false;  // the present exchange

  std::mutex client_mutex_;
  HttpClient* client_;  // null once stopped

  std::mutex finished_mutex_;
  std::condition_variable finished_condition_;
  bool finished_ = false;
};

HttpConnection::HttpConnection(HttpOptions options, HttpClient& client)
    : worker_(std::make_shared<Worker>(std::move(options), client)) {}

HttpConnection::~HttpConnection() { Stop(); }

void HttpConnection::Start() {
  if (thread_.joinable()) return;
  thread_ = std::thread([worker = worker_] { worker->Run(); });
}

void HttpConnection::Stop() {
  worker_->Stop();
  if (!thread_.joinable()) return;
  if (worker_->WaitFinished()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void HttpConnection::Wake() noexcept { worker_->Wake(); }

HttpCounters HttpConnection::Counters() const { return worker_->Counters(); }

ThreadProgress HttpConnection::progress() const noexcept { return worker_->progress(); }

}  // namespace abcds
