#include "hal/transport/mqtt_connection.h"

#include <fcntl.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/rt/waker.h"
#include "hal/transport/reconnect_pause.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The library counts the keep-alive in whole seconds, when it is called.
constexpr Nanoseconds kHousekeeping = milliseconds(500);
constexpr std::chrono::milliseconds kStopTimeout(1500);
constexpr int kNoConnack = -1;

struct DestroyClient {
  void operator()(mosquitto* client) const noexcept { mosquitto_destroy(client); }
};
using Client = std::unique_ptr<mosquitto, DestroyClient>;

// SIGPIPE of a broken connection goes to the thread that wrote: blocked here, no process-wide setting is needed. All
// other asynchronous signals are the main thread's.
void BlockSignals() noexcept {
  sigset_t all;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

int PendingSocketError(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

const char* ConnackText(int code) noexcept {
  switch (code) {
    case 1:
      return "does not speak MQTT 3.1.1";
    case 2:
      return "rejects our client id: check its rules for ids";
    case 3:
      return "is not ready";
    case 4:
      return "refuses user name or password: check both in the configuration";
    case 5:
      return "does not let this user in: check its access rights";
    default:
      return "refuses the connection for an unknown reason";
  }
}

}  // namespace

class MqttConnection::Worker {
 public:
  Worker(MqttOptions options, MqttListener& listener)
      : options_(std::move(options)),
        broker_(absl::StrCat("MQTT broker ", options_.host, ":", options_.port)),
        random_(std::random_device{}()),
        pause_(random_()),
        listener_(&listener) {
    // 23 characters are what every broker takes.
    client_id_ =
        absl::StrCat(options_.client_id_prefix.substr(0, 14), "-", absl::Hex(random_() & 0xffffffff, absl::kZeroPad8));
  }

  void Run() noexcept {
    BlockSignals();
    pthread_setname_np(pthread_self(), "mqtt");
    while (!stopping_.load()) {
      Nanoseconds pause = ReconnectPause::kLongest;
      try {
        pause = ConnectOnce();
      } catch (...) {  // out of memory: later there may be some
      }
      WaitUntil(MonotonicNow() + pause);
    }
    const std::lock_guard lock(finished_mutex_);
    finished_ = true;
    finished_condition_.notify_all();
  }

  void Stop() {
    stopping_.store(true);
    waker_.Wake();
    const std::lock_guard lock(listener_mutex_);  // waits for a call that is under way
    listener_ = nullptr;
  }

  // False when the thread is still held up, by name resolution.
  bool WaitFinished() {
    std::unique_lock lock(finished_mutex_);
    return finished_condition_.wait_for(lock, kStopTimeout, [this] { return finished_; });
  }

  std::string Trouble() const {
    const std::lock_guard lock(report_mutex_);
    return trouble_;
  }

  MqttCounters Counters() const {
    const std::lock_guard lock(report_mutex_);
    return counters_;
  }

 private:
  // One connection, from name resolution to its end. Returns how long to wait before the next.
  Nanoseconds ConnectOnce() {
    Count(&MqttCounters::attempts);
    connack_ = kNoConnack;
    connected_at_ = MonotonicTime::min();
    const std::string reason = Serve();
    const MonotonicTime now = MonotonicNow();
    const bool was_connected = connected_at_ != MonotonicTime::min();
    if (!stopping_.load()) {
      if (was_connected) Count(&MqttCounters::losses);
      SetTrouble(reason);
      Tell([&](MqttListener& listener) { listener.OnDisconnected(reason, now); });
    }
    if (connack_ == 4 || connack_ == 5) return pause_.AfterRefusedLogin();
    return pause_.AfterLoss(was_connected ? now - connected_at_ : Nanoseconds(0));
  }

  // Returns why it ended.
  std::string Serve() {
    const Client client = MakeClient();
    if (client == nullptr) return absl::StrCat(broker_, ": cannot create a client: ", ErrnoText(errno));
    if (const std::string problem = Configure(client.get()); !problem.empty()) return problem;

    // Name resolution happens in here and may take seconds; the connect itself does not block.
    const MonotonicTime deadline = MonotonicNow() + options_.connect_timeout;
    const int keepalive = static_cast<int>(std::chrono::duration_cast<seconds>(options_.keepalive).count());
    errno = 0;
    int result = mosquitto_connect_async(client.get(), options_.host.c_str(), options_.port, keepalive);
    if (result != MOSQ_ERR_SUCCESS) return LossReason(result, errno);
    const int fd = mosquitto_socket(client.get());
    if (fd < 0 || fd >= FD_SETSIZE) return absl::StrCat(broker_, ": too many open files in this process");
    fcntl(fd, F_SETFD, FD_CLOEXEC);

    while (!stopping_.load()) {
      if (connack_ == kNoConnack && MonotonicNow() >= deadline) {
        return absl::StrCat(broker_, " does not answer: check host and port, and that it is an MQTT broker");
      }
      if (const int error = WaitForSocket(client.get(), fd); error != 0) return LossReason(MOSQ_ERR_ERRNO, error);
      errno = 0;
      result = mosquitto_loop(client.get(), /*timeout=*/0, /*max_packets=*/1);
      if (result != MOSQ_ERR_SUCCESS) return LossReason(result, errno);
      TellTime();
    }
    mosquitto_disconnect(client.get());
    return {};
  }

  // Sleeps until the socket or the waker has something, or it is time for housekeeping. Returns a socket error, or 0.
  int WaitForSocket(mosquitto* client, int fd) {
    const auto events = static_cast<short>(POLLIN | (mosquitto_want_write(client) ? POLLOUT : 0));
    pollfd descriptors[] = {{.fd = fd, .events = events, .revents = 0},
                            {.fd = waker_.fd(), .events = POLLIN, .revents = 0}};
    const MonotonicTime now = MonotonicNow();
    const Nanoseconds left = std::clamp(NextDue() - now, Nanoseconds(0), kHousekeeping);
    const timespec timeout{.tv_sec = 0, .tv_nsec = static_cast<long>(left.count())};
    if (ppoll(descriptors, 2, &timeout, nullptr) <= 0) return 0;
    if ((descriptors[1].revents & POLLIN) != 0) waker_.Clear();
    // What arrived before a hang-up is still read by the library; only a failed connect is told here, since the library
    // would not say why.
    return (descriptors[0].revents & POLLERR) != 0 ? PendingSocketError(fd) : 0;
  }

  // For the pause between two attempts.
  void WaitUntil(MonotonicTime when) {
    for (MonotonicTime now = MonotonicNow(); now < when && !stopping_.load(); now = MonotonicNow()) {
      waker_.WaitUntil(std::min(when, std::max(NextDue(), now)));
      TellTime();
    }
  }

  Client MakeClient() {
    // Not thread-safe in the library, and several connections may start at once.
    static std::once_flag initialised;
    std::call_once(initialised, [] { mosquitto_lib_init(); });
    return Client(mosquitto_new(client_id_.c_str(), /*clean_session=*/true, this));
  }

  // Returns what is wrong with the options, or nothing.
  std::string Configure(mosquitto* client) {
    mosquitto_connect_callback_set(client, &Worker::OnConnack);
    mosquitto_subscribe_callback_set(client, &Worker::OnSuback);
    mosquitto_message_callback_set(client, &Worker::OnPublish);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    if (!options_.user.empty() &&
        mosquitto_username_pw_set(client, options_.user.c_str(), options_.password.c_str()) != MOSQ_ERR_SUCCESS) {
      return absl::StrCat(broker_, ": the user name or password cannot be sent by MQTT (not UTF-8?)");
    }
    if (!options_.tls.enabled) return {};
    const MqttTls& tls = options_.tls;
    const auto file = [](const std::string& name) { return name.empty() ? nullptr : name.c_str(); };
    const bool own_ca = !tls.ca_file.empty();
    if (!own_ca) mosquitto_int_option(client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    if (mosquitto_tls_set(client, file(tls.ca_file), own_ca ? nullptr : "/etc/ssl/certs", file(tls.certificate_file),
                          file(tls.key_file), nullptr) != MOSQ_ERR_SUCCESS) {
      return absl::StrCat(
          broker_, ": the TLS files of the configuration cannot be read: check ca_file, certificate_file and key_file");
    }
    if (tls.insecure) mosquitto_tls_insecure_set(client, true);
    return {};
  }

  std::string LossReason(int result, int error) const {
    if (connack_ > 0) return absl::StrCat(broker_, " ", ConnackText(connack_));
    const bool was_connected = connected_at_ != MonotonicTime::min();
    switch (result) {
      case MOSQ_ERR_EAI:
        return absl::StrCat(broker_, ": the name ", options_.host, " cannot be resolved: check it, and the network");
      case MOSQ_ERR_TLS:
        return absl::StrCat(broker_,
                            ": the TLS handshake failed: check the certificates, and that this port speaks TLS");
      case MOSQ_ERR_KEEPALIVE:
        return absl::StrCat(broker_, " no longer answers");
      case MOSQ_ERR_ERRNO:
        if (error == ECONNREFUSED) return absl::StrCat(broker_, " refuses the connection: is it running on this port?");
        if (error != 0) return absl::StrCat(broker_, ": ", ErrnoText(error));
        [[fallthrough]];
      case MOSQ_ERR_CONN_LOST:
        return absl::StrCat(broker_,
                            was_connected ? " closed the connection" : " closed the connection before it answered");
      default:
        return absl::StrCat(broker_, ": ", mosquitto_strerror(result));
    }
  }

  static std::string ErrnoText(int error) { return std::system_category().message(error); }

  // The library's callbacks. They come from within mosquitto_loop, on this thread, through C: nothing may be thrown.

  static void OnConnack(mosquitto* client, void* self, int code) noexcept {
    const MonotonicTime now = MonotonicNow();
    auto& worker = *static_cast<Worker*>(self);
    worker.connack_ = code;
    if (code != 0) return;
    worker.connected_at_ = now;
    worker.Count(&MqttCounters::connects);
    worker.SetTrouble({});
    worker.Tell([&](MqttListener& listener) { listener.OnConnected(now); });
    try {
      worker.Subscribe(client);
    } catch (...) {
      worker.connack_ = kNoConnack;  // out of memory: the connect deadline ends this attempt
    }
  }

  void Subscribe(mosquitto* client) {
    std::vector<char*> topics;
    for (std::string& topic : options_.topics) topics.push_back(topic.data());
    if (topics.empty()) return;
    mosquitto_subscribe_multiple(client, nullptr, static_cast<int>(topics.size()), topics.data(), /*qos=*/0, 0,
                                 nullptr);
  }

  static void OnSuback(mosquitto* /*client*/, void* self, int /*id*/, int count, const int* granted) noexcept {
    const MonotonicTime now = MonotonicNow();
    auto& worker = *static_cast<Worker*>(self);
    const bool all = std::all_of(granted, granted + count, [](int qos) { return qos >= 0 && qos <= 2; });
    try {
      if (!all)
        worker.SetTrouble(
            absl::StrCat(worker.broker_, " refuses the subscription: check its access rights for the topic"));
    } catch (...) {
    }
    worker.Tell([&](MqttListener& listener) { listener.OnSubscribed(all, now); });
  }

  static void OnPublish(mosquitto* /*client*/, void* self, const mosquitto_message* message) noexcept {
    const MonotonicTime now = MonotonicNow();
    auto& worker = *static_cast<Worker*>(self);
    if (message->payloadlen < 0 || static_cast<size_t>(message->payloadlen) > kLargestPayload) {
      worker.Count(&MqttCounters::oversized);
      return;
    }
    worker.Count(&MqttCounters::messages);
    const std::span payload(static_cast<const uint8_t*>(message->payload), static_cast<size_t>(message->payloadlen));
    worker.Tell([&](MqttListener& listener) { listener.OnMessage(message->topic, payload, message->retain, now); });
  }

  template <class Call>
  void Tell(Call&& call) noexcept {
    const std::lock_guard lock(listener_mutex_);
    if (listener_ != nullptr) call(*listener_);
  }

  void TellTime() noexcept {
    const MonotonicTime now = MonotonicNow();
    Tell([&](MqttListener& listener) {
      if (listener.NextDue() <= now) listener.OnTime(now);
    });
  }

  MonotonicTime NextDue() noexcept {
    MonotonicTime due = MonotonicTime::max();
    Tell([&](MqttListener& listener) { due = listener.NextDue(); });
    return due;
  }

  void Count(uint64_t MqttCounters::*counter) noexcept {
    const std::lock_guard lock(report_mutex_);
    ++(counters_.*counter);
  }

  void SetTrouble(std::string trouble) noexcept {
    const std::lock_guard lock(report_mutex_);
    trouble_ = std::move(trouble);
  }

  MqttOptions options_;
  const std::string broker_;
  std::mt19937_64 random_;
  ReconnectPause pause_;
  std::string client_id_;
  std::atomic<bool> stopping_{false};
  Waker waker_;

  // Of the present attempt; this thread only.
  int connack_ = kNoConnack;
  MonotonicTime connected_at_ = MonotonicTime::min();

  std::mutex listener_mutex_;
  MqttListener* listener_;  // null once stopped

  mutable std::mutex report_mutex_;
  std::string trouble_;
  MqttCounters counters_;

  std::mutex finished_mutex_;
  std::condition_variable finished_condition_;
  bool finished_ = false;
};

MqttConnection::MqttConnection(MqttOptions options, MqttListener& listener)
    : worker_(std::make_shared<Worker>(std::move(options), listener)) {}

MqttConnection::~MqttConnection() { Stop(); }

void MqttConnection::Start() {
  if (thread_.joinable()) return;
  thread_ = std::thread([worker = worker_] { worker->Run(); });
}

void MqttConnection::Stop() {
  worker_->Stop();
  if (!thread_.joinable()) return;
  if (worker_->WaitFinished()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

std::string MqttConnection::Trouble() const { return worker_->Trouble(); }

MqttCounters MqttConnection::Counters() const { return worker_->Counters(); }

}  // namespace abcds
