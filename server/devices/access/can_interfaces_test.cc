#include "server/devices/access/can_interfaces.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace abcds {
namespace {

TEST(CanInterfacesTest, OnlyThoseOfTypeCanInOrder) {
  const std::string net = testing::TempDir() + "/net-" + std::to_string(getpid());
  for (const auto& [name, type] :
       {std::pair<std::string, int>{"vcan1", 280}, {"can0", 280}, {"eth0", 1}, {"lo", 772}}) {
    std::filesystem::create_directories(net + "/" + name);
    std::ofstream(net + "/" + name + "/type") << type << "\n";
  }
  std::ofstream(net + "/bonding_masters") << "\n";
  EXPECT_EQ(FindCanInterfaces(net), (std::vector<std::string>{"can0", "vcan1"}));
  EXPECT_TRUE(FindCanInterfaces(net + "/nowhere").empty());
}

}  // namespace
}  // namespace abcds
