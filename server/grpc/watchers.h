// Watchers: the open WatchState streams, all served by one thread.
#ifndef ABCDS_SERVER_GRPC_WATCHERS_H_
#define ABCDS_SERVER_GRPC_WATCHERS_H_

#include <grpcpp/support/server_callback.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "abcds/v1/state.pb.h"
#include "hal/units/time.h"
#include "server/plant/plant.h"

namespace abcds {

// A stream costs no thread of its own, and one message at most: while a client has not taken it, newer states pass it
// by.
class Watchers {
 public:
  using Reactor = grpc::ServerWriteReactor<v1::WatchStateResponse>;

  static constexpr size_t kMax = 64;

  explicit Watchers(const Plant& plant);
  ~Watchers();
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  // The reactor of a new stream: the state now, then a newer one every `interval`. Beyond kMax streams it ends with
  // RESOURCE_EXHAUSTED. Never null; deletes itself.
  [[nodiscard]] Reactor* Watch(Nanoseconds interval);
  // A stream that only says why it cannot be. Never null; deletes itself.
  [[nodiscard]] static Reactor* Refuse(const grpc::Status& status);

  // Ends all streams, also later ones, with UNAVAILABLE. Idempotent.
  void Stop();

  [[nodiscard]] size_t count() const;

 private:
  class Stream;

  void Run();
  void Remove(const Stream* stream);

  const Plant& plant_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Stream>> streams_;  // guarded by mutex_, as is stopping_
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_WATCHERS_H_
