// Exchanges with one HTTP server, one after the other.
#ifndef ABCDS_HAL_TRANSPORT_HTTP_CONNECTION_H_
#define ABCDS_HAL_TRANSPORT_HTTP_CONNECTION_H_

#include <memory>
#include <thread>

#include "hal/rt/progress.h"
#include "hal/transport/http_exchange.h"
#include "hal/transport/http_transfer.h"

namespace abcds {

// Transfers (http_transfer.h) in one ordinary thread, as the client asks for them.
class HttpConnection {
 public:
  // `client` must live until Stop() has returned.
  HttpConnection(HttpOptions options, HttpClient& client);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Returns at once.
  void Start();
  // The client is called no more once this has returned; at most 2 s. Idempotent; not from the client.
  void Stop();

  // The client is asked anew: its next request, and whether it abandons the present one. Any thread, real-time included.
  void Wake() noexcept;

  // Any thread.
  [[nodiscard]] HttpCounters Counters() const;
  // Of the thread.
  [[nodiscard]] ThreadProgress progress() const noexcept;

 private:
  class Worker;

  // Shared with the thread: one that is stuck in the library is left behind and must find its data when it wakes.
  std::shared_ptr<Worker> worker_;
  std::thread thread_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_HTTP_CONNECTION_H_
