#include "server/devices/access/serial_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace abcds {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class SerialPortsTest : public testing::Test {
 protected:
  SerialPortsTest() : root_(testing::TempDir() + "/serial_ports") { fs::remove_all(root_); }

  void File(const std::string& path, const std::string& text = "") {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  void Link(const std::string& path, const std::string& to) {
    fs::create_directories(fs::path(root_ + path).parent_path());
    fs::create_symlink(root_ + to, root_ + path);
  }
  // Without the root.
  std::vector<std::string> Find() {
    std::vector<std::string> ports = FindSerialPorts(root_ + "/dev", root_ + "/sys");
    for (std::string& port : ports) port.erase(0, root_.size());
    return ports;
  }

  const std::string root_;
};

TEST_F(SerialPortsTest, MostStablePathOfEach) {
  for (const char* const node : {"/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyACM0", "/dev/tty1", "/dev/null"}) File(node);
  Link("/dev/serial/by-id/usb-FTDI_A1", "/dev/ttyUSB0");
  Link("/dev/serial/by-path/platform-usb-0:1", "/dev/ttyUSB0");
  Link("/dev/serial/by-path/platform-usb-0:2", "/dev/ttyUSB1");
  EXPECT_THAT(Find(), ElementsAre("/dev/serial/by-id/usb-FTDI_A1", "/dev/serial/by-path/platform-usb-0:2", "/dev/ttyACM0"));
}

TEST_F(SerialPortsTest, NamesWithoutUartAndTheConsoleAreLeftOut) {
  for (const char* const node : {"/dev/ttyS0", "/dev/ttyS1", "/dev/ttyS2", "/dev/ttyAMA0", "/dev/ttyAMA1"}) File(node);
  File("/sys/ttyS0/type", "4\n");
  File("/sys/ttyS1/type", "0\n");
  File("/sys/console/active", "tty0 ttyAMA0\n");
  EXPECT_THAT(Find(), ElementsAre("/dev/ttyAMA1", "/dev/ttyS0"));
}

TEST_F(SerialPortsTest, LinkToNowhereIsNoPort) {
  Link("/dev/serial/by-id/gone", "/dev/ttyUSB7");
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(SerialPortsTest, ModemsAreToldByTheirNode) {
  File("/dev/ttyACM0");
  File("/dev/ttyUSB0");
  Link("/dev/serial/by-id/usb-Microchip_USBtin", "/dev/ttyACM0");
  Link("/dev/serial/by-id/usb-ttyACM_in_its_name", "/dev/ttyUSB0");
  EXPECT_TRUE(IsModem(root_ + "/dev/serial/by-id/usb-Microchip_USBtin"));
  EXPECT_FALSE(IsModem(root_ + "/dev/serial/by-id/usb-ttyACM_in_its_name"));
  EXPECT_FALSE(IsModem(root_ + "/dev/ttyACM7")) << "not there";
  EXPECT_FALSE(IsModem("tcp://192.168.1.5:4001"));
}

}  // namespace
}  // namespace abcds
