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
#include "hal/sim/config_text.h"
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

TEST(Site, TheMeterShowsTheLoadLessTheInvertersPower) {
  const std::unique_ptr<Site> site = OpenSite(Exact(), 412.7);
  // It starts at full power by itself: 600 W commanded are 591 W with its gain.
  for (int i = 0; i < 500; ++i) site->Step(kStep);

  std::atomic<bool> heard{false};
  std::string payload;
  std::thread subscriber([&] {
    mosquitto_message* message = nullptr;
    EXPECT_EQ(mosquitto_subscribe_simple(&message, 1, /*want_retained=*/false, "sim/grid/power", /*qos=*/0, "127.0.0.1",
                                         site->broker_port(), nullptr, 60, true, nullptr, nullptr, nullptr, nullptr),
              MOSQ_ERR_SUCCESS);
    if (message != nullptr)
      payload.assign(static_cast<const char*>(message->payload), static_cast<size_t>(message->payloadlen));
    mosquitto_message_free(&message);
    heard.store(true);
  });
  while (!heard.load()) {
    site->Step(kStep);
    poll(nullptr, 0, 1);
  }
  subscriber.join();
  EXPECT_EQ(payload, "-178.3");
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

TEST(ConfigText, NamesTheWiresAndTheNominalDelays) {
  SiteOptions options = Exact();
  options.pty = "/run/line";
  options.lumentree_model = 2000;
  options.cells = 16;
  options.format = MqttMeterWire::Format::kJson;
  const std::string text = ConfigText(options, 4711, 1.0);
  for (const char* expected :
       {"port: \"/run/line\"", "port: 4711", "topic: \"sim/grid/power\"", "json_path: \"SML.Power_curr\"",
        "model: MODEL_2000", "interval_s: 1\n", "latency_s: 0.5\n", "cells: 16\n", "max_discharge_current_a: 50"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
  EXPECT_EQ(text.find("response"), std::string::npos);
  const std::string fast = ConfigText(options, 4711, 5.0);
  EXPECT_NE(fast.find("interval_s: 0.2\n"), std::string::npos) << fast;
  EXPECT_NE(fast.find("dead_time_s: 0.05\n"), std::string::npos) << fast;
  EXPECT_NE(fast.find("ramp_up_w_per_s: 3000\n"), std::string::npos) << fast;
}

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
