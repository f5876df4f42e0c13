#include "server/devices/access/serial_ports.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

namespace abcds {
namespace {

namespace fs = std::filesystem;

// Names of a folder's entries, in order; none where it is not there.
std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool StartsWith(const std::string& text, const std::string& prefix) { return text.compare(0, prefix.size(), prefix) == 0; }

// The kernel makes ttyS0 to ttyS31 whether there are UARTs or not; those without are of type 0.
bool HasUart(const std::string& name, const std::string& sys_tty) {
  if (!StartsWith(name, "ttyS")) return true;
  std::ifstream file(sys_tty + "/" + name + "/type");
  int type = 0;
  return static_cast<bool>(file >> type) && type != 0;
}

std::set<std::string> Consoles(const std::string& sys_tty) {
  std::ifstream file(sys_tty + "/console/active");
  std::set<std::string> names;
  for (std::string name; file >> name;) names.insert(name);
  return names;
}

}  // namespace

std::vector<std::string> FindSerialPorts(const std::string& dev, const std::string& sys_tty) {
  const std::set<std::string> consoles = Consoles(sys_tty);
  std::vector<std::string> ports;
  std::set<std::string> seen;  // kernel names
  const auto add = [&](const std::string& path) {
    std::error_code error;
    const std::string name = fs::canonical(path, error).filename().string();
    if (error || consoles.count(name) > 0 || !HasUart(name, sys_tty) || !seen.insert(name).second) return;
    ports.push_back(path);
  };
  for (const char* const folder : {"/serial/by-id", "/serial/by-path"}) {
    for (const std::string& name : NamesIn(dev + folder)) add(dev + folder + "/" + name);
  }
  for (const char* const prefix : {"ttyUSB", "ttyACM", "ttyAMA", "ttyS"}) {
    for (const std::string& name : NamesIn(dev)) {
      if (StartsWith(name, prefix)) add(dev + "/" + name);
    }
  }
  return ports;
}

bool IsModem(const std::string& port) {
  std::error_code error;
  const fs::path node = fs::canonical(port, error);
  return !error && StartsWith(node.filename().string(), "ttyACM");
}

}  // namespace abcds
