// The connection against a small server with everything that goes wrong with such servers.
#include "hal/transport/http_connection.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/http_login.h"
#include "hal/sim/wire/http_server.h"

namespace abcds {
namespace {

using sim::HttpAsked;
using sim::HttpLogin;
using sim::HttpServed;
using sim::HttpServer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Fault = sim::HttpServerFault;

// Asks for /value every 20 ms, and keeps what comes.
class Asker final : public HttpClient {
 public:
  struct Got {
    HttpFault fault;
    int status;
    std::string body;
    Nanoseconds retry_after;
    MonotonicTime at;
  };

  HttpRequest NextRequest() noexcept override {
    const std::lock_guard lock(mutex_);
    return {.due = due_, .path = "/value?id=0"};
  }
  void OnReply(const HttpReply& reply, MonotonicTime now) noexcept override {
    const std::lock_guard lock(mutex_);
    got_.push_back({reply.fault, reply.status, std::string(reply.body), reply.retry_after, now});
    due_ = now + milliseconds(20);
    changed_.notify_all();
  }
  MonotonicTime NextDue() noexcept override {
    const std::lock_guard lock(mutex_);
    return timer_;
  }
  void OnTime(MonotonicTime now) noexcept override {
    const std::lock_guard lock(mutex_);
    timer_ = MonotonicTime::max();
    timer_rang_at_ = now;
  }

  bool Abandons() noexcept override {
    const std::lock_guard lock(mutex_);
    return std::exchange(abandons_, false);
  }

  void Abandon() {
    const std::lock_guard lock(mutex_);
    abandons_ = true;
  }
  void SetTimer(MonotonicTime when) {
    const std::lock_guard lock(mutex_);
    timer_ = when;
  }
  MonotonicTime timer_rang_at() {
    const std::lock_guard lock(mutex_);
    return timer_rang_at_;
  }
  // The first `count` replies; fewer when they do not come in time.
  std::vector<Got> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(20), [&] { return got_.size() >= count; });
    return got_;
  }
  // What comes from now on.
  void Forget() {
    const std::lock_guard lock(mutex_);
    got_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  MonotonicTime due_ = MonotonicTime::min();
  MonotonicTime timer_ = MonotonicTime::max();
  MonotonicTime timer_rang_at_ = MonotonicTime::min();
  bool abandons_ = false;
  std::vector<Got> got_;
};

constexpr char kBody[] = R"({"value":-487.50,"unit":"W","more":"0123456789"})";

class HttpConnectionTest : public testing::Test {
 protected:
  HttpConnectionTest() : server_([this](const HttpAsked& asked) { return Serve(asked); }) {
    const absl::Status started = server_.Start();
    EXPECT_TRUE(started.ok()) << started;
    options_.host = "127.0.0.1";
    options_.port = server_.port();
    // So long that no pause of a busy machine is taken for the server's.
    options_.first_byte_timeout = seconds(10);
    options_.deadline = seconds(10);
  }

  HttpServed Serve(const HttpAsked& asked) {
    const std::lock_guard lock(mutex_);
    if (!login_.Accepts(asked.authorization, asked.method, asked.target)) {
      const std::string challenge = login_.Challenge();
      const std::string header = challenge.empty() ? "" : "WWW-Authenticate: " + challenge + "\r\n";
      return {.status = 401, .headers = header, .body = "401 Unauthorized"};
    }
    return served_;
  }
  void SetServed(const HttpServed& served) {
    const std::lock_guard lock(mutex_);
    served_ = served;
  }
  void SetLogin(HttpLogin::Kind kind, HttpAuth auth, const std::string& password) {
    const std::lock_guard lock(mutex_);
    login_ = HttpLogin(kind, "admin", "Sommer#24");
    options_.auth = auth;
    options_.user = "admin";
    options_.password = password;
  }

  std::mutex mutex_;
  HttpServed served_{.headers = {}, .body = kBody};
  HttpLogin login_;
  HttpServer server_;
  HttpOptions options_;
  Asker asker_;
};

TEST_F(HttpConnectionTest, AsksAsSmallDevicesLikeIt) {
  HttpConnection connection(options_, asker_);
  connection.Start();
  const auto got = asker_.Wait(3);
  connection.Stop();
  ASSERT_GE(got.size(), 3u);
  EXPECT_EQ(got[0].fault, HttpFault::kNone);
  EXPECT_EQ(got[0].status, 200);
  EXPECT_EQ(got[0].body, kBody);
  const HttpAsked asked = server_.Log().at(0);
  EXPECT_EQ(asked.method, "GET");
  EXPECT_EQ(asked.target, "/value?id=0");
  EXPECT_EQ(asked.authorization, "");
  EXPECT_NE(asked.headers.find("Accept: application/json\r\n"), std::string::npos) << asked.headers;
  EXPECT_NE(asked.headers.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(asked.headers.find("Accept-Encoding"), std::string::npos);
  EXPECT_EQ(server_.most_open(), 1);
  EXPECT_GE(connection.Counters().connections, 3u);
  EXPECT_EQ(connection.Counters().lookups, 0u);
}

TEST_F(HttpConnectionTest, KeepsTheConnectionWhereTheDeviceWantsIt) {
  options_.keep_alive = true;
  HttpConnection connection(options_, asker_);
  connection.Start();
  ASSERT_GE(asker_.Wait(5).size(), 5u);
  connection.Stop();
  EXPECT_EQ(connection.Counters().connections, 1u);
}

struct Trouble {
  const char* name;
  Fault fault;
  HttpFault want;
  bool same_body = false;
};

class HttpTroubleTest : public HttpConnectionTest, public testing::WithParamInterface<Trouble> {};

TEST_P(HttpTroubleTest, IsNamedBoundedAndPasses) {
  if (GetParam().want == HttpFault::kTimeout) {
    options_.first_byte_timeout = milliseconds(300);
    options_.deadline = milliseconds(600);
  }
  HttpConnection connection(options_, asker_);
  server_.SetFault(GetParam().fault, true);
  const MonotonicTime started_at = MonotonicNow();
  connection.Start();
  const auto got = asker_.Wait(1);
  ASSERT_GE(got.size(), 1u);
  EXPECT_STREQ(HttpFaultName(got[0].fault), HttpFaultName(GetParam().want));
  EXPECT_LT(got[0].at - started_at, options_.deadline + seconds(5));
  EXPECT_EQ(got[0].body == kBody, GetParam().same_body) << got[0].body;
  // Afterwards, without being started again.
  server_.SetFault(GetParam().fault, false);
  bool recovered = false;
  for (size_t count = 2; count < 50 && !recovered; ++count) {
    const auto more = asker_.Wait(count);
    recovered = more.back().fault == HttpFault::kNone && more.back().body == kBody;
  }
  EXPECT_TRUE(recovered);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Server, HttpTroubleTest, testing::Values(
    Trouble{"Refuses",                 Fault::kRefuse,         HttpFault::kNoConnection},
    Trouble{"IsSilent",                Fault::kSilent,         HttpFault::kTimeout},
    Trouble{"Drips",                   Fault::kDrip,           HttpFault::kTimeout},
    Trouble{"StallsBehindHeaders",     Fault::kStallHeaders,   HttpFault::kTimeout},
    Trouble{"StallsInTheBody",         Fault::kStallBody,      HttpFault::kTimeout},
    Trouble{"ResetsInPlaceOfAReply",   Fault::kResetEarly,     HttpFault::kLost},
    Trouble{"ResetsInTheBody",         Fault::kResetBody,      HttpFault::kLost},
    Trouble{"ResetBehindTheBodyIsFine", Fault::kResetAfter,    HttpFault::kNone, true},
    Trouble{"PromisesTooMuch",         Fault::kLengthLong,     HttpFault::kLost},
    Trouble{"PromisesTooLittle",       Fault::kLengthShort,    HttpFault::kNone, false},
    Trouble{"ChunksAreFine",           Fault::kChunked,        HttpFault::kNone, true},
    Trouble{"NoLengthIsFine",          Fault::kNoLength,       HttpFault::kNone, true},
    Trouble{"EndlessBody",             Fault::kEndlessBody,    HttpFault::kTooLarge},
    Trouble{"EndlessHeaders",          Fault::kEndlessHeaders, HttpFault::kTooLarge},
    Trouble{"FoldsItsFirstHeader",     Fault::kFoldedHeader,   HttpFault::kProtocol},
    Trouble{"IsNoHttp",                Fault::kNotHttp,        HttpFault::kProtocol}),
    [](const auto& info) { return info.param.name; });
// clang-format on

struct Status {
  int status;
  HttpFault want;
};

class HttpStatusTest : public HttpConnectionTest, public testing::WithParamInterface<Status> {};

TEST_P(HttpStatusTest, HasItsClassAndKeepsItsBody) {
  SetServed(
      {.status = GetParam().status, .headers = "Location: http://192.0.2.1/\r\nRetry-After: 7\r\n", .body = "because"});
  HttpConnection connection(options_, asker_);
  connection.Start();
  const auto got = asker_.Wait(1);
  ASSERT_GE(got.size(), 1u);
  EXPECT_STREQ(HttpFaultName(got[0].fault), HttpFaultName(GetParam().want));
  EXPECT_EQ(got[0].status, GetParam().status);
  EXPECT_EQ(got[0].body, "because");
  EXPECT_EQ(got[0].retry_after, seconds(7));
}

INSTANTIATE_TEST_SUITE_P(Statuses, HttpStatusTest,
                         testing::Values(Status{301, HttpFault::kRedirect}, Status{302, HttpFault::kRedirect},
                                         Status{401, HttpFault::kAuth}, Status{403, HttpFault::kForbidden},
                                         Status{404, HttpFault::kNotFound}, Status{429, HttpFault::kThrottled},
                                         Status{500, HttpFault::kServer}, Status{503, HttpFault::kServer},
                                         Status{206, HttpFault::kStatus}, Status{418, HttpFault::kStatus}),
                         [](const auto& info) { return "Status" + std::to_string(info.param.status); });

TEST_F(HttpConnectionTest, BodyOfExactlyTheLimitIsTakenAndOneByteMoreIsNot) {
  SetServed({.headers = {}, .body = std::string(HttpTransfer::kLargestBody, 'x')});
  HttpConnection connection(options_, asker_);
  connection.Start();
  ASSERT_GE(asker_.Wait(1).size(), 1u);
  EXPECT_EQ(asker_.Wait(1)[0].fault, HttpFault::kNone);
  SetServed({.headers = {}, .body = std::string(HttpTransfer::kLargestBody + 1, 'x')});
  asker_.Forget();
  const auto got = asker_.Wait(2);
  ASSERT_GE(got.size(), 2u);
  EXPECT_EQ(got[1].fault, HttpFault::kTooLarge);
}

TEST_F(HttpConnectionTest, BasicLoginGoesWithTheFirstRequest) {
  SetLogin(HttpLogin::Kind::kBasic, HttpAuth::kBasic, "Sommer#24");
  HttpConnection connection(options_, asker_);
  connection.Start();
  ASSERT_GE(asker_.Wait(1).size(), 1u);
  EXPECT_EQ(asker_.Wait(1)[0].fault, HttpFault::kNone);
  EXPECT_EQ(server_.Log().at(0).authorization, "Basic YWRtaW46U29tbWVyIzI0");
}

TEST_F(HttpConnectionTest, WrongPasswordIsAnAuthFault) {
  SetLogin(HttpLogin::Kind::kBasic, HttpAuth::kBasic, "wrong");
  HttpConnection connection(options_, asker_);
  connection.Start();
  ASSERT_GE(asker_.Wait(1).size(), 1u);
  EXPECT_EQ(asker_.Wait(1)[0].fault, HttpFault::kAuth);
}

// As a device that holds few nonces and refuses whoever asks for more: one challenge, and one more when the nonce has
// grown old, within the same exchange.
TEST_F(HttpConnectionTest, DigestLoginUsesItsNonceUntilTheServerWantsAnotherOne) {
  SetLogin(HttpLogin::Kind::kDigest, HttpAuth::kDigest, "Sommer#24");
  HttpConnection connection(options_, asker_);
  connection.Start();
  for (const auto& reply : asker_.Wait(20)) EXPECT_EQ(reply.fault, HttpFault::kNone);
  EXPECT_EQ(connection.Counters().challenges, 1u);
  {
    const std::lock_guard lock(mutex_);
    login_.Expire();
  }
  asker_.Forget();
  const auto more = asker_.Wait(20);
  connection.Stop();
  ASSERT_GE(more.size(), 20u);
  for (const auto& reply : more) EXPECT_EQ(reply.fault, HttpFault::kNone);
  EXPECT_EQ(connection.Counters().challenges, 2u);
  // Two for one request twice; the one that Stop() ended may not have had its own yet.
  EXPECT_GE(connection.Counters().connections, connection.Counters().requests + 1);
  EXPECT_LE(connection.Counters().connections, connection.Counters().requests + 2);
  const auto log = server_.Log();
  EXPECT_EQ(log.at(0).authorization, "") << "nothing to sign with yet";
  for (size_t i = 1; i < log.size(); ++i) {
    EXPECT_NE(log[i].authorization.find("response="), std::string::npos) << "request " << i;
  }
}

TEST_F(HttpConnectionTest, BothRoundsOfADigestLoginShareAKeptConnection) {
  SetLogin(HttpLogin::Kind::kDigest, HttpAuth::kDigest, "Sommer#24");
  options_.keep_alive = true;
  HttpConnection connection(options_, asker_);
  connection.Start();
  for (const auto& reply : asker_.Wait(5)) EXPECT_EQ(reply.fault, HttpFault::kNone);
  connection.Stop();
  EXPECT_EQ(connection.Counters().connections, 1u);
  EXPECT_EQ(connection.Counters().challenges, 1u);
}

// The server has no nonce to give away for a while: the one we have stays good.
TEST_F(HttpConnectionTest, ThrottlingCostsNoNonce) {
  SetLogin(HttpLogin::Kind::kDigest, HttpAuth::kDigest, "Sommer#24");
  HttpConnection connection(options_, asker_);
  connection.Start();
  ASSERT_GE(asker_.Wait(1).size(), 1u);
  SetServed({.status = 429, .headers = "Retry-After: 1\r\n", .body = ""});
  asker_.Forget();
  EXPECT_EQ(asker_.Wait(3).at(2).fault, HttpFault::kThrottled);
  SetServed({.headers = {}, .body = kBody});
  asker_.Forget();
  EXPECT_EQ(asker_.Wait(3).at(2).fault, HttpFault::kNone);
  connection.Stop();
  EXPECT_EQ(connection.Counters().challenges, 1u);
}

TEST_F(HttpConnectionTest, WrongDigestPasswordIsAnAuthFault) {
  SetLogin(HttpLogin::Kind::kDigest, HttpAuth::kDigest, "wrong");
  HttpConnection connection(options_, asker_);
  connection.Start();
  const auto got = asker_.Wait(5);
  connection.Stop();
  ASSERT_GE(got.size(), 5u);
  for (const auto& reply : got) EXPECT_EQ(reply.fault, HttpFault::kAuth);
  const HttpCounters counters = connection.Counters();
  EXPECT_LE(server_.Log().size(), 2 * counters.requests) << "no exchange has a third round";
}

TEST_F(HttpConnectionTest, NameIsLookedUpOnceAndNotAfterEachFailure) {
  options_.host = "localhost";
  HttpConnection connection(options_, asker_);
  connection.Start();
  ASSERT_GE(asker_.Wait(3).size(), 3u);
  server_.SetFault(Fault::kResetEarly, true);
  asker_.Forget();
  ASSERT_GE(asker_.Wait(3).size(), 3u);
  EXPECT_EQ(connection.Counters().lookups, 1u);
}

TEST_F(HttpConnectionTest, UnknownNameIsItsOwnFault) {
  options_.host = "no-such-meter.invalid";
  HttpConnection connection(options_, asker_);
  connection.Start();
  const auto got = asker_.Wait(1);
  ASSERT_GE(got.size(), 1u);
  EXPECT_STREQ(HttpFaultName(got[0].fault), HttpFaultName(HttpFault::kUnresolved));
}

TEST_F(HttpConnectionTest, TimerRingsDuringAnExchange) {
  server_.SetFault(Fault::kSilent, true);
  HttpConnection connection(options_, asker_);
  const MonotonicTime when = MonotonicNow() + milliseconds(100);
  asker_.SetTimer(when);
  connection.Start();
  const MonotonicTime patience = MonotonicNow() + seconds(4);
  while (asker_.timer_rang_at() == MonotonicTime::min() && MonotonicNow() < patience) {
    SleepUntil(MonotonicNow() + milliseconds(1));
  }
  EXPECT_GE(asker_.timer_rang_at(), when);
  EXPECT_TRUE(asker_.Wait(0).empty());
}

TEST_F(HttpConnectionTest, AbandonedExchangeEndsWithoutAReply) {
  server_.SetFault(Fault::kSilent, true);
  HttpConnection connection(options_, asker_);
  connection.Start();
  const MonotonicTime patience = MonotonicNow() + seconds(5);
  while (server_.Log().empty() && MonotonicNow() < patience) SleepUntil(MonotonicNow() + milliseconds(1));
  ASSERT_EQ(server_.Log().size(), 1u);
  server_.SetFault(Fault::kSilent, false);
  const MonotonicTime abandoned_at = MonotonicNow();
  asker_.Abandon();
  connection.Wake();
  const auto got = asker_.Wait(1);
  ASSERT_GE(got.size(), 1u);
  EXPECT_LT(MonotonicNow() - abandoned_at, options_.deadline / 2);
  EXPECT_STREQ(HttpFaultName(got[0].fault), HttpFaultName(HttpFault::kNone)) << "the reply of the next one";
  EXPECT_GE(server_.Log().size(), 2u);
}

TEST_F(HttpConnectionTest, StopDoesNotWaitForAnExchange) {
  server_.SetFault(Fault::kSilent, true);
  HttpConnection connection(options_, asker_);
  connection.Start();
  const MonotonicTime patience = MonotonicNow() + seconds(5);
  while (server_.Log().empty() && MonotonicNow() < patience) SleepUntil(MonotonicNow() + milliseconds(1));
  ASSERT_FALSE(server_.Log().empty());
  const MonotonicTime stopped_at = MonotonicNow();
  connection.Stop();
  connection.Stop();
  EXPECT_LT(MonotonicNow() - stopped_at, options_.deadline / 2);
}

TEST(HttpFault, EveryOneHasANameAndASentence) {
  for (int i = 0; i < static_cast<int>(HttpFault::kCount); ++i) {
    EXPECT_STRNE(HttpFaultName(static_cast<HttpFault>(i)), "unknown");
    EXPECT_STRNE(HttpFaultText(static_cast<HttpFault>(i)), HttpFaultText(HttpFault::kCount));
  }
}

}  // namespace
}  // namespace abcds
