// The connection against a real mosquitto, and against a broker made of bytes for what mosquitto never does.
#include "hal/transport/mqtt_connection.h"

#include <arpa/inet.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/broker_process.h"
#include "hal/sim/wire/loopback_port.h"
#include "hal/transport/reconnect_pause.h"

namespace abcds {
namespace {

using std::chrono::seconds;

// Writes down what it hears; the test waits for what it expects.
class Recorder : public MqttListener {
 public:
  struct Message {
    std::string topic;
    std::string payload;
    bool retained;
    MonotonicTime at;
  };

  void OnConnected(MonotonicTime) noexcept override {
    Note([this] { ++connects; });
  }
  void OnDisconnected(std::string_view reason, MonotonicTime) noexcept override {
    Note([&] { reasons.emplace_back(reason); });
  }
  void OnSubscribed(bool granted, MonotonicTime) noexcept override {
    Note([&] { grants.push_back(granted); });
  }
  void OnMessage(std::string_view topic, std::span<const uint8_t> payload, bool retained,
                 MonotonicTime now) noexcept override {
    Note([&] { messages.push_back({std::string(topic), std::string(payload.begin(), payload.end()), retained, now}); });
  }
  MonotonicTime NextDue() noexcept override {
    const std::lock_guard lock(mutex);
    return due;
  }
  void OnTime(MonotonicTime now) noexcept override {
    Note([&] {
      timer_calls.push_back(now);
      due = MonotonicTime::max();
    });
  }

  template <class Predicate>
  [[nodiscard]] bool WaitFor(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, seconds(20), predicate);
  }

  std::mutex mutex;
  std::condition_variable changed;
  int connects = 0;
  std::vector<std::string> reasons;
  std::vector<bool> grants;
  std::vector<Message> messages;
  std::vector<MonotonicTime> timer_calls;
  MonotonicTime due = MonotonicTime::max();

 private:
  template <class Change>
  void Note(Change change) noexcept {
    const std::lock_guard lock(mutex);
    change();
    changed.notify_all();
  }
};

// A publisher with the library's plain, blocking interface.
void Publish(int port, const std::string& topic, const std::vector<std::string>& payloads, bool retain = false) {
  mosquitto* client = mosquitto_new(nullptr, true, nullptr);
  ASSERT_EQ(mosquitto_connect(client, "127.0.0.1", port, 60), MOSQ_ERR_SUCCESS);
  int left = static_cast<int>(payloads.size());
  mosquitto_user_data_set(client, &left);
  mosquitto_publish_callback_set(client, [](mosquitto*, void* count, int) { --*static_cast<int*>(count); });
  for (const std::string& payload : payloads) {
    ASSERT_EQ(
        mosquitto_publish(client, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, retain),
        MOSQ_ERR_SUCCESS);
  }
  while (left > 0) ASSERT_EQ(mosquitto_loop(client, 1000, 1), MOSQ_ERR_SUCCESS);
  mosquitto_disconnect(client);
  mosquitto_destroy(client);
}

MqttOptions OptionsFor(int port, const std::string& topic = "grid/power") {
  MqttOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.topics = {topic};
  return options;
}

TEST(MqttConnection, DeliversEachMessageWithItsRetainMark) {
  sim::BrokerProcess broker;
  ASSERT_TRUE(broker.Start().ok());
  Publish(broker.port(), "grid/power", {"1"}, /*retain=*/true);
  Recorder recorder;
  MqttConnection connection(OptionsFor(broker.port()), recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.messages.size() == 1; }));
  Publish(broker.port(), "grid/power", {"-412.7", "", std::string("a\0b", 3)});
  Publish(broker.port(), "other/topic", {"9"});
  Publish(broker.port(), "grid/power", {"last"});
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.messages.size() == 5; }));
  connection.Stop();
  EXPECT_TRUE(recorder.messages[0].retained);
  EXPECT_EQ(recorder.messages[0].payload, "1");
  EXPECT_FALSE(recorder.messages[1].retained);
  EXPECT_EQ(recorder.messages[1].payload, "-412.7");
  EXPECT_EQ(recorder.messages[1].topic, "grid/power");
  EXPECT_EQ(recorder.messages[2].payload, "");
  EXPECT_EQ(recorder.messages[3].payload, std::string("a\0b", 3));
  EXPECT_EQ(recorder.messages[4].payload, "last");
  EXPECT_EQ(recorder.grants, std::vector<bool>{true});
  EXPECT_EQ(connection.Trouble(), "");
  EXPECT_EQ(connection.Counters().messages, 5u);
}

TEST(MqttConnection, ComesBackAfterTheBrokerRestartsAndSubscribesAgain) {
  sim::BrokerProcess broker;
  ASSERT_TRUE(broker.Start().ok());
  Recorder recorder;
  MqttConnection connection(OptionsFor(broker.port()), recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.grants.size() == 1; }));
  broker.Stop();
  ASSERT_TRUE(recorder.WaitFor([&] { return !recorder.reasons.empty(); }));
  EXPECT_NE(connection.Trouble(), "");
  ASSERT_TRUE(broker.Start().ok());
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.grants.size() == 2; }));
  Publish(broker.port(), "grid/power", {"7"});
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.messages.size() == 1; }));
  connection.Stop();
  EXPECT_EQ(connection.Trouble(), "");
  EXPECT_EQ(connection.Counters().connects, 2u);
  EXPECT_EQ(connection.Counters().losses, 1u);
}

TEST(MqttConnection, DropsAndCountsWhatIsTooLarge) {
  sim::BrokerProcess broker;
  ASSERT_TRUE(broker.Start().ok());
  Recorder recorder;
  MqttConnection connection(OptionsFor(broker.port()), recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.grants.size() == 1; }));
  Publish(
      broker.port(), "grid/power",
      {std::string(MqttConnection::kLargestPayload + 1, 'x'), std::string(MqttConnection::kLargestPayload, 'y'), "1"});
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.messages.size() == 2; }));
  connection.Stop();
  EXPECT_EQ(recorder.messages[0].payload.size(), MqttConnection::kLargestPayload);
  EXPECT_EQ(connection.Counters().oversized, 1u);
}

TEST(MqttConnection, SaysThatTheBrokerRefusesTheLogin) {
  sim::BrokerProcess broker;
  ASSERT_TRUE(broker.Start("allow_anonymous false").ok());
  Recorder recorder;
  MqttOptions options = OptionsFor(broker.port());
  options.user = "somebody";
  options.password = "hunter2";
  MqttConnection connection(options, recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return !recorder.reasons.empty(); }));
  connection.Stop();
  EXPECT_NE(recorder.reasons[0].find("access rights"), std::string::npos) << recorder.reasons[0];
  EXPECT_EQ(recorder.reasons[0].find("hunter2"), std::string::npos);
  EXPECT_EQ(recorder.connects, 0);
}

TEST(MqttConnection, SaysThatNobodyListensAndEndsPromptly) {
  Recorder recorder;
  MqttConnection connection(OptionsFor(sim::FreeLoopbackPort()), recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return !recorder.reasons.empty(); }));
  EXPECT_NE(recorder.reasons[0].find("refuses the connection: is it running"), std::string::npos)
      << recorder.reasons[0];
  const MonotonicTime before = MonotonicNow();
  connection.Stop();
  connection.Stop();
  EXPECT_LT(MonotonicNow() - before, seconds(10)) << "between two attempts";
}

TEST(MqttConnection, CallsTheListenersTimerWhileItWaitsToReconnect) {
  Recorder recorder;
  MqttConnection connection(OptionsFor(sim::FreeLoopbackPort()), recorder);
  recorder.due = MonotonicNow() + std::chrono::milliseconds(300);
  const MonotonicTime due = recorder.due;
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return !recorder.timer_calls.empty(); }));
  connection.Stop();
  EXPECT_GE(recorder.timer_calls[0], due);
}

// A certificate authority of our own and a certificate for "localhost", made on the spot. False without openssl.
bool MakeCertificates(const std::string& folder) {
  const std::string script =
      "cd '" + folder +
      "' && { "
      "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj '/CN=test authority' && "
      "openssl req -newkey rsa:2048 -nodes -keyout broker.key -out broker.csr -subj '/CN=localhost' && "
      "printf 'subjectAltName=DNS:localhost\\n' > names && "
      "openssl x509 -req -in broker.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out broker.crt -days 2 -extfile "
      "names; } 2>/dev/null";
  return std::system(script.c_str()) == 0;
}

TEST(MqttConnection, SpeaksTlsAndChecksTheBrokersName) {
  const std::string folder = testing::TempDir();
  if (!MakeCertificates(folder)) GTEST_SKIP() << "no openssl on this machine to make certificates with";
  sim::BrokerProcess broker;
  ASSERT_TRUE(broker.Start("certfile " + folder + "/broker.crt\nkeyfile " + folder + "/broker.key").ok());
  struct Row {
    const char* host;
    bool own_authority;
    bool insecure;
    bool connects;
  };
  for (const Row& row : {Row{"localhost", true, false, true}, Row{"127.0.0.1", true, false, false},
                         Row{"localhost", false, false, false}, Row{"127.0.0.1", true, true, true}}) {
    SCOPED_TRACE(testing::Message() << row.host << (row.own_authority ? "" : ", system's authorities")
                                    << (row.insecure ? ", insecure" : ""));
    MqttOptions options = OptionsFor(broker.port());
    options.host = row.host;
    options.tls.enabled = true;
    if (row.own_authority) options.tls.ca_file = folder + "/ca.crt";
    options.tls.insecure = row.insecure;
    Recorder recorder;
    MqttConnection connection(options, recorder);
    connection.Start();
    ASSERT_TRUE(recorder.WaitFor([&] { return !recorder.grants.empty() || !recorder.reasons.empty(); }));
    connection.Stop();
    EXPECT_EQ(recorder.connects, row.connects ? 1 : 0);
    if (!row.connects) {
      EXPECT_NE(recorder.reasons[0].find("TLS handshake failed"), std::string::npos) << recorder.reasons[0];
    }
  }
}

TEST(MqttConnection, SaysThatATlsFileCannotBeRead) {
  MqttOptions options = OptionsFor(sim::FreeLoopbackPort());
  options.tls.enabled = true;
  options.tls.ca_file = "/nowhere/ca.crt";
  Recorder recorder;
  MqttConnection connection(options, recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return !recorder.reasons.empty(); }));
  EXPECT_NE(recorder.reasons[0].find("check ca_file"), std::string::npos) << recorder.reasons[0];
}

// Answers each connection with the same bytes, whatever it hears, and keeps what it heard.
class ByteBroker {
 public:
  explicit ByteBroker(std::vector<uint8_t> answer) : answer_(std::move(answer)) {
    listen_fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listen_fd_, 4), 0);
    EXPECT_EQ(getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~ByteBroker() {
    shutdown(listen_fd_, SHUT_RDWR);
    thread_.join();
    close(listen_fd_);
  }
  [[nodiscard]] int port() const { return port_; }
  // Waits until it has heard so much.
  [[nodiscard]] std::vector<uint8_t> Heard(size_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(20), [&] { return heard_.size() >= bytes; });
    return heard_;
  }

 private:
  void Serve() {
    for (int fd; (fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; close(fd)) {
      EXPECT_EQ(write(fd, answer_.data(), answer_.size()), static_cast<ssize_t>(answer_.size()));
      uint8_t buffer[256];
      for (ssize_t got; (got = read(fd, buffer, sizeof(buffer))) > 0;) {
        const std::lock_guard lock(mutex_);
        heard_.insert(heard_.end(), buffer, buffer + got);
        changed_.notify_all();
      }
    }
  }

  const std::vector<uint8_t> answer_;
  int listen_fd_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<uint8_t> heard_;
  std::thread thread_;
};

const std::vector<uint8_t> kConnackAccepted = {0x20, 0x02, 0x00, 0x00};

std::vector<uint8_t> Join(std::vector<uint8_t> a, const std::vector<uint8_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(MqttConnection, HearsThatTheSubscriptionIsRefused) {
  ByteBroker broker(Join(kConnackAccepted, {0x90, 0x03, 0x00, 0x01, 0x80}));
  Recorder recorder;
  MqttConnection connection(OptionsFor(broker.port()), recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.grants.size() == 1; }));
  EXPECT_FALSE(recorder.grants[0]);
  EXPECT_NE(connection.Trouble().find("refuses the subscription"), std::string::npos) << connection.Trouble();
  connection.Stop();
}

TEST(MqttConnection, SendsTheFramesOfTheStandard) {
  // A SUBACK, then the dossier's PUBLISH, once plain and once marked as retained.
  const std::vector<uint8_t> publish = {0x12, 0x00, 0x0a, 'g', 'r', 'i', 'd', '/', 'p', 'o',
                                        'w',  'e',  'r',  '-', '4', '1', '2', '.', '7'};
  ByteBroker broker(
      Join(Join(Join(kConnackAccepted, {0x90, 0x03, 0x00, 0x01, 0x00}), Join({0x30}, publish)), Join({0x31}, publish)));
  Recorder recorder;
  MqttConnection connection(OptionsFor(broker.port()), recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return recorder.messages.size() == 2; }));
  const std::vector<uint8_t> heard = broker.Heard(28 + 17);
  connection.Stop();
  EXPECT_EQ(recorder.messages[0].payload, "-412.7");
  EXPECT_FALSE(recorder.messages[0].retained);
  EXPECT_TRUE(recorder.messages[1].retained);
  // CONNECT: protocol "MQTT" level 4, clean session and nothing else, keep alive 15 s, an id of 14 characters.
  const std::vector<uint8_t> connect = {0x10, 0x1a, 0x00, 0x04, 'M', 'Q', 'T', 'T', 0x04, 0x02,
                                        0x00, 0x0f, 0x00, 0x0e, 'a', 'b', 'c', 'd', 's',  '-'};
  ASSERT_GE(heard.size(), 28u + 17u);
  EXPECT_EQ(std::vector<uint8_t>(heard.begin(), heard.begin() + 20), connect);
  const std::vector<uint8_t> subscribe = {0x82, 0x0f, 0x00, 0x01, 0x00, 0x0a, 'g', 'r', 'i',
                                          'd',  '/',  'p',  'o',  'w',  'e',  'r', 0x00};
  EXPECT_EQ(std::vector<uint8_t>(heard.begin() + 28, heard.begin() + 45), subscribe);
}

struct RefusedCase {
  const char* name;
  std::vector<uint8_t> answer;
  const char* reason;
  Nanoseconds connect_timeout = seconds(20);
};

class MqttRefusedTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(MqttRefusedTest, NamesTheReason) {
  ByteBroker broker(GetParam().answer);
  Recorder recorder;
  MqttOptions options = OptionsFor(broker.port());
  options.connect_timeout = GetParam().connect_timeout;
  MqttConnection connection(options, recorder);
  connection.Start();
  ASSERT_TRUE(recorder.WaitFor([&] { return !recorder.reasons.empty(); }));
  connection.Stop();
  EXPECT_NE(recorder.reasons[0].find(GetParam().reason), std::string::npos) << recorder.reasons[0];
  EXPECT_EQ(recorder.connects, 0);
}

constexpr Nanoseconds kShort = std::chrono::milliseconds(500);

// clang-format off
INSTANTIATE_TEST_SUITE_P(Connack, MqttRefusedTest, testing::Values(
    RefusedCase{"WrongVersion",  {0x20, 0x02, 0x00, 0x01}, "does not speak MQTT 3.1.1"},
    RefusedCase{"IdRejected",    {0x20, 0x02, 0x00, 0x02}, "rejects our client id"},
    RefusedCase{"NotReady",      {0x20, 0x02, 0x00, 0x03}, "is not ready"},
    RefusedCase{"BadLogin",      {0x20, 0x02, 0x00, 0x04}, "refuses user name or password"},
    RefusedCase{"NotAuthorised", {0x20, 0x02, 0x00, 0x05}, "access rights"},
    RefusedCase{"WebServer",     {'H', 'T', 'T', 'P', '/', '1', '.', '1', ' ', '4', '0', '0'}, "does not answer", kShort},
    RefusedCase{"Silent",        {},                        "does not answer", kShort}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(ReconnectPause, GrowsToThirtySecondsAndStartsAgainAfterAGoodConnection) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    ReconnectPause pause(seed);
    for (const int expected : {1, 2, 4, 8, 16, 30, 30}) {
      const double s = ToSeconds(pause.AfterLoss(seconds(0)));
      ASSERT_GE(s, 0.8 * expected);
      ASSERT_LE(s, 1.2 * expected);
    }
    ASSERT_GE(ToSeconds(pause.AfterLoss(seconds(2))), 24.0);
    ASSERT_LE(ToSeconds(pause.AfterLoss(seconds(10))), 1.2);
    const double refused = ToSeconds(pause.AfterRefusedLogin());
    ASSERT_GE(refused, 30.0);
    ASSERT_LE(refused, 60.0);
  }
}

}  // namespace
}  // namespace abcds
