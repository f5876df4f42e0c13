#include "server/main/predecessor.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace abcds {
namespace {

struct Case {
  const char* name;
  std::vector<std::pair<int, const char*>> processes;  // with the kernel's line about each
  bool orphaned;
  int threads = 1;
};

class PredecessorTest : public testing::TestWithParam<Case> {};

TEST_P(PredecessorTest, Knows) {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::filesystem::path proc = std::filesystem::path(folder != nullptr ? folder : "/tmp") / GetParam().name;
  for (const auto& [pid, stat] : GetParam().processes) {
    std::filesystem::create_directories(proc / std::to_string(pid));
    std::ofstream(proc / std::to_string(pid) / "stat") << stat << "\n";
    for (int task = pid; task < pid + GetParam().threads; ++task) {
      std::filesystem::create_directories(proc / std::to_string(pid) / "task" / std::to_string(task));
    }
  }
  std::filesystem::create_directories(proc / "sys");
  EXPECT_EQ(SomeoneIsOrphaned(proc), GetParam().orphaned);
}

INSTANTIATE_TEST_SUITE_P(
    Orphans, PredecessorTest,
    testing::Values(
        Case{"NobodyRuns", {{1, "1 (systemd) S 0 1 1"}}, false},
        Case{"AGuardedWorkerIsNone",
             {{1, "1 (init) S 0 1 1"}, {20, "20 (abcdsd) S 1 20"}, {21, "21 (abcdsd-worker) R 20 21"}},
             false},
        Case{"AWorkerWithoutItsGuard", {{1, "1 (init) S 0 1 1"}, {21, "21 (abcdsd-worker) S 1 21"}}, true},
        Case{"AWorkerThatIsEndingWithoutItsGuard", {{1, "1 (init) S 0 1 1"}, {21, "21 (abcdsd-ending) S 1 21"}}, true},
        Case{"AWorkerWhoseParentIsHidden", {{21, "21 (abcdsd-worker) S 1 21"}}, true},
        Case{"AnEndedOneOwnsNothing", {{1, "1 (init) S 0 1 1"}, {21, "21 (abcdsd-worker) Z 1 21"}}, false},
        Case{"AnEndedOneWhoseThreadsAreStillEnding",
             {{1, "1 (init) S 0 1 1"}, {21, "21 (abcdsd-worker) Z 1 21"}},
             true,
             2},
        Case{"AWorkerWhoseGuardNobodyHasBuried",
             {{20, "20 (abcdsd) Z 1 20"}, {21, "21 (abcdsd-worker) R 20 21"}},
             true},
        Case{"ASafeStateWithoutItsGuard",
             {{1, "1 (init) S 0 1 1"}, {30, "30 (abcdsd-safe) S 1 30"}, {31, "31 (abcdsd-safe) S 30 30"}},
             true},
        Case{"AGuardsSafeState",
             {{1, "1 (init) S 0 1 1"},
              {20, "20 (abcdsd) S 1 20"},
              {30, "30 (abcdsd-safe) S 20 30"},
              {31, "31 (abcdsd-safe) S 30 30"}},
             false},
        Case{"NamesMayHoldAnything", {{1, "1 (init) S 0 1"}, {40, "40 (a) (abcdsd-worker) S 1"}, {41, "41 ("}}, false}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace abcds
