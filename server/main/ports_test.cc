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

}  // namespace
}  // namespace abcds
