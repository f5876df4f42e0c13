// What the guard does when the worker has died, seen at the plug.
#include "hal/drivers/switched_charger/safe_state.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "hal/drivers/switched_charger/plug_site.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/http_server.h"
#include "hal/sim/wire/plug.h"

namespace abcds::switched_charger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Fault = sim::Plug::Fault;
using ServerFault = sim::HttpServerFault;

class SafeStateTest : public testing::TestWithParam<sim::Plug::Kind> {
 protected:
  absl::Status Command(Nanoseconds limit) {
    const MonotonicTime begin = MonotonicNow();
    const absl::Status status = CommandSafeState(site_.options, begin + limit);
    took_ = MonotonicNow() - begin;
    return status;
  }

  PlugSite site_{{.kind = GetParam(), .password = "Sommer#24", .on = true}};
  Nanoseconds took_{0};
};

INSTANTIATE_TEST_SUITE_P(Kinds, SafeStateTest,
                         testing::Values(sim::Plug::Kind::kTasmota, sim::Plug::Kind::kShellyGen1,
                                         sim::Plug::Kind::kShellyGen2));

TEST_P(SafeStateTest, PlugThatIsOnIsSwitchedOffAndConfirmed) {
  ASSERT_EQ(site_.plug().Output(), Watts(600));
  const absl::Status status = Command(seconds(10));
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_LE(took_, seconds(5));
  EXPECT_FALSE(site_.plug().on());
  EXPECT_EQ(site_.plug().Told(), std::vector<bool>{false});
}

TEST_P(SafeStateTest, SilentPlugIsNotConfirmedAndTheTimeIsKept) {
  site_.plug().server().SetFault(ServerFault::kSilent, true);
  const absl::Status status = Command(milliseconds(2500));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_GE(took_, milliseconds(2400));
  EXPECT_LT(took_, milliseconds(5000));
}

TEST_P(SafeStateTest, AbsentPlugIsLookedForUntilTheEnd) {
  site_.plug().server().SetFault(ServerFault::kRefuse, true);
  const absl::Status status = Command(milliseconds(1500));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_NE(std::string(status.message()).find("takes no connection"), std::string::npos) << status;
  EXPECT_GE(took_, milliseconds(1400));
}

TEST_P(SafeStateTest, PlugThatLiesIsNotConfirmed) {
  site_.plug().SetFault(Fault::kDeaf, true);
  const absl::Status status = Command(seconds(3));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_NE(std::string(status.message()).find("stays on"), std::string::npos) << status;
}

TEST_P(SafeStateTest, WrongPasswordIsNamed) {
  site_.options.server.password = "hunter2";
  const absl::Status status = Command(seconds(2));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_NE(std::string(status.message()).find("password"), std::string::npos) << status;
  EXPECT_EQ(std::string(status.message()).find("hunter2"), std::string::npos) << status;
  EXPECT_TRUE(site_.plug().on());
}

}  // namespace
}  // namespace abcds::switched_charger
