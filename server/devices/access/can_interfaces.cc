#include "server/devices/access/can_interfaces.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace abcds {
namespace {

constexpr int kCan = 280;  // ARPHRD_CAN

}  // namespace

std::vector<std::string> FindCanInterfaces(const std::string& sys_net) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(sys_net, error), end; !error && entry != end; entry.increment(error)) {
    std::ifstream file(entry->path() / "type");
    int type = 0;
    if (file >> type && type == kCan) names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace abcds
