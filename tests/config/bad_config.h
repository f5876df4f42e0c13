// Whole configurations with one piece replaced, and what the checker has to say of each.
#ifndef ABCDS_TESTS_CONFIG_BAD_CONFIG_H_
#define ABCDS_TESTS_CONFIG_BAD_CONFIG_H_

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "server/config/site.h"
#include "server/devices/registry.h"

namespace abcds {

// A good file; each row below replaces one piece of it.
inline constexpr char kGood[] = R"(bus { name: "line" port: "/dev/ttyUSB0" }
meter { mqtt { broker { host: "broker" } topic: "power" } }
converter { name: "inverter" lumentree { model: MODEL_600 bus: "line" } }
battery { cells: 8 capacity_ah: 100 }
)";

inline std::string Changed(const std::string& from, const std::string& to) {
  EXPECT_NE(std::string(kGood).find(from), std::string::npos) << from;
  return absl::StrReplaceAll(kGood, {{from, to}});
}

inline std::vector<std::string> ProblemsOf(const std::string& text) {
  const auto site = LoadSiteText(text, "f", KnownDevices());
  if (site.ok()) return {};
  EXPECT_EQ(site.status().code(), absl::StatusCode::kInvalidArgument);
  return absl::StrSplit(std::string(site.status().message()), '\n');
}

struct Case {
  const char* name;
  const char* from;
  const char* to;
  std::vector<std::string> problems;
};

class BadConfigTest : public testing::TestWithParam<Case> {};

inline std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

}  // namespace abcds

#endif  // ABCDS_TESTS_CONFIG_BAD_CONFIG_H_
