// A site as its wires show it: messages at the broker, registers on the line. Frames are written by hand.
#include "hal/sim/site.h"

#include <fcntl.h>
#include <mosquitto.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "hal/sim/house/profile.h"
#include "hal/sim/profiles.h"
#include "hal/sim/wire/modbus_line.h"

namespace abcds::sim {
namespace {

constexpr Nanoseconds kStep = std::chrono::milliseconds(10);

SiteOptions Exact() {
  SiteOptions options;
  options.pty = testing::TempDir() + "/site-line-" + std::to_string(getpid());
  options.spread = 1.0;
  options.meter.quantum = Watts(0.1);
  return options;
}

std::unique_ptr<Site> OpenSite(const SiteOptions& options, double load_w) {
  absl::StatusOr<std::unique_ptr<Site>> site = Site::Open(options, MakePoints({{0, load_w}}), MakePoints({{0, 0}}));
  EXPECT_TRUE(site.ok()) << site.status();
  return *std::move(site);
}

// Sends a request on the line and reads until nothing more comes for a moment.
std::vector<uint8_t> Exchange(const std::string& path, std::vector<uint8_t> request) {
  const uint16_t checksum = ModbusChecksum(request);
  request.push_back(static_cast<uint8_t>(checksum & 0xff));
  request.push_back(static_cast<uint8_t>(checksum >> 8));
  const int fd = open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  EXPECT_GE(fd, 0);
  termios raw{};
  tcgetattr(fd, &raw);
  cfmakeraw(&raw);
  tcsetattr(fd, TCSANOW, &raw);
  EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::vector<uint8_t> reply;
  pollfd in{.fd = fd, .events = POLLIN, .revents = 0};
  while (poll(&in, 1, reply.empty() ? 2000 : 100) > 0) {
    uint8_t buffer[64];
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got <= 0) break;
    reply.insert(reply.end(), buffer, buffer + got);
  }
  close(fd);
  return reply;
}

// The last of ten messages: the first ones may have been said earlier and been on their way to the broker.
struct Heard {
  int messages = 0;
  std::string payload;

  static int Take(mosquitto* /*client*/, void* heard, const mosquitto_message* message) {
    auto* self = static_cast<Heard*>(heard);
    self->payload.assign(static_cast<const char*>(message->payload), static_cast<size_t>(message->payloadlen));
    return ++self->messages == 10 ? 1 : 0;  // 1 ends the subscription
  }
};

TEST(Site, TheMeterShowsTheLoadLessTheInvertersPower) {
  const std::unique_ptr<Site> site = OpenSite(Exact(), 412.7);
  // It starts at full power by itself: 600 W commanded are 591 W with its gain.
  for (int i = 0; i < 500; ++i) site->Step(kStep);

  std::atomic<bool> heard{false};
  Heard meter;
  std::thread subscriber([&] {
    EXPECT_EQ(mosquitto_subscribe_callback(&Heard::Take, &meter, "sim/grid/power", /*qos=*/0, "127.0.0.1",
                                           site->mqtt_meter()->broker_port(), nullptr, 60, true, nullptr, nullptr,
                                           nullptr, nullptr),
              MOSQ_ERR_SUCCESS);
    heard.store(true);
  });
  while (!heard.load()) {
    site->Step(kStep);
    poll(nullptr, 0, 1);
  }
  subscriber.join();
  EXPECT_EQ(meter.payload, "-178.3");
}

TEST(Site, ObeysASetpointOnTheLineAndCountsFromThen) {
  const std::unique_ptr<Site> site = OpenSite(Exact(), 400);
  for (int i = 0; i < 300; ++i) site->Step(kStep);
  EXPECT_EQ(site->View().totals.seconds, 0);
  // Function 16, register 40, one value: 300 W.
  const std::vector<uint8_t> reply = Exchange(site->line().path(), {1, 16, 0, 40, 0, 1, 2, 0x01, 0x2c});
  ASSERT_EQ(reply.size(), 8u);
  EXPECT_EQ(reply[1], 16);
  for (int i = 0; i < 300; ++i) site->Step(kStep);
  const SiteView view = site->View();
  EXPECT_EQ(view.setpoint, Watts(-300));
  EXPECT_NEAR(view.inverter.value(), -296, 2);
  EXPECT_NEAR(view.grid.value(), 104, 2);
  EXPECT_EQ(view.totals.setpoint_writes, 1u);
  EXPECT_EQ(view.totals.setpoint_changes, 1u);
  EXPECT_NEAR(view.totals.seconds, 3.0, 0.001);
  EXPECT_GT(view.totals.import_wh, 0.03);
  EXPECT_GT(view.totals.export_wh, 0.0) << "until it had come down from full power";
  EXPECT_NEAR(view.totals.absolute_error_ws, 3600 * (view.totals.import_wh + view.totals.export_wh), 0.01);
}

TEST(Site, SeedsDrawOtherDevices) {
  SiteOptions options = Exact();
  options.spread = 1.3;
  double first = 0;
  for (const uint64_t seed : {1u, 2u}) {
    options.seed = seed;
    const std::unique_ptr<Site> site = OpenSite(options, 400);
    for (int i = 0; i < 90; ++i) site->Step(kStep);
    const double inverter = site->View().inverter.value();
    EXPECT_NE(inverter, first);
    first = inverter;
  }
}

bool Contains(const std::string& text, const std::string& piece) { return text.find(piece) != std::string::npos; }

TEST(ConfigText, NamesTheWiresAndTheNominalDelays) {
  SiteOptions options = Exact();
  options.inverters = *ParseInverters("lumentree:2000");
  options.cells = 16;
  options.mqtt.format = MqttMeterWire::Format::kJson;
  const std::unique_ptr<Site> site = OpenSite(options, 400);
  const std::string text = site->ConfigText(1.0);
  for (const std::string& expected :
       {"port: \"" + options.pty + "\"", "port: " + std::to_string(site->mqtt_meter()->broker_port()),
        std::string("topic: \"sim/grid/power\""), std::string("json_path: \"SML.Power_curr\""),
        std::string("name: \"inverter\""), std::string("model: MODEL_2000"), std::string("interval_s: 1\n"),
        std::string("latency_s: 0.5\n"), std::string("cells: 16\n"), std::string("max_discharge_current_a: 50")}) {
    EXPECT_TRUE(Contains(text, expected)) << expected << "\n" << text;
  }
  EXPECT_FALSE(Contains(text, "response"));
  const std::string fast = site->ConfigText(5.0);
  EXPECT_TRUE(Contains(fast, "interval_s: 0.2\n")) << fast;
  EXPECT_TRUE(Contains(fast, "dead_time_s: 0.05\n")) << fast;
  EXPECT_TRUE(Contains(fast, "ramp_up_w_per_s: 3000\n")) << fast;
}

TEST(ConfigText, SeveralInvertersShareOneBusAndHaveTheirNames) {
  SiteOptions options = Exact();
  options.inverters = *ParseInverters("lumentree:600@3,trucki:2000");
  const std::string text = OpenSite(options, 400)->ConfigText(1.0);
  EXPECT_EQ(text.find("bus {"), text.rfind("bus {"));
  EXPECT_TRUE(
      Contains(text, "  name: \"lumentree\"\n  lumentree {\n    model: MODEL_600\n    bus: \"line\"\n    address: 3\n"))
      << text;
  EXPECT_TRUE(Contains(text,
                       "  name: \"trucki\"\n  trucki {\n    model: MODEL_2000\n    bus: \"line\"\n    address: 2\n"
                       "    newer_firmware: true\n"))
      << text;
}

// A Lumentree at 1 and a board at 2 on one line, each obeying its own address.
TEST(Site, TwoKindsOnOneLine) {
  SiteOptions options = Exact();
  options.inverters = *ParseInverters("lumentree:600,trucki:1000");
  const std::unique_ptr<Site> site = OpenSite(options, 900);
  EXPECT_EQ(Exchange(site->line().path(), {1, 16, 0, 40, 0, 1, 2, 0x01, 0x2c}).size(), 8u);  // 300 W
  EXPECT_EQ(Exchange(site->line().path(), {2, 16, 0, 0, 0, 1, 2, 0x10, 0x68}).size(), 8u);   // 420.0 W
  for (int i = 0; i < 300; ++i) site->Step(kStep);
  const SiteView view = site->View();
  ASSERT_EQ(view.converters.size(), 2u);
  EXPECT_EQ(view.converters[0].setpoint, Watts(-300));
  EXPECT_EQ(view.converters[1].setpoint, Watts(-420));
  EXPECT_EQ(view.setpoint, Watts(-720));
  EXPECT_NEAR(view.grid.value(), 900 - 0.985 * 720, 4);
  // The board's registers: 300 W were not for it.
  const std::vector<uint8_t> registers = Exchange(site->line().path(), {2, 3, 0, 0, 0, 2});
  ASSERT_EQ(registers.size(), 9u);
  EXPECT_EQ(registers[3] * 256 + registers[4], 4200);
  EXPECT_NEAR((registers[5] * 256 + registers[6]) / 10.0, 0.985 * 420, 3);
}

struct InverterRow {
  const char* name;
  const char* text;
  const char* want;  // what is understood, or why not
};

class ParseInvertersTest : public testing::TestWithParam<InverterRow> {};

TEST_P(ParseInvertersTest, UnderstandsOrSaysWhyNot) {
  const auto inverters = ParseInverters(GetParam().text);
  std::string got;
  if (inverters.ok()) {
    for (const InverterOptions& each : *inverters) {
      got += each.name + " " + std::to_string(each.model) + " at " + std::to_string(each.address) + ";";
    }
  } else {
    got = std::string(inverters.status().message());
  }
  EXPECT_EQ(got, GetParam().want);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Flags, ParseInvertersTest, testing::Values(
    InverterRow{"One",            "lumentree",                  "lumentree 600 at 1;"},
    InverterRow{"TwoKinds",       "lumentree:1000,trucki",      "lumentree 1000 at 1;trucki 1000 at 2;"},
    InverterRow{"TwoOfAKind",     "trucki:2000@7,trucki@3",     "trucki 2000 at 7;trucki-2 1000 at 3;"},
    InverterRow{"Nothing",        "",        "\"\" is no inverter: lumentree or trucki, then perhaps :MODEL and @ADDRESS"},
    InverterRow{"Unknown",        "soyo",    "\"soyo\" is no inverter: lumentree or trucki, then perhaps :MODEL and @ADDRESS"},
    InverterRow{"NoSuchModel",    "trucki:600",           "\"trucki:600\" is no inverter: the models are 1000, 2000"},
    InverterRow{"BoardAsMaster",  "trucki@16",            "\"trucki@16\" is no inverter: its address must be in [1, 15]"},
    InverterRow{"OneAddress",     "lumentree@2,trucki",   "\"trucki\" is no inverter: there already is one at address 2"}),
    [](const auto& info) { return std::string(info.param.name); });
// clang-format on

TEST(Profiles, AreFoundByNameOrRefusedWithTheNamesThatExist) {
  for (const char* name : {"steps", "kettle", "household", "constant:300"})
    EXPECT_TRUE(LoadByName(name, 1).ok()) << name;
  for (const char* name : {"none", "cloudy:1500"}) EXPECT_TRUE(SunByName(name, 1).ok()) << name;
  EXPECT_EQ((*LoadByName("constant:300", 1))->At(std::chrono::seconds(5)), Watts(300));
  for (const char* name : {"", "stepz", "constant:", "constant:-5", "constant:nan"}) {
    EXPECT_EQ(std::string(LoadByName(name, 1).status().message()).rfind("no load is called \"", 0), 0u) << name;
  }
  EXPECT_EQ(std::string(SunByName("cloudy", 1).status().message()),
            "no sun is called \"cloudy\": none, cloudy:WATTS, or a CSV file");
  EXPECT_FALSE(LoadByName("/nowhere/at.csv", 1).ok());
}

}  // namespace
}  // namespace abcds::sim
