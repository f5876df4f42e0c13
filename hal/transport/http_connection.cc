#include "hal/transport/http_connection.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/rt/waker.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanoseconds kHousekeeping = milliseconds(500);
constexpr Nanoseconds kBetweenLookups = seconds(60);
constexpr Nanoseconds kLongestRetryAfter = seconds(60);
constexpr std::chrono::milliseconds kStopTimeout(1500);

struct CleanupEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct CleanupMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, CleanupEasy>;
using Multi = std::unique_ptr<CURLM, CleanupMulti>;
using List = std::unique_ptr<curl_slist, FreeList>;

// SIGPIPE of a broken connection goes to the thread that wrote: blocked here, no process-wide setting is needed.
void BlockSignals() noexcept {
  sigset_t all;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

curl_socket_t OpenSocket(void* /*context*/, curlsocktype /*purpose*/, curl_sockaddr* address) noexcept {
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool IsAddress(const std::string& host) noexcept {
  unsigned char binary[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), binary) == 1 || inet_pton(AF_INET6, host.c_str(), binary) == 1;
}

std::string Bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : absl::StrCat("[", host, "]");
}

// Before 8.1.0 a handle that is used again keeps a pointer to the last header of the exchange before, which it has
// freed: a reply whose first header line is a folded one reads it (curl pull request 11103; found by tests/fuzz).
bool HandleMayBeUsedAgain() noexcept {
  static const bool may = curl_version_info(CURLVERSION_NOW)->version_num >= 0x080100;
  return may;
}

long Milliseconds(Nanoseconds d) noexcept {
  return static_cast<long>(std::max<int64_t>(1, std::chrono::ceil<milliseconds>(d).count()));
}

HttpFault FaultOf(CURLcode code) noexcept {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return HttpFault::kUnresolved;
    case CURLE_COULDNT_CONNECT:
      return HttpFault::kNoConnection;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFault::kTimeout;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return HttpFault::kLost;
    case CURLE_FILESIZE_EXCEEDED:
      return HttpFault::kTooLarge;
    default:
      return HttpFault::kProtocol;
  }
}

}  // namespace

class HttpConnection::Worker {
 public:
  Worker(HttpOptions options, HttpClient& client)
      : options_(std::move(options)), by_name_(!IsAddress(options_.host)), client_(&client) {}

  void Run() noexcept {
    BlockSignals();
    pthread_setname_np(pthread_self(), "http");
    while (!stopping_.load()) {
      const HttpRequest request = NextRequest();
      const MonotonicTime now = MonotonicNow();
      if (now < request.due) {
        waker_.WaitUntil(std::min({request.due, std::max(NextDue(), now), now + kHousekeeping}));
        TellTime();
        continue;
      }
      HttpReply reply;
      try {
        reply = Exchange(request);
      } catch (...) {  // out of memory: the client's back-off gives it time
        reply = {};
      }
      if (stopping_.load()) break;
      const MonotonicTime arrived_at = MonotonicNow();
      Tell([&](HttpClient& client) { client.OnReply(reply, arrived_at); });
    }
    // Here, on the thread that used them.
    easy_.reset();
    multi_.reset();
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

  HttpCounters Counters() const {
    const std::lock_guard lock(counters_mutex_);
    return counters_;
  }

 private:
  // One exchange, from connecting to the last byte; a digest login's two rounds are one exchange.
  HttpReply Exchange(const HttpRequest& request) {
    if (!Prepare()) return {};
    Count(&HttpCounters::requests);
    body_.clear();
    header_bytes_ = 0;
    headers_ = 0;
    too_large_ = false;
    heard_ = false;
    const MonotonicTime started_at = MonotonicNow();
    const bool lookup = BeginLookup(started_at);
    const Nanoseconds extra = lookup ? options_.lookup_timeout : Nanoseconds(0);
    curl_easy_setopt(easy_.get(), CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options_.connect_timeout + extra));
    const std::string url =
        absl::StrCat("http://", Bracketed(options_.host), ":", options_.port, std::string(request.path));
    curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());

    curl_multi_add_handle(multi_.get(), easy_.get());
    HttpReply reply;
    reply.fault = Transfer(started_at, options_.deadline + extra);
    curl_multi_remove_handle(multi_.get(), easy_.get());

    long opened = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &opened);
    Count(&HttpCounters::connections, static_cast<uint64_t>(std::max(0L, opened)));
    EndLookup(reply.fault);
    if (reply.fault != HttpFault::kNone) return reply;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    // The library is content with a first line such as "HTTP/200 OK".
    if (status < 100) reply.fault = HttpFault::kProtocol;
    if (reply.fault != HttpFault::kNone) return reply;
    Count(&HttpCounters::replies);
    reply.status = static_cast<int>(status);
    reply.fault = HttpFaultOfStatus(reply.status);
    reply.body = body_;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &retry_after_s);
    reply.retry_after = seconds(std::clamp<int64_t>(retry_after_s, 0, kLongestRetryAfter / seconds(1)));
    return reply;
  }

  // Turns the library's crank until the reply is complete or has failed.
  HttpFault Transfer(MonotonicTime started_at, Nanoseconds patience) {
    const MonotonicTime deadline = started_at + patience;
    while (!stopping_.load()) {
      int running = 0;
      if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return HttpFault::kLost;
      if (running == 0) return Result();
      const MonotonicTime now = MonotonicNow();
      const MonotonicTime due = std::min(deadline, FirstByteDue(started_at));
      if (now >= due) return HttpFault::kTimeout;
      const MonotonicTime next = std::min({due, std::max(NextDue(), now), now + kHousekeeping});
      curl_waitfd waker{.fd = waker_.fd(), .events = CURL_WAIT_POLLIN, .revents = 0};
      curl_multi_poll(multi_.get(), &waker, 1, static_cast<int>(Milliseconds(next - now)), nullptr);
      waker_.Clear();
      TellTime();
    }
    return HttpFault::kLost;
  }

  HttpFault Result() {
    int left = 0;
    const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left);
    if (message == nullptr || message->msg != CURLMSG_DONE) return HttpFault::kLost;
    if (message->data.result == CURLE_OK) return HttpFault::kNone;
    return too_large_ ? HttpFault::kTooLarge : FaultOf(message->data.result);
  }

  // Once the request is on its way.
  MonotonicTime FirstByteDue(MonotonicTime started_at) const noexcept {
    if (heard_) return MonotonicTime::max();
    curl_off_t sent_after_us = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &sent_after_us);
    if (sent_after_us <= 0) return MonotonicTime::max();
    return started_at + std::chrono::microseconds(sent_after_us) + options_.first_byte_timeout;
  }

  // False when the library has no memory.
  bool Prepare() {
    // Not thread-safe in the library, and several connections may start at once.
    static std::once_flag initialised;
    std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    if (easy_ != nullptr && HandleMayBeUsedAgain()) return true;
    // Its connections, which may be kept, are the multi handle's.
    easy_.reset();
    Multi multi = multi_ != nullptr ? std::move(multi_) : Multi(curl_multi_init());
    Easy easy(curl_easy_init());
    if (multi == nullptr || easy == nullptr) return false;
    List headers(curl_slist_append(nullptr, "Accept: application/json"));
    if (!options_.keep_alive) curl_slist_append(headers.get(), "Connection: close");
    CURL* const handle = easy.get();
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");  // none from the environment either
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "abcds");
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, options_.keep_alive ? 0L : 1L);
    curl_easy_setopt(handle, CURLOPT_MAXFILESIZE, static_cast<long>(kLargestBody));
    curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, -1L);  // BeginLookup says when
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);          // no waiting for a name server that does not answer
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Worker::OnBody);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Worker::OnHeader);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    if (options_.auth != HttpAuth::kNone) {
      curl_easy_setopt(handle, CURLOPT_HTTPAUTH, options_.auth == HttpAuth::kBasic ? CURLAUTH_BASIC : CURLAUTH_DIGEST);
      curl_easy_setopt(handle, CURLOPT_USERNAME, options_.user.c_str());
      curl_easy_setopt(handle, CURLOPT_PASSWORD, options_.password.c_str());
    }
    header_list_ = std::move(headers);
    multi_ = std::move(multi);
    easy_ = std::move(easy);
    return true;
  }

  // Says to the library where the name leads; true when it has to ask.
  bool BeginLookup(MonotonicTime now) {
    if (!by_name_) return false;
    const bool again = failed_ && now >= lookup_allowed_at_;
    const bool ask = address_.empty() || again;
    const std::string name = absl::StrCat(options_.host, ":", options_.port);
    const std::string entry = ask ? absl::StrCat("-", name) : absl::StrCat(name, ":", Bracketed(address_));
    List list(curl_slist_append(nullptr, entry.c_str()));
    curl_easy_setopt(easy_.get(), CURLOPT_RESOLVE, list.get());
    resolve_list_ = std::move(list);
    if (!ask) return false;
    lookup_allowed_at_ = now + kBetweenLookups;
    Count(&HttpCounters::lookups);
    return true;
  }

  void EndLookup(HttpFault fault) {
    failed_ = fault != HttpFault::kNone;
    const char* address = nullptr;
    if (by_name_ && !failed_ && curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &address) == CURLE_OK &&
        address != nullptr && *address != '\0') {
      address_ = address;
    }
  }

  // The library's callbacks, on this thread, through C: nothing may be thrown. Taking less than offered ends the
  // exchange.

  static size_t OnBody(char* data, size_t /*one*/, size_t size, void* self) noexcept {
    auto& worker = *static_cast<Worker*>(self);
    worker.heard_ = true;
    if (worker.body_.size() + size > kLargestBody) {
      worker.too_large_ = true;
      return 0;
    }
    try {
      worker.body_.append(data, size);
    } catch (...) {
      return 0;
    }
    return size;
  }

  static size_t OnHeader(char* data, size_t /*one*/, size_t size, void* self) noexcept {
    auto& worker = *static_cast<Worker*>(self);
    worker.heard_ = true;
    worker.header_bytes_ += size;
    if (worker.header_bytes_ > kLargestHeaders || ++worker.headers_ > kMostHeaders) {
      worker.too_large_ = true;
      return 0;
    }
    const bool folded = size > 0 && (data[0] == ' ' || data[0] == '\t');  // obsolete, and a way to hide things
    return folded ? 0 : size;
  }

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

  MonotonicTime NextDue() noexcept {
    MonotonicTime due = MonotonicTime::max();
    Tell([&](HttpClient& client) { due = client.NextDue(); });
    return due;
  }

  HttpRequest NextRequest() noexcept {
    HttpRequest request;
    Tell([&](HttpClient& client) { request = client.NextRequest(); });
    return request;
  }

  void Count(uint64_t HttpCounters::*counter, uint64_t by = 1) noexcept {
    const std::lock_guard lock(counters_mutex_);
    counters_.*counter += by;
  }

  const HttpOptions options_;
  const bool by_name_;
  std::atomic<bool> stopping_{false};
  Waker waker_;

  // This thread only. The lists outlive the handle that uses them.
  List header_list_;
  List resolve_list_;
  Multi multi_;
  Easy easy_;
  std::string address_;  // the last good one
  bool failed_ = false;
  MonotonicTime lookup_allowed_at_ = MonotonicTime::min();

  // Of the present exchange.
  std::string body_;
  size_t header_bytes_ = 0;
  int headers_ = 0;
  bool too_large_ = false;
  bool heard_ = false;

  std::mutex client_mutex_;
  HttpClient* client_;  // null once stopped

  mutable std::mutex counters_mutex_;
  HttpCounters counters_;

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

HttpCounters HttpConnection::Counters() const { return worker_->Counters(); }

}  // namespace abcds
