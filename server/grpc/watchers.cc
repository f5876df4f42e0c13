#include "server/grpc/watchers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "server/grpc/state_proto.h"

namespace abcds {
namespace {

using Message = std::shared_ptr<const v1::WatchStateResponse>;

Message MessageOf(const SiteFacts& facts, const PlantState& state) {
  auto message = std::make_shared<v1::WatchStateResponse>();
  FillState(facts, state, *message->mutable_state());
  return message;
}

grpc::Status Stopping() { return {grpc::StatusCode::UNAVAILABLE, "abcdsd is stopping; connect again later"}; }

class Refusal final : public Watchers::Reactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

// gRPC may run a reaction inside StartWrite() or Finish(), on the same thread: no lock of ours is held there.
class Watchers::Stream final : public Watchers::Reactor {
 public:
  Stream(Watchers& watchers, Nanoseconds interval) : watchers_(watchers), interval_(interval) {}

  // States come every Plant::kPublishPeriod; half of it is the tolerance that keeps the mean interval as asked.
  [[nodiscard]] bool Due(MonotonicTime now) const {
    const std::lock_guard lock(mutex_);
    return !writing_ && !end_ && now + Plant::kPublishPeriod / 2 >= next_;
  }

  void Send(const Message& message, MonotonicTime now) {
    {
      const std::lock_guard lock(mutex_);
      if (writing_ || end_) return;
      writing_ = true;
      message_ = message;
      next_ = (next_ + interval_ > now ? next_ : now) + interval_;
    }
    StartWrite(message_.get());
  }

  // At once, or after the message that is under way.
  void End(const grpc::Status& status) {
    {
      const std::lock_guard lock(mutex_);
      if (end_) return;
      end_ = status;
      if (writing_) return;
    }
    Finish(status);
  }

  void OnWriteDone(bool ok) override {
    std::optional<grpc::Status> end;
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      message_.reset();
      if (!ok && !end_) end_ = grpc::Status::CANCELLED;
      end = end_;
    }
    if (end) Finish(*end);
  }

  void OnCancel() override { End(grpc::Status::CANCELLED); }

  void OnDone() override { watchers_.Remove(this); }  // `this` may be gone now

 private:
  Watchers& watchers_;
  const Nanoseconds interval_;
  mutable std::mutex mutex_;
  bool writing_ = false;
  std::optional<grpc::Status> end_;
  MonotonicTime next_{};
  Message message_;  // alive while it is being written
};

Watchers::Watchers(const Plant& plant) : plant_(plant), thread_([this] { Run(); }) {}

Watchers::~Watchers() { Stop(); }

Watchers::Reactor* Watchers::Refuse(const grpc::Status& status) { return new Refusal(status); }

Watchers::Reactor* Watchers::Watch(Nanoseconds interval) {
  auto stream = std::make_shared<Stream>(*this, interval);
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && streams_.size() >= kMax) {
      return Refuse({grpc::StatusCode::RESOURCE_EXHAUSTED,
                     absl::StrCat(kMax, " clients watch already; close one, or ask with GetState")});
    }
    stopping = stopping_;
    if (!stopping) streams_.push_back(stream);
  }
  if (stopping) return Refuse(Stopping());
  if (const Plant::StatePtr state = plant_.Latest(); state != nullptr) {
    stream->Send(MessageOf(plant_.facts(), *state), MonotonicNow());
  }
  changed_.notify_all();
  // gRPC keeps it alive until OnDone(), which takes it out of `streams_`.
  return stream.get();
}

void Watchers::Stop() {
  std::vector<std::shared_ptr<Stream>> streams;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    streams = streams_;
  }
  changed_.notify_all();
  for (const auto& stream : streams) stream->End(Stopping());
  if (thread_.joinable()) thread_.join();
}

size_t Watchers::count() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

void Watchers::Remove(const Stream* stream) {
  std::shared_ptr<Stream> removed;  // destroyed after the lock
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(streams_.begin(), streams_.end(), [&](const auto& candidate) { return candidate.get() == stream; });
  if (found == streams_.end()) return;
  removed = std::move(*found);
  streams_.erase(found);
}

void Watchers::Run() {
  uint64_t number = 0;
  while (true) {
    std::vector<std::shared_ptr<Stream>> streams;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !streams_.empty(); });
      if (stopping_) return;
      streams = streams_;
    }
    const Plant::StatePtr state = plant_.WaitNewer(number, 4 * Plant::kPublishPeriod);
    if (state == nullptr) {
      // No cycle runs, or the plant has stopped and does not wait.
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, Plant::kPublishPeriod, [&] { return stopping_; });
      continue;
    }
    number = state->number;
    const MonotonicTime now = MonotonicNow();
    Message message;  // one for all who are due
    for (const auto& stream : streams) {
      if (!stream->Due(now)) continue;
      if (message == nullptr) message = MessageOf(plant_.facts(), *state);
      stream->Send(message, now);
    }
  }
}

}  // namespace abcds
