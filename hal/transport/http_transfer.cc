#include "hal/transport/http_transfer.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/transport/http_digest.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanoseconds kHousekeeping = milliseconds(500);
constexpr Nanoseconds kBetweenLookups = seconds(60);
constexpr Nanoseconds kLongestRetryAfter = seconds(60);
constexpr int kUnauthorized = 401;

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

class HttpTransfer::Library {
 public:
  explicit Library(HttpOptions options)
      : options_(std::move(options)), by_name_(!IsAddress(options_.host)), digest_(options_.user, options_.password) {}

  HttpReply Run(const char* path, Side& side) {
    if (!Prepare()) return {};
    Count(&HttpCounters::requests);
    const MonotonicTime now = MonotonicNow();
    const bool lookup = BeginLookup(now);
    const Nanoseconds extra = lookup ? options_.lookup_timeout : Nanoseconds(0);
    const MonotonicTime deadline = now + options_.deadline + extra;
    HttpReply reply = Ask(path, options_.connect_timeout + extra, deadline, side);
    // A first challenge, a nonce that has grown old, a device that was restarted. Asked once: what is refused then is
    // the password.
    if (reply.status == kUnauthorized && options_.auth == HttpAuth::kDigest && digest_.Take(challenges_)) {
      Count(&HttpCounters::challenges);
      if (!Prepare()) return {};
      reply = Ask(path, options_.connect_timeout, deadline, side);
    }
    return reply;
  }

  void Close() {
    easy_.reset();
    multi_.reset();
  }

  HttpCounters Counters() const {
    const std::lock_guard lock(counters_mutex_);
    return counters_;
  }

 private:
  // One request and its reply.
  HttpReply Ask(const char* path, Nanoseconds connect_timeout, MonotonicTime deadline, Side& side) {
    body_.clear();
    challenges_.clear();
    header_bytes_ = 0;
    headers_ = 0;
    too_large_ = false;
    heard_ = false;
    List headers(curl_slist_append(nullptr, "Accept: application/json"));
    if (!options_.keep_alive) curl_slist_append(headers.get(), "Connection: close");
    if (options_.auth == HttpAuth::kDigest && digest_.ready()) {
      const std::string value = digest_.Sign("GET", path, RandomCnonce());
      curl_slist_append(headers.get(), absl::StrCat("Authorization: ", value).c_str());
    }
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers.get());
    header_list_ = std::move(headers);
    curl_easy_setopt(easy_.get(), CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(connect_timeout));
    const std::string url = absl::StrCat("http://", Bracketed(options_.host), ":", options_.port, path);
    curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());

    curl_multi_add_handle(multi_.get(), easy_.get());
    HttpReply reply;
    reply.fault = Transfer(deadline, side);
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
  HttpFault Transfer(MonotonicTime deadline, Side& side) {
    const MonotonicTime started_at = MonotonicNow();
    while (side.GoesOn()) {
      int running = 0;
      if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return HttpFault::kLost;
      if (running == 0) return Result();
      const MonotonicTime now = MonotonicNow();
      const MonotonicTime due = std::min(deadline, FirstByteDue(started_at));
      if (now >= due) return HttpFault::kTimeout;
      const MonotonicTime next = std::min({due, std::max(side.NextDue(), now), now + kHousekeeping});
      curl_waitfd beside{.fd = side.fd(), .events = CURL_WAIT_POLLIN, .revents = 0};
      const unsigned int fds = beside.fd < 0 ? 0 : 1;
      curl_multi_poll(multi_.get(), &beside, fds, static_cast<int>(Milliseconds(next - now)), nullptr);
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
    CURL* const handle = easy.get();
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");  // none from the environment either
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "abcds");
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);  // what is signed
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, options_.keep_alive ? 0L : 1L);
    curl_easy_setopt(handle, CURLOPT_MAXFILESIZE, static_cast<long>(kLargestBody));
    curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, -1L);  // BeginLookup says when
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);          // no waiting for a name server that does not answer
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Library::OnBody);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Library::OnHeader);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    if (options_.auth == HttpAuth::kBasic) {
      curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      curl_easy_setopt(handle, CURLOPT_USERNAME, options_.user.c_str());
      curl_easy_setopt(handle, CURLOPT_PASSWORD, options_.password.c_str());
    }
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
    auto& library = *static_cast<Library*>(self);
    library.heard_ = true;
    if (library.body_.size() + size > kLargestBody) {
      library.too_large_ = true;
      return 0;
    }
    try {
      library.body_.append(data, size);
    } catch (...) {
      return 0;
    }
    return size;
  }

  static size_t OnHeader(char* data, size_t /*one*/, size_t size, void* self) noexcept {
    auto& library = *static_cast<Library*>(self);
    library.heard_ = true;
    library.header_bytes_ += size;
    if (library.header_bytes_ > kLargestHeaders || ++library.headers_ > kMostHeaders) {
      library.too_large_ = true;
      return 0;
    }
    const std::string_view line(data, size);
    if (line.starts_with(' ') || line.starts_with('\t')) return 0;  // folded: obsolete, and a way to hide things
    try {
      library.NoteChallenge(line);
    } catch (...) {
      return 0;
    }
    return size;
  }

  void NoteChallenge(std::string_view line) {
    static constexpr std::string_view kName = "www-authenticate:";
    if (line.size() < kName.size() || absl::AsciiStrToLower(std::string(line.substr(0, kName.size()))) != kName) return;
    challenges_.emplace_back(line.substr(kName.size()));
  }

  void Count(uint64_t HttpCounters::*counter, uint64_t by = 1) noexcept {
    const std::lock_guard lock(counters_mutex_);
    counters_.*counter += by;
  }

  const HttpOptions options_;
  const bool by_name_;
  HttpDigest digest_;

  // The lists outlive the handle that uses them.
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
  std::vector<std::string> challenges_;

  mutable std::mutex counters_mutex_;
  HttpCounters counters_;
};

HttpTransfer::HttpTransfer(HttpOptions options) : library_(std::make_unique<Library>(std::move(options))) {}

HttpTransfer::~HttpTransfer() = default;

HttpReply HttpTransfer::Run(const char* path, Side& side) { return library_->Run(path, side); }

void HttpTransfer::Close() { library_->Close(); }

HttpCounters HttpTransfer::Counters() const { return library_->Counters(); }

}  // namespace abcds
