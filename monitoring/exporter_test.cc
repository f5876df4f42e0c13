#include "monitoring/exporter.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace abcds {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class FixedSource final : public SnapshotSource {
 public:
  [[nodiscard]] Observation Observe() const override {
    Observation o;
    o.started = true;
    o.snapshot.time = MonotonicTime(std::chrono::hours(1));
    o.snapshot.meter.power = {Watts(412.5), o.snapshot.time, true};
    o.meter = {"gr\"id", "mqtt", {}, false};
    return o;
  }
};

// What a scraper sees: the whole HTTP response.
std::string Get(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string response;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    char buffer[4096];
    for (ssize_t n = 0; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;) response.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  return response;
}

TEST(ExporterTest, ServesTheTextFormatAndSharesItsPortWithNobody) {
  const FixedSource source;
  const auto exporter = Exporter::Start("127.0.0.1:0", {"1.2.3", "cottage"}, source);
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  const int port = (*exporter)->port();
  const std::string response = Get(port, "/metrics");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(response, HasSubstr("\n# TYPE abcds_grid_power_watts gauge\nabcds_grid_power_watts 412.5\n"));
  EXPECT_THAT(response, HasSubstr("abcds_device_info{device=\"gr\\\"id\",type=\"mqtt\"} 1\n"));
  EXPECT_THAT(response, HasSubstr("abcds_cycle_compute_seconds_bucket{le=\"+Inf\"} 0\n"));
  EXPECT_THAT(Get(port, "/nothing"), StartsWith("HTTP/1.1 404"));

  const std::string address = "127.0.0.1:" + std::to_string(port);
  const auto second = Exporter::Start(address, {"1.2.3", "cottage"}, source);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
  EXPECT_THAT(Get(port, "/metrics"), StartsWith("HTTP/1.1 200")) << "the first one goes on";
}

TEST(ExporterTest, TakesLocalhostForAnAddress) {
  const FixedSource source;
  const auto exporter = Exporter::Start("localhost:0", {"1.2.3", "cottage"}, source);
  EXPECT_TRUE(exporter.ok()) << exporter.status();
}

}  // namespace
}  // namespace abcds
