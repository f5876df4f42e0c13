#include "hal/transport/line_keeper.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/transport/serial_port.h"
#include "hal/units/check.h"

namespace abcds {
namespace {

ReopenPause::Limits PausesFor(const std::string& port, const LineTiming& timing) {
  return {.first = timing.reopen.first, .longest = IsTcpPort(port) ? timing.reopen_longest_tcp : timing.reopen.longest};
}

}  // namespace

LineKeeper::LineKeeper(Line& line, std::string port, const LineTiming& timing)
    : line_(line),
      port_(std::move(port)),
      timing_(timing),
      pause_(PausesFor(port_, timing), static_cast<uint64_t>(MonotonicNow().time_since_epoch().count())),
      mute_limit_(timing.mute_first) {}

LineKeeper::~LineKeeper() { ABCDS_CHECK(!thread_.joinable()); }

absl::Status LineKeeper::Start() {
  ABCDS_CHECK(!thread_.joinable() && !stopping_);
  const absl::Status opened = IsTcpPort(port_) ? CheckTcpPortIsFree(port_) : line_.Open();
  if (absl::IsInvalidArgument(opened)) return opened;
  Note(opened);
  running_ = true;
  progress_.GoOn(MonotonicNow());
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void LineKeeper::Stop() {
  stopping_ = true;
  waker_.Wake();
  if (thread_.joinable()) thread_.join();
  running_ = false;
}

std::string LineKeeper::trouble() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return trouble_;
}

void LineKeeper::SetTrouble(const std::string& trouble) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (trouble_ != trouble) trouble_ = trouble;
}

absl::Status LineKeeper::owned() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return owner_ == LineOwner::kNobody ? absl::OkStatus() : LineOwnedError(owner_, owned_);
}

void LineKeeper::Note(const absl::Status& opened) {
  if (!opened.ok()) SetTrouble(std::string(opened.message()));
  const std::lock_guard<std::mutex> lock(mutex_);
  owner_ = OwnerOf(opened);
  owned_ = std::string(opened.message());
}

bool LineKeeper::GoesOn() noexcept {
  progress_.GoOn(MonotonicNow());
  return !stopping_;
}

void LineKeeper::OnClosing() noexcept { progress_.GoOn(MonotonicNow(), Progress::kLongPatience); }

void LineKeeper::OnOpened(MonotonicTime now) noexcept {
  answered_at_ = now;
  mute_ = false;
}

void LineKeeper::OnAnswer(MonotonicTime now) noexcept {
  answered_at_ = now;
  mute_limit_ = timing_.mute_first;
  pause_.Reset();
}

bool LineKeeper::OnSilence(MonotonicTime now) noexcept {
  if (now - answered_at_ < mute_limit_) return false;
  mute_limit_ = std::min(2 * mute_limit_, timing_.mute_longest);
  mute_ = true;
  return true;
}

void LineKeeper::Run() {
  // Signals are for the main thread. SIGPIPE above all: a socket's peer may have gone.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "line");

  while (!stopping_) {
    progress_.GoOn(MonotonicNow(), Progress::kLongPatience);
    const absl::Status opened = line_.IsOpen() ? absl::OkStatus() : line_.Open();
    Note(opened);
    if (opened.ok()) {
      line_.Serve();
      // A mute line has been given its time already.
      if (std::exchange(mute_, false)) continue;
    }
    const MonotonicTime until = MonotonicNow() + pause_.Next();
    while (GoesOn() && MonotonicNow() < until) waker_.WaitUntil(std::min(until, MonotonicNow() + kLongestIdle));
  }
  line_.Close();
  progress_.End();
}

}  // namespace abcds
