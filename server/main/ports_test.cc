#include "server/main/ports.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace abcds {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> ports;
  bool good;
};

class CheckPortsTest : public testing::TestWithParam<Case> {};

TEST_P(CheckPortsTest, RefusesOnlyWhereNothingIsThere) {
  Site site;
  for (const std::string& port : GetParam().ports) site.buses.push_back({.name = "line", .port = port, .baud = 9600});
  const absl::Status status = CheckPorts(site);
  EXPECT_EQ(status.ok(), GetParam().good);
  if (status.ok()) return;
  for (const std::string& port : GetParam().ports) {
    EXPECT_NE(std::string(status.message()).find(port), std::string::npos) << status.message();
  }
}

INSTANTIATE_TEST_SUITE_P(Ports, CheckPortsTest, testing::Values(
    //   name              ports                                good
    Case{"NoBusAtAll",     {},                                  true},
    Case{"There",          {"/dev/null"},                       true},
    Case{"NotThere",       {"/dev/not-there"},                  false},
    Case{"NoneOfTwo",      {"/dev/not-there", "/dev/nor-this"}, false},
    Case{"OneOfTwo",       {"/dev/not-there", "/dev/null"},     true},
    Case{"BehindTheNet",   {"tcp://192.0.2.1:502"},             true}),
    [](const auto& row) { return row.param.name; });

TEST(CheckPorts, CountsCanBuses) {
  Site site;
  site.can_buses = {{.name = "a", .interface = "abcds-none0", .slcan_port = "", .bitrate = 250000, .bring_up = false},
                    {.name = "b", .interface = "", .slcan_port = "/dev/not-there", .bitrate = 250000, .bring_up = false}};
  const absl::Status refused = CheckPorts(site);
  EXPECT_NE(refused.message().find("interface abcds-none0 (can_bus \"a\"), /dev/not-there (can_bus \"b\")"),
            std::string::npos)
      << refused;
  // The loopback interface stands for one that is there.
  site.can_buses[0].interface = "lo";
  EXPECT_TRUE(CheckPorts(site).ok());
  site.can_buses[0].interface = "abcds-none0";
  site.buses = {{.name = "line", .port = "/dev/null", .baud = 9600}};
  EXPECT_TRUE(CheckPorts(site).ok());
}

}  // namespace
}  // namespace abcds
